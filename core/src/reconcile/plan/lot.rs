//! What is written to a lot that there is.

use super::edit::Editor;
use crate::api::{ChosenRow, CloseReason, ReconcileOptions};
use crate::book::words::{ENDS, PRICES, QUANTITIES};
use crate::book::{Holding, Side, Sided};
use crate::diff::Change;
use crate::json::writer::quote;
use crate::json::{Decimal, Node, Pointer};
use crate::reconcile::compare::{apart, within};
use crate::reconcile::lot::OurLot;

/// What says how a lot was closed, besides that it was.
const EXITS: [&str; 3] = ["exit_price", "exit_order", "pnl"];

/// A lot and the state that it stands in.
#[derive(Clone, Copy)]
pub(super) struct Here<'a> {
    pub(super) lot: &'a OurLot<'a>,
    /// What its state holds.
    pub(super) data: Node<'a>,
}

impl<'a> Here<'a> {
    /// The broker's numbers; `None` where they cannot be written to this lot alone.
    pub(super) fn adopt(
        self,
        there: &str,
        theirs: Option<&Holding<'_>>,
        options: &ReconcileOptions,
    ) -> Option<Vec<Change>> {
        if self.lot.closed_above {
            return None;
        }
        let mut edit = self.editor()?;
        if !self.lot.is_open() {
            reopen(&mut edit);
        }
        self.hold(&mut edit, there)?;
        let price = theirs.and_then(|held| held.price.as_deref());
        let price = price.filter(|price| self.is_elsewhere(price, options));
        match (price, self.leg()) {
            (None, _) => {}
            (Some(price), None) => edit.decimal(&PRICES, price),
            (Some(price), Some(leg)) => {
                edit.decimal(&[&format!("entry_exec_price{leg}"), &format!("entry_price{leg}")], price);
            }
        }
        Some(edit.into_changes())
    }

    /// A part of the broker's, of the size that is said.
    pub(super) fn share(self, there: &str) -> Option<Vec<Change>> {
        let mut edit = self.editor()?;
        self.hold(&mut edit, there)?;
        Some(edit.into_changes())
    }

    /// Closed, with what is known of it. A leg of a pair is not closed without the other.
    pub(super) fn close(self, reason: CloseReason, chosen: &ChosenRow) -> Option<Vec<Change>> {
        if self.is_leg() {
            return None;
        }
        let mut edit = self.editor()?;
        edit.set("status", "\"closed\"");
        if edit.object().get("is_open").is_some() {
            edit.set("is_open", "false");
        }
        if let Some(time) = chosen.time {
            edit.set("exit_time", &quote(&time.to_string()));
        }
        if let Some(price) = &chosen.price {
            edit.decimal(&["exit_price"], price);
        }
        // A word without characters that JSON escapes.
        let word = serde_json::to_string(&reason).unwrap_or_default();
        edit.set("exit_reason", &word);
        if let Some(pnl) = &chosen.pnl {
            edit.decimal(&["pnl"], pnl);
        }
        Some(edit.into_changes())
    }

    fn is_leg(self) -> bool {
        self.lot.holding.side == Sided::SizeOnly
    }

    /// Which leg of a pair it is.
    fn leg(self) -> Option<char> {
        self.lot.holding.pointer.chars().last().filter(|_| self.is_leg())
    }

    fn editor(self) -> Option<Editor<'a>> {
        let mut pointer = Pointer::parse(&self.lot.holding.pointer).ok()?;
        if self.is_leg() {
            // A leg is named by its quantity.
            pointer.pop();
        }
        Editor::of(self.data.beside(self.lot.object)?, pointer)
    }

    /// How much is held, and on which side.
    fn hold(self, edit: &mut Editor<'_>, there: &str) -> Option<()> {
        let (size, to) = match there.strip_prefix('-') {
            Some(size) => (size, Side::Short),
            None => (there, Side::Long),
        };
        if let Some(leg) = self.leg() {
            edit.decimal(&[&format!("volume{leg}")], size);
            return Some(());
        }
        let here = match self.lot.holding.side {
            Sided::On(here) => here,
            Sided::BySign | Sided::SizeOnly => {
                edit.decimal(&QUANTITIES, there);
                return Some(());
            }
            // Beside a word that nobody understands no number says what is held.
            Sided::Unclear => return None,
        };
        if here != to && Decimal::parse(size).is_some_and(|size| !size.is_zero()) {
            edit.turn(to)?;
        }
        // Of a short one some write -5 and some 5: as it was.
        let signed = self.lot.holding.quantity.as_deref().is_some_and(|held| held.starts_with('-'));
        let minus = if signed && to == Side::Short { "-" } else { "" };
        edit.decimal(&QUANTITIES, &format!("{minus}{size}"));
        Some(())
    }

    fn is_elsewhere(self, price: &str, options: &ReconcileOptions) -> bool {
        let Some(ours) = self.lot.holding.price.as_deref() else { return true };
        !within(&apart(ours, price), options.tolerance.price.as_deref())
    }
}

/// Takes out all by which it is closed, so that nothing of its own says so any more.
fn reopen(edit: &mut Editor<'_>) {
    edit.remove(&ENDS);
    edit.remove(&EXITS);
    for (name, open) in [("status", "\"open\""), ("is_open", "true")] {
        if edit.object().get(name).is_some() {
            edit.set(name, open);
        }
    }
}
