//! The lots that states of ours hold.

use std::collections::{BTreeMap, BTreeSet};

use super::OurState;
use super::lot::OurLot;
use crate::book::{self, Holding, Lot};
use crate::json::{Decimal, Node};
use crate::model::Timestamp;

/// Every lot, also closed ones: what the broker still has of those is worth a row.
pub(super) fn lots(states: &[OurState<'_>], as_of: Timestamp) -> Vec<OurLot> {
    states.iter().enumerate().flat_map(|(nth, state)| of_state(nth, state, as_of)).collect()
}

/// What a state holds, and of each whether it is closed.
pub(super) fn holdings(data: Node<'_>) -> Vec<(Holding, bool)> {
    book::lots_of(data).into_iter().map(|Lot { holding, closed, .. }| (holding, closed)).collect()
}

fn of_state<'a>(
    nth: usize,
    state: &'a OurState<'_>,
    as_of: Timestamp,
) -> impl Iterator<Item = OurLot> + use<'a> {
    let is_later = state.changed_at > as_of;
    let then = state.then.filter(|_| is_later).map(holdings).unwrap_or_default();
    let now = state.data.map(book::lots_of);
    let mut found = match &now {
        Some(lots) => lots.iter().map(|lot| of_lot(nth, state, lot)).collect::<Vec<_>>(),
        // What it held was closed with it.
        None => then.iter().map(|(holding, _)| closed_with(nth, state, holding.clone())).collect(),
    };
    if is_later {
        let held = Held::of(&then);
        for lot in &mut found {
            lot.changed = !held.has(&lot.holding, lot.closed);
        }
    }
    found.into_iter()
}

fn of_lot(nth: usize, state: &OurState<'_>, lot: &Lot<'_>) -> OurLot {
    let of_state = closed_with(nth, state, lot.holding.clone());
    let closed_above = lot.closed && lot.is_closed_above();
    OurLot { closed: lot.closed, closed_above, object: lot.object.index(), ..of_state }
}

fn closed_with(nth: usize, state: &OurState<'_>, holding: Holding) -> OurLot {
    OurLot {
        holding,
        state: nth,
        state_type: state.key.state_type.to_string(),
        state_id: state.key.state_id.to_string(),
        version: state.version.0,
        object: 0,
        changed: false,
        closed: true,
        closed_above: false,
    }
}

/// What was held once, found by what it says, as a state may have thousands of lots.
struct Held<'a>(BTreeMap<Says<'a>, Vec<&'a (Holding, bool)>>);

/// What a holding says that has an order.
type Says<'a> = (&'a BTreeSet<String>, Option<&'a str>, Option<Decimal<'a>>, Option<Decimal<'a>>);

impl<'a> Held<'a> {
    fn of(then: &'a [(Holding, bool)]) -> Self {
        let mut held: BTreeMap<Says<'a>, Vec<_>> = BTreeMap::new();
        for was in then {
            held.entry(says(&was.0)).or_default().push(was);
        }
        Self(held)
    }

    fn has(&self, holding: &Holding, closed: bool) -> bool {
        let alike = self.0.get(&says(holding)).map_or(&[][..], Vec::as_slice);
        alike.iter().any(|(held, was_closed)| held.says_as(holding) && *was_closed == closed)
    }
}

fn says(holding: &Holding) -> Says<'_> {
    let quantity = holding.quantity.as_deref().and_then(Decimal::parse);
    let price = holding.price.as_deref().and_then(Decimal::parse);
    (&holding.ids, holding.symbol.as_deref(), quantity, price)
}
