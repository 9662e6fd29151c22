//! What is not held any more, whole or in part.

use super::position::changeable;
use super::sum::{Sum, checked, some_of};
use super::{Exit, Field, HeldLot, Refusal, Stays, Work};
use crate::apply::apply;
use crate::book::words::{QUANTITIES, decimal, name, said};
use crate::diff::{Change, ChangeKind, Place};
use crate::json::number::{delta, same_value};
use crate::json::writer::quote;
use crate::json::{Decimal, Document, Node, Pointer};
use crate::model::Timestamp;
use crate::reconcile::{Editor, diff_of};
use crate::tagged::tagged;

/// Amounts of a whole lot of which nobody says how a part shares in them.
const AMOUNTS: [&str; 11] = [
    "fee",
    "fees",
    "commission",
    "commissions",
    "swap",
    "cost",
    "cost_basis",
    "notional",
    "margin",
    "value",
    "realized_pnl",
];
const SHARED: &str = "is of the whole lot; it stands in both parts, as nobody says how they share it";

impl<'a> Work<'a> {
    pub(super) fn close(
        &mut self,
        lot: Option<&str>,
        quantity: &str,
        exit: &Exit,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let lot = match lot {
            Some(id) => self.shape.open(id)?.clone(),
            None => self.only()?,
        };
        self.may_close()?;
        let part = some_of(Field::Quantity, quantity)?;
        let held = lot.quantity.clone().unwrap_or_default();
        let size = Decimal::parse(&held).ok_or_else(|| Refusal::shape(&lot.path, "says no quantity"))?;
        if part > size {
            let why = format!("{quantity} is more than it holds, which is {held}");
            return Err(Refusal::field(Field::Quantity, why));
        }
        // As the lot spells it, where it is all of it.
        let quantity = if part == size { held } else { quantity.to_owned() };
        self.one(&lot, &quantity, exit, now)?;
        self.take_from_whole(&[(lot, quantity)])
    }

    pub(super) fn close_all(&mut self, exit: &Exit, now: Timestamp) -> Result<(), Refusal> {
        self.may_close()?;
        let lots = self.shape.held.clone();
        if lots.is_empty() {
            return Err(Refusal::field(Field::Lot, "nothing of it is open"));
        }
        let mut closed = Vec::new();
        for lot in lots {
            let quantity = changeable(&lot)?.quantity.clone().unwrap_or_default();
            self.one(&lot, &quantity, exit, now)?;
            closed.push((lot, quantity));
        }
        self.take_from_whole(&closed)
    }

    fn only(&self) -> Result<HeldLot, Refusal> {
        match self.shape.held.as_slice() {
            [lot] if self.shape.lots.is_none() => changeable(lot).cloned(),
            [] => Err(Refusal::field(Field::Lot, "nothing of it is open")),
            _ => Err(Refusal::field(Field::Lot, "which lot was closed?")),
        }
    }

    fn may_close(&self) -> Result<(), Refusal> {
        if self.shape.is_pair() {
            return Err(Refusal::shape("", super::position::PAIR));
        }
        Ok(())
    }

    /// So much of a lot, which is no more than it holds.
    fn one(&mut self, lot: &HeldLot, quantity: &str, exit: &Exit, now: Timestamp) -> Result<(), Refusal> {
        if let Some(price) = &exit.price {
            checked(Field::ExitPrice, price)?;
        }
        if exit.time > now {
            return Err(Refusal::field(
                Field::ExitTime,
                "is still to come: this says what the broker has already done",
            ));
        }
        let entered = lot.entry_time.as_deref().and_then(|text| Timestamp::parse(text).ok());
        if entered.is_some_and(|entered| exit.time < entered) {
            return Err(Refusal::field(Field::ExitTime, "is before the entry"));
        }
        if exit
            .order
            .as_deref()
            .is_some_and(|order| order.trim().is_empty() || order.chars().any(char::is_control))
        {
            return Err(Refusal::field(Field::Order, "an order's id has letters or digits"));
        }
        let sum = Sum::of(lot, quantity, exit.price.as_deref());
        let whole = lot.quantity.as_deref().is_some_and(|held| same_value(held, quantity));
        let brought = sum.brought.as_deref();
        match (whole, self.shape.lots.is_some()) {
            (true, _) => {
                let mut editor = self.editor(&lot.path)?;
                close(&mut editor, exit, brought);
                self.changes.extend(editor.into_changes());
            }
            (false, true) => self.part(lot, quantity, exit, brought)?,
            // The rest of it is still held: an exit here would say that it is not.
            (false, false) => self.reduce(lot, quantity, "")?,
        }
        self.sums.push(sum);
        Ok(())
    }

    /// A part becomes a lot of its own that is closed, and stands before the rest, which stays open under its id.
    fn part(
        &mut self,
        lot: &HeldLot,
        quantity: &str,
        exit: &Exit,
        brought: Option<&str>,
    ) -> Result<(), Refusal> {
        let object = self.editor(&lot.path)?.object();
        let id = lot.id.as_deref().unwrap_or_default();
        let part: Document = object.to_document();
        let mut closed =
            Editor::at(&part, Pointer::root()).ok_or_else(|| Refusal::shape(&lot.path, "is no object"))?;
        closed.set("id", &quote(&self.next_part(id)));
        closed.set("part_of", &quote(id));
        closed.decimal(&QUANTITIES, &spelled_as(lot, quantity));
        closed.remove(&["opened_quantity"]);
        close(&mut closed, exit, brought);
        let closed = apply(&part, &diff_of(closed.into_changes())).map_err(|_| Refusal::TooLarge)?;
        for name in AMOUNTS.iter().filter(|name| said(object, name).and_then(decimal).is_some()) {
            self.stays.push(Stays { path: format!("{}/{name}", lot.path), why: SHARED });
        }
        self.reduce(lot, quantity, &lot.path)?;
        let place = lot.path.rsplit('/').next().and_then(|at| at.parse().ok());
        self.changes.push(Change {
            kind: ChangeKind::Added,
            place: Place { at: place, ..Place::default() },
            ..added(&lot.path, closed.text())
        });
        Ok(())
    }

    /// The rest of a lot, or of a position without lots. How much it once was is kept with a lot.
    fn reduce(&mut self, lot: &HeldLot, quantity: &str, path: &str) -> Result<(), Refusal> {
        let mut edit = self.editor(path)?;
        let held = lot.quantity.clone().unwrap_or_default();
        let rest = less(&held, quantity).ok_or(Refusal::TooLarge)?;
        edit.decimal(&QUANTITIES, &spelled_as(lot, &rest));
        if lot.id.is_some() && edit.object().get("opened_quantity").is_none() {
            edit.decimal(&["opened_quantity"], &held);
        }
        self.changes.extend(edit.into_changes());
        Ok(())
    }

    /// The id of the next part that is closed of a lot: behind the last one, and one that no lot has.
    fn next_part(&self, id: &str) -> String {
        let lots: Vec<Node<'a>> = self.shape.lots.into_iter().flat_map(Node::elements).collect();
        let ids: Vec<String> = lots.iter().filter_map(|lot| name(said(*lot, "id")?)).collect();
        let of_it = lots.iter().filter(|lot| said(**lot, "part_of").and_then(name).as_deref() == Some(id));
        let numbers = of_it.filter_map(|lot| {
            name(said(*lot, "id")?)?.strip_prefix(id)?.strip_prefix('.')?.parse::<u64>().ok()
        });
        let last = numbers.max().unwrap_or(0);
        let mut next = (last.saturating_add(1)..).map(|number| format!("{id}.{number}"));
        next.find(|next| !ids.contains(next)).unwrap_or_default()
    }
}

/// What says of an object that it is closed, and how.
fn close(editor: &mut Editor<'_>, exit: &Exit, brought: Option<&str>) {
    editor.set("status", "\"closed\"");
    if editor.object().get("is_open").is_some() {
        editor.set("is_open", "false");
    }
    editor.set("exit_time", &time_like(editor.object().get("entry_time"), exit.time));
    if let Some(price) = &exit.price {
        editor.decimal(&["exit_price"], price);
    }
    // A word without characters that JSON escapes.
    editor.set("exit_reason", &serde_json::to_string(&exit.reason).unwrap_or_default());
    if let Some(order) = &exit.order {
        editor.set("exit_order", &quote(order.trim()));
    }
    if let Some(brought) = brought {
        editor.decimal(&["pnl"], brought);
    }
}

/// A time as the one beside it is written: with the tag by which its program knows it for one, or plain.
pub(super) fn time_like(beside: Option<Node<'_>>, time: Timestamp) -> String {
    let plain = super::plain_time(time);
    match beside.and_then(tagged) {
        Some(value) if value.kind == "datetime" => {
            // Python before 3.11 reads no Z.
            let text = plain.trim_end_matches('Z').to_owned() + "+00:00";
            format!("{{\"{}\":\"datetime\",\"value\":{}}}", crate::tagged::KEY, quote(&text))
        }
        _ => quote(&plain),
    }
}

/// Of a short one some write -5 and some 5: as it was.
fn spelled_as(lot: &HeldLot, size: &str) -> String {
    let minus = lot.holding.quantity.as_deref().is_some_and(|held| held.starts_with('-'));
    if minus && !Decimal::parse(size).is_some_and(Decimal::is_zero) {
        format!("-{size}")
    } else {
        size.to_owned()
    }
}

/// What is left, exactly.
pub(super) fn less(held: &str, part: &str) -> Option<String> {
    let rest = delta(Decimal::parse(part)?, Decimal::parse(held)?)?;
    Some(rest.trim_start_matches('+').to_owned())
}

/// Something that is new at a path.
pub(super) fn added(path: &str, text: &str) -> Change {
    crate::reconcile::changed(ChangeKind::Added, &Pointer::parse(path).unwrap_or_default(), None, Some(text))
}
