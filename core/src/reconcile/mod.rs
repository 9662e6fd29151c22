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
mod pairing;
mod plan;
mod said;
mod shapes;
#[cfg(test)]
mod tests;

pub(crate) use plan::edit::{Editor, changed, diff_of, word_like};

use crate::api::{
    Agreement, AgreementCounts, Because, BrokerShape, ReconcileOptions, ReconcileReport, ReconcileRow, Unread,
};
use crate::book::Holding;
use crate::json::{Decimal, Document, Node};
use crate::model::{StateKey, Timestamp, VersionNumber};
use lot::OurLot;

pub use drift::{AgreedRow, Drifts, Seen};
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

/// A row with what it is made of.
#[derive(Debug)]
struct Row {
    said: ReconcileRow,
    /// Our lots: those that are open, or where none is those that were closed.
    ours: Vec<OurLot>,
    theirs: Vec<Holding>,
}

/// What both sides say.
struct Compared {
    rows: Vec<Row>,
    unread: Vec<Unread>,
    shape: Option<BrokerShape>,
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
    let Compared { rows, unread, shape } = compared(ours, list, options)?;
    let rows = rows.into_iter().map(|row| row.said).collect();
    Ok(report(rows, unread, shape, options))
}

fn compared(
    ours: &[OurState<'_>],
    list: Option<&Document>,
    options: &ReconcileOptions,
) -> Result<Compared, ReconcileError> {
    for tolerance in [&options.tolerance.quantity, &options.tolerance.price].into_iter().flatten() {
        if Decimal::parse(tolerance).is_none_or(Decimal::is_negative) {
            return Err(ReconcileError::Tolerance(tolerance.clone()));
        }
    }
    let (theirs, shape) = match (list, &options.failure) {
        (Some(_), Some(_)) => return Err(ReconcileError::ListAndFailure),
        (None, None) => return Err(ReconcileError::NoList),
        (None, Some(_)) => (None, None),
        (Some(list), None) if list.root().is_null() => (None, None),
        (Some(list), None) => {
            let (theirs, shape) = shapes::read(list.root(), options)?;
            (Some(theirs), Some(shape))
        }
    };
    let ours = ours::lots(ours, options.as_of);
    let (mut rows, unread) = match theirs {
        None => (compare::unanswered(ours), Vec::new()),
        Some(shapes::Theirs { holdings, unread }) => {
            let whole = !options.partial && unread.is_empty();
            let groups = pairing::groups(ours, holdings).into_iter();
            (groups.filter_map(|group| compare::row(group, whole, options)).collect(), unread)
        }
    };
    rows.sort_by(|a, b| place(&a.said).cmp(&place(&b.said)));
    Ok(Compared { rows, unread, shape })
}

/// The worst first, then by name.
fn place(row: &ReconcileRow) -> (Agreement, Option<&str>, &[String], Option<&str>) {
    let first = row.ours.first().or(row.theirs.first());
    (row.verdict, row.symbol.as_deref(), &row.ids, first.map(|held| held.pointer.as_str()))
}

fn report(
    rows: Vec<ReconcileRow>,
    unread: Vec<Unread>,
    shape: Option<BrokerShape>,
    options: &ReconcileOptions,
) -> ReconcileReport {
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count() as u64;
    let counts = AgreementCounts {
        matched: count(Agreement::Matched),
        quantity_mismatch: count(Agreement::QuantityMismatch),
        price_mismatch: count(Agreement::PriceMismatch),
        missing_here: count(Agreement::MissingHere),
        missing_there: count(Agreement::MissingThere),
        unknown: count(Agreement::Unknown),
    };
    ReconcileReport {
        hash: said::hash(options, shape, &rows, &unread),
        shape,
        as_of: options.as_of,
        failure: options.failure.clone(),
        counts,
        rows,
        unread,
    }
}

/// Of what nothing can be said.
fn unknown(because: Because) -> (Agreement, Option<Because>) {
    (Agreement::Unknown, Some(because))
}
