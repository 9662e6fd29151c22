//! The lots that states of ours hold.

use std::collections::BTreeMap;

use super::OurState;
use super::lot::OurLot;
use crate::book::{self, Holding, Ids, Lot};
use crate::json::{Decimal, Node};
use crate::model::Timestamp;

/// Every lot, also closed ones: what the broker still has of those is worth a row.
pub(super) fn lots<'a>(states: &'a [OurState<'a>], as_of: Timestamp) -> Vec<OurLot<'a>> {
    let mut all = Vec::with_capacity(states.len());
    for (nth, state) in states.iter().enumerate() {
        all.extend(of_state(nth, state, as_of));
    }
    all
}

/// What a state holds, and of each whether it is closed.
pub(super) fn holdings(data: Node<'_>) -> Vec<(Holding<'_>, bool)> {
    book::lots_of(data).into_iter().map(|Lot { holding, closed, .. }| (holding, closed)).collect()
}

fn of_state<'a>(nth: usize, state: &'a OurState<'a>, as_of: Timestamp) -> Vec<OurLot<'a>> {
    let is_later = state.changed_at > as_of;
    let then = state.then.filter(|_| is_later).map(holdings).unwrap_or_default();
    let mut found: Vec<OurLot<'a>> = match state.data {
        Some(data) => book::lots_of(data).into_iter().map(|lot| of_lot(nth, state, lot)).collect(),
        // What it held was closed with it.
        None => then.iter().map(|(holding, _)| closed_with(nth, state, holding.clone())).collect(),
    };
    if is_later {
        let held = Held::of(&then);
        for lot in &mut found {
            lot.changed = !held.has(&lot.holding, lot.closed);
        }
    }
    found
}

fn of_lot<'a>(nth: usize, state: &OurState<'a>, lot: Lot<'a>) -> OurLot<'a> {
    let closed_above = lot.closed && lot.is_closed_above();
    let (closed, object) = (lot.closed, lot.object.index());
    OurLot { object, closed, closed_above, ..closed_with(nth, state, lot.holding) }
}

fn closed_with<'a>(nth: usize, state: &OurState<'a>, holding: Holding<'a>) -> OurLot<'a> {
    OurLot {
        holding,
        state: nth,
        key: state.key,
        version: state.version,
        object: 0,
        changed: false,
        closed: true,
        closed_above: false,
    }
}

/// What was held once, found by what it says, as a state may have thousands of lots.
struct Held<'a>(BTreeMap<Says<'a>, Vec<&'a (Holding<'a>, bool)>>);

/// What a holding says that has an order.
type Says<'a> = (&'a Ids<'a>, Option<&'a str>, Option<Decimal<'a>>, Option<Decimal<'a>>);

impl<'a> Held<'a> {
    fn of(then: &'a [(Holding<'a>, bool)]) -> Self {
        let mut held: BTreeMap<Says<'a>, Vec<_>> = BTreeMap::new();
        for was in then {
            held.entry(says(&was.0)).or_default().push(was);
        }
        Self(held)
    }

    fn has(&self, holding: &Holding<'_>, closed: bool) -> bool {
        let alike = self.0.get(&says(holding)).map_or(&[][..], Vec::as_slice);
        alike.iter().any(|(held, was_closed)| held.says_as(holding) && *was_closed == closed)
    }
}

fn says<'a>(holding: &'a Holding<'a>) -> Says<'a> {
    let quantity = holding.quantity.as_deref().and_then(Decimal::parse);
    let price = holding.price.as_deref().and_then(Decimal::parse);
    (&holding.ids, holding.symbol.as_deref(), quantity, price)
}
