//! The form's words: what the button will do, what fields are called.

use std::cmp::Ordering;

use stateloft_core::book::by_hand::{ByHand, Field, HeldLot, Position, with_sign};

use super::{Mode, REASONS, Typed};
use crate::model::hidden::told;
use crate::model::{number, position};

/// What a field is called.
#[must_use]
pub(super) fn field_name(mode: Mode, field: Field) -> &'static str {
    match field {
        Field::Lot => "Lot",
        Field::Quantity if mode == Mode::Add => "Quantity",
        Field::Quantity => "Quantity to close",
        Field::ExitPrice => "Exit price",
        Field::ExitTime => "Exit time",
        Field::Order => "Broker’s order id",
        Field::Stop => "Stop",
        Field::Target => "Target",
        Field::Id => "Lot’s id",
        Field::EntryPrice => "Entry price",
        Field::EntryTime => "Entry time",
    }
}

/// The label of a field, and the small words under it.
#[must_use]
pub fn title(mode: Mode, field: Field) -> (&'static str, &'static str) {
    let small = match field {
        Field::Quantity => "decimal, exact",
        Field::ExitPrice | Field::EntryPrice => "decimal, exact; 0 is legal",
        Field::ExitTime | Field::EntryTime => "“02:30”, “-5 min”, paste",
        Field::Order => "optional",
        Field::Stop | Field::Target if mode == Mode::Add => "optional",
        Field::Stop | Field::Target => "empty takes it away",
        Field::Id => "what the broker calls it",
        Field::Lot => "",
    };
    (field_name(mode, field), small)
}

/// `; 0.20 stay in 2 lots`.
pub(super) fn size_words(position: &Position, left: &str, lots: usize) -> String {
    match (lots, position.has_lots) {
        (0, _) => "; nothing stays open".to_owned(),
        (_, false) => format!("; {left} stay open"),
        (lots, true) => format!("; {left} stay in {}", number::counted(lots as u64, "lot", "lots")),
    }
}

/// `+101.25 USD`: the currency only where the document says one; `no data` where nobody knows.
#[must_use]
pub fn money(position: &Position, amount: Option<&str>) -> String {
    let Some(amount) = amount else { return "no data".to_owned() };
    let currency =
        position.currency.as_deref().map(|currency| format!(" {}", told(currency))).unwrap_or_default();
    format!("{}{currency}", with_sign(amount))
}

/// What the button will do: `Write v213: close 0.15 of 0.35 BTC, realized +101.25`.
#[must_use]
pub fn button(
    mode: Mode,
    typed: &Typed,
    position: &Position,
    lot: Option<&HeldLot>,
    done: &ByHand,
    version: u64,
) -> String {
    let unit = position.unit.as_deref().map(|unit| format!(" {}", told(unit))).unwrap_or_default();
    let of = position.held.as_deref().map(|held| format!(" of {held}{unit}")).unwrap_or_default();
    let realized = match done.brought.as_deref() {
        Some(brought) if position::sign(brought) == Ordering::Equal => ", realized 0".to_owned(),
        Some(brought) => format!(", realized {}", with_sign(brought)),
        None => ", what it brought is not known".to_owned(),
    };
    let text = |field: Field| typed.get(field).unwrap_or_default().trim().to_owned();
    let name =
        lot.and_then(|lot| lot.id.as_deref()).map(|id| format!(" of {}", told(id))).unwrap_or_default();
    let what = match mode {
        Mode::Close => {
            let closed = done.sums.first().map(|sum| sum.quantity.clone()).unwrap_or_default();
            format!("close {closed}{of}{realized}")
        }
        Mode::All => {
            let lots = number::counted(done.sums.len() as u64, "lot", "lots");
            let held = position.held.as_deref().map(|held| format!(", {held}{unit}")).unwrap_or_default();
            format!("close all {lots}{held}{realized}")
        }
        Mode::Adjust => {
            let level = |field: Field, word: &str| {
                let typed = typed.get(field)?.trim();
                Some(if typed.is_empty() { format!("no {word}") } else { format!("{word} {}", told(typed)) })
            };
            let levels: Vec<String> =
                [level(Field::Stop, "stop"), level(Field::Target, "target")].into_iter().flatten().collect();
            format!("{}{name}", levels.join(", "))
        }
        Mode::Add => format!("add {}{unit} as {}", told(&text(Field::Quantity)), told(&text(Field::Id))),
    };
    format!("Write v{version}: {what}")
}

/// Which of [`REASONS`] a word is.
#[must_use]
pub fn reason_of(word: &str) -> usize {
    REASONS.iter().position(|(_, known)| *known == word).unwrap_or_default()
}
