//! A broker's list of positions, held against the positions of a store: a report, which changes nothing.
//!
//! Three things that look alike are kept apart: a position that the broker calls flat, one that a whole list does not name, and one of
//! which nothing is known, because the call failed, the list is not whole, the quantity is null, or the answer is older than what
//! changed here. Only the first two say that a position is gone. `NautilusTrader`'s reconciliation has the same distinctions.
//!
//! Positions are lots by their ids. Only where the broker nets a symbol, and so names no lots, lots of one symbol are added up.

mod compare;
mod drift;
mod lot;
mod ours;
mod paged;
mod pairing;
mod plan;
mod said;
mod shapes;
#[cfg(test)]
mod tests;

pub(crate) use plan::edit::{Editor, changed, diff_of, word_like};

use crate::api::{
    Agreement, AgreementCounts, Because, BrokerShape, ReconcileOptions, ReconcileReport, Unread,
};
use crate::book::Holding;
use crate::json::{Decimal, Document, Node};
use crate::model::{StateKey, Timestamp, VersionNumber};
use compare::Row;
use lot::OurLot;

pub use drift::{AgreedRow, Drifts, Seen};
pub use paged::Paged;
#[cfg(feature = "validate")]
pub use plan::OntoLots;
pub use plan::{Edited, PlanError, Planned, PlannedEdit, Reconciling, plan};

/// A state that holds positions, as it is here.
#[derive(Debug, Clone, Copy)]
pub struct OurState<'a> {
    /// Which.
    pub key: &'a StateKey,
    /// Its last version.
    pub version: VersionNumber,
    /// When that was made.
    pub changed_at: Timestamp,
    /// What it holds; `None` if it is deleted.
    pub data: Option<Node<'a>>,
    /// What it held when the broker was asked, where that is known and it was changed later. A program that writes a price or a
    /// heartbeat into its position ten times a second has not changed what it holds.
    pub then: Option<Node<'a>>,
}

/// What is asked cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReconcileError {
    /// A tolerance is no decimal that is at least 0.
    #[error("{0:?} is no decimal that is at least 0, such as 0.00001")]
    Tolerance(String),
    /// There is neither a list nor the words of a failure, and that is no empty list.
    #[error(
        "there is no list: say what the call failed with (failure), or send the list, also when it is empty"
    )]
    NoList,
    /// There is both.
    #[error(
        "there is a list and a failure: a call that failed has no list; if only a part came, say partial"
    )]
    ListAndFailure,
    /// The list is in nobody's words.
    #[error("the list is none of a known shape (plain, ccxt, alpaca, oanda, freqtrade, mt5): {0}")]
    Shape(String),
}

impl ReconcileError {
    /// Which member of a request it is about.
    #[must_use]
    pub fn pointer(&self) -> &'static str {
        match self {
            Self::Tolerance(_) => "/options/tolerance",
            Self::NoList | Self::ListAndFailure => "/options/failure",
            Self::Shape(_) => "/list",
        }
    }
}

/// What both sides hold.
#[derive(Debug)]
struct Sides<'a> {
    ours: Vec<OurLot<'a>>,
    theirs: Vec<Holding<'a>>,
    unread: Vec<Unread>,
    /// In whose words the list was; absent where none came.
    shape: Option<BrokerShape>,
}

impl<'a> Sides<'a> {
    /// A list of `null` is no answer.
    fn of(
        ours: &'a [OurState<'a>],
        list: Option<Node<'a>>,
        options: &ReconcileOptions,
    ) -> Result<Self, ReconcileError> {
        for tolerance in [&options.tolerance.quantity, &options.tolerance.price].into_iter().flatten() {
            if Decimal::parse(tolerance).is_none_or(Decimal::is_negative) {
                return Err(ReconcileError::Tolerance(tolerance.clone()));
            }
        }
        let (shapes::Theirs { holdings, unread }, shape) = match (list, &options.failure) {
            (Some(_), Some(_)) => return Err(ReconcileError::ListAndFailure),
            (None, None) => return Err(ReconcileError::NoList),
            (None, Some(_)) => Default::default(),
            (Some(list), None) if list.is_null() => Default::default(),
            (Some(list), None) => {
                let (theirs, shape) = shapes::read(list, options)?;
                (theirs, Some(shape))
            }
        };
        Ok(Self { ours: ours::lots(ours, options.as_of), theirs: holdings, unread, shape })
    }

    /// A lot of ours.
    fn here(&self, nth: usize) -> &Holding<'a> {
        &self.ours[nth].holding
    }

    /// A position of the broker's.
    fn there(&self, nth: usize) -> &Holding<'a> {
        &self.theirs[nth]
    }

    /// Whether all that the broker has is known.
    fn is_whole(&self, options: &ReconcileOptions) -> bool {
        self.shape.is_some() && !options.partial && self.unread.is_empty()
    }
}

/// Holds a broker's list against our states. A list of `null` is no answer.
///
/// # Errors
/// [`ReconcileError`]
pub fn reconcile(
    ours: &[OurState<'_>],
    list: Option<&Document>,
    options: &ReconcileOptions,
) -> Result<ReconcileReport, ReconcileError> {
    let sides = Sides::of(ours, list.map(Document::root), options)?;
    let rows = compare::rows(&sides, options);
    Ok(report(&sides, &rows, options))
}

fn report(sides: &Sides<'_>, rows: &[Row<'_>], options: &ReconcileOptions) -> ReconcileReport {
    ReconcileReport {
        hash: said::hash(sides, rows, options),
        shape: sides.shape,
        as_of: options.as_of,
        failure: options.failure.clone(),
        counts: counts(rows),
        rows: rows.iter().map(Row::said).collect(),
        unread: sides.unread.clone(),
    }
}

fn counts(rows: &[Row<'_>]) -> AgreementCounts {
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count() as u64;
    AgreementCounts {
        matched: count(Agreement::Matched),
        quantity_mismatch: count(Agreement::QuantityMismatch),
        price_mismatch: count(Agreement::PriceMismatch),
        missing_here: count(Agreement::MissingHere),
        missing_there: count(Agreement::MissingThere),
        unknown: count(Agreement::Unknown),
    }
}

/// Of what nothing can be said.
fn unknown(because: Because) -> (Agreement, Option<Because>) {
    (Agreement::Unknown, Some(because))
}
