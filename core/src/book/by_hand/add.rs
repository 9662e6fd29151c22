//! A lot that is new, in the words of those that are there.

use super::close::{added, time_like};
use super::position::{STOPS, TARGETS};
use super::sum::{checked, some_of};
use super::{Field, NewLot, Refusal, Work};
use crate::book::Side;
use crate::book::words::{PRICES, QUANTITIES, SIDES, name, said};
use crate::diff::{Change, Place};
use crate::json::writer::quote;
use crate::json::{Kind, Node};
use crate::model::Timestamp;
use crate::reconcile::word_like;

impl Work<'_> {
    pub(super) fn add(&mut self, lot: &NewLot, now: Timestamp) -> Result<(), Refusal> {
        let Some(lots) = self.shape.lots else {
            return Err(Refusal::shape(
                "",
                "has no lots: one beside what it holds would make it another shape",
            ));
        };
        check(lots, lot, now)?;
        let text = text(lots.elements().last(), lot);
        let path = format!("/lots/{}", lots.len());
        let place = Place { at: u32::try_from(lots.len()).ok(), ..Place::default() };
        self.changes.push(Change { place, ..added(&path, &text) });
        let mut edit = self.editor("")?;
        let change = match lot.side {
            Side::Long => lot.quantity.clone(),
            Side::Short => format!("-{}", lot.quantity),
        };
        if self.shape.held.is_empty() && self.shape.quantity().is_some() {
            // Nothing is held that could say how the total is spelled.
            edit.decimal(&QUANTITIES, &lot.quantity);
        } else {
            self.move_total(&mut edit, Some(&change))?;
        }
        self.changes.extend(edit.into_changes());
        Ok(())
    }
}

/// What cannot be right of a lot that is new.
fn check(lots: Node<'_>, lot: &NewLot, now: Timestamp) -> Result<(), Refusal> {
    if lot.id.trim().is_empty() || lot.id.chars().any(char::is_control) {
        return Err(Refusal::field(Field::Id, "a lot has an id: what the broker calls it, or you do"));
    }
    if lots.elements().any(|there| said(there, "id").and_then(name).as_deref() == Some(lot.id.trim())) {
        return Err(Refusal::field(Field::Id, format!("there is a lot {} already", lot.id.trim())));
    }
    some_of(Field::Quantity, &lot.quantity)?;
    for (field, price) in
        [(Field::EntryPrice, &lot.entry_price), (Field::Stop, &lot.stop), (Field::Target, &lot.target)]
    {
        if let Some(price) = price {
            checked(field, price)?;
        }
    }
    if lot.entry_time > now {
        return Err(Refusal::field(
            Field::EntryTime,
            "is still to come: this says what the broker has already done",
        ));
    }
    Ok(())
}

/// A lot's text, with members and words as another one has them.
fn text(beside: Option<Node<'_>>, lot: &NewLot) -> String {
    let word = |names: &[&'static str]| -> &'static str {
        let has = |name: &&&str| beside.is_some_and(|beside| said(beside, name).is_some());
        names.iter().find(has).or(names.first()).copied().unwrap_or_default()
    };
    let quantity = word(&QUANTITIES);
    let texts = beside.and_then(|beside| said(beside, quantity)).is_some_and(|it| it.kind() == Kind::String);
    let number = |number: &str| if texts { quote(number) } else { number.to_owned() };
    let side = word(&SIDES);
    let plain = match lot.side {
        Side::Long => "long",
        Side::Short => "short",
    };
    let said_side = beside.and_then(|beside| said(beside, side)?.as_str().map(std::borrow::Cow::into_owned));
    let side_word = said_side.and_then(|like| word_like(&like, lot.side)).unwrap_or_else(|| plain.to_owned());
    let price = |names: &[&'static str], price: &Option<String>| {
        price.as_deref().map(|price| (word(names), number(price)))
    };
    let time = time_like(beside.and_then(|beside| beside.get("entry_time")), lot.entry_time);
    let members = [
        Some(("id", quote(lot.id.trim()))),
        Some((side, quote(&side_word))),
        Some((quantity, number(&lot.quantity))),
        price(&PRICES, &lot.entry_price),
        Some(("entry_time", time)),
        price(&STOPS, &lot.stop),
        price(&TARGETS, &lot.target),
        Some(("status", "\"open\"".to_owned())),
    ];
    let members: Vec<String> =
        members.into_iter().flatten().map(|(name, value)| format!("{}:{value}", quote(name))).collect();
    format!("{{{}}}", members.join(","))
}
