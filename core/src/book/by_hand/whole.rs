//! What a position says of all its lots together, after some of them have changed.

use super::close::less;
use super::sum::total;
use super::{HeldLot, Refusal, Stays, Work};
use crate::book::words::plain;
use crate::book::words::{PRICES, QUANTITIES, decimal, first, said};
use crate::book::{Side, Sided};
use crate::json::number::{same_value, sum};
use crate::json::{Decimal, Pointer};
use crate::reconcile::Editor;

/// Words for what all that was closed has brought.
const REALIZED: [&str; 4] = ["realized_pnl", "realised_pnl", "realized_pl", "realized_profit"];
const AVERAGE: &str = "is of all lots together; an average is rounded, so it is left to the program";
const UNKNOWN: &str = "stays: what this brought is not known";

impl Work<'_> {
    /// What was closed is taken from the totals, and what it brought is added to what all has.
    pub(super) fn take_from_whole(&mut self, closed: &[(HeldLot, String)]) -> Result<(), Refusal> {
        let mut edit = self.editor("")?;
        if self.shape.lots.is_some() {
            let signed = |(lot, quantity): &(HeldLot, String)| match lot.side {
                Some(Side::Long) => Some(format!("-{quantity}")),
                Some(Side::Short) => Some(quantity.clone()),
                None => None,
            };
            let change = closed.iter().try_fold("0".to_owned(), |all, lot| {
                sum(Decimal::parse(&all)?, Decimal::parse(&signed(lot)?)?)
            });
            self.move_total(&mut edit, change.as_deref())?;
        }
        if let Some(word) =
            REALIZED.iter().find(|word| said(self.shape.root, word).and_then(decimal).is_some())
        {
            let before = first(self.shape.root, &[word], decimal).unwrap_or_default();
            let now = total(&self.sums).and_then(|all| sum(Decimal::parse(&before)?, Decimal::parse(&all)?));
            match now {
                Some(now) => edit.decimal(&[word], &now),
                None => self.stays.push(Stays { path: format!("/{word}"), why: UNKNOWN }),
            }
        }
        self.changes.extend(edit.into_changes());
        Ok(())
    }

    /// How much is held of all lots together moves by this much, above zero towards long. A total that does not say what its lots
    /// do counts something else, and nobody knows how that moves.
    pub(super) fn move_total(&mut self, edit: &mut Editor<'_>, change: Option<&str>) -> Result<(), Refusal> {
        if let Some(word) = PRICES.iter().find(|word| said(self.shape.root, word).and_then(decimal).is_some())
        {
            self.stays.push(Stays { path: format!("/{word}"), why: AVERAGE });
        }
        let Some((word, said)) = self.shape.quantity() else { return Ok(()) };
        let path = Pointer::root().join(word).as_str().to_owned();
        let unknown = || Refusal::shape(&path, "is a total, and a lot does not say on which side it is");
        let (net, change) = (self.shape.net().ok_or_else(unknown)?, change.ok_or_else(unknown)?);
        let whole = plain(self.shape.root, String::new());
        let size = said.trim_start_matches('-');
        let size_of = |number: &str| number.trim_start_matches('-').to_owned();
        let one_side = self.shape.held().is_some();
        let agrees = match whole.signed() {
            _ if one_side => same_value(size, &size_of(&net)),
            Some(signed) => same_value(&signed, &net),
            None => false,
        };
        if !agrees {
            let open = size_of(&net);
            return Err(Refusal::shape(path, format!("says {said}, and its open lots are {open} together")));
        }
        let now = moved(&net, change).ok_or(Refusal::TooLarge)?;
        let now_size = size_of(&now);
        let flat = Decimal::parse(&now).is_some_and(Decimal::is_zero);
        let turned = !flat
            && net.starts_with('-') != now.starts_with('-')
            && !Decimal::parse(&net).is_some_and(Decimal::is_zero);
        let text = match whole.sided() {
            Sided::On(_) if turned => {
                return Err(Refusal::shape(path, "would be on the other side than the position says"));
            }
            // Without a word for it the sign says the side, unless the lots do and the total has none.
            Sided::BySign if !one_side => now,
            _ if said.starts_with('-') && !flat => format!("-{now_size}"),
            _ => now_size,
        };
        edit.decimal(&QUANTITIES, &text);
        Ok(())
    }
}

/// `net` and `change` together, with as many places as the more precise of the two.
fn moved(net: &str, change: &str) -> Option<String> {
    match change.strip_prefix('-') {
        Some(size) => less(net, size),
        None => sum(Decimal::parse(net)?, Decimal::parse(change)?),
    }
}
