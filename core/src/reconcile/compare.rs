//! What a group says: the verdict and the numbers.

use super::lot::{OurLot, held};
use super::pairing::Group;
use super::{Row, unknown};
use crate::api::{Agreement, Apart, Because, Held, ReconcileOptions, ReconcileRow};
use crate::book::{Holding, Sided};
use crate::json::Decimal;
use crate::json::number::{delta, sum};

type Said = (Agreement, Option<Because>);

/// The rows where no list came: everything that is open here is unknown.
pub(super) fn unanswered(ours: Vec<OurLot>) -> Vec<Row> {
    let open = ours.into_iter().filter(OurLot::is_open);
    open.map(|lot| {
        let said = row_of(&[&lot], &[], &Group::default(), unknown(Because::NoAnswer));
        Row { said, ours: vec![lot], theirs: Vec::new() }
    })
    .collect()
}

/// The row of a group; `None` where neither side has anything.
pub(super) fn row(group: Group, whole: bool, options: &ReconcileOptions) -> Option<Row> {
    let said = said(&group, whole, options)?;
    let Group { ours, theirs, .. } = group;
    let (open, closed): (Vec<OurLot>, Vec<OurLot>) = ours.into_iter().partition(OurLot::is_open);
    Some(Row { said, ours: if open.is_empty() { closed } else { open }, theirs })
}

fn said(group: &Group, whole: bool, options: &ReconcileOptions) -> Option<ReconcileRow> {
    let (open, closed): (Vec<&OurLot>, Vec<&OurLot>) = group.ours.iter().partition(|lot| lot.is_open());
    let theirs: Vec<&Holding> = group.theirs.iter().collect();
    let changed = |lots: &[&OurLot]| lots.iter().any(|lot| lot.changed);
    let row = match (open.as_slice(), theirs.as_slice()) {
        ([], theirs) if theirs.iter().all(|held| held.is_flat()) => return None,
        ([], theirs) if group.twice => row_of(&closed, theirs, group, unknown(Because::NamedTwice)),
        ([], theirs) => {
            row_of(&closed, theirs, group, only_there(theirs, !closed.is_empty(), changed(&closed)))
        }
        (ours, []) => row_of(ours, &[], group, only_here(ours, whole, changed(ours))),
        (ours, _) if group.twice => row_of(ours, &theirs, group, unknown(Because::NamedTwice)),
        (ours, theirs) if changed(ours) => row_of(ours, theirs, group, unknown(Because::ChangedSince)),
        (ours, theirs) => both(ours, theirs, group, whole, options),
    };
    Some(row)
}

fn only_there(theirs: &[&Holding], was_here: bool, changed: bool) -> Said {
    match () {
        () if theirs.iter().any(|held| held.signed().is_none()) => unknown(Because::NotSaid),
        () if changed => unknown(Because::ChangedSince),
        () => (Agreement::MissingHere, was_here.then_some(Because::ClosedHere)),
    }
}

fn only_here(ours: &[&OurLot], whole: bool, changed: bool) -> Said {
    match () {
        () if ours.iter().any(|lot| lot.holding.symbol.is_none() && lot.holding.ids.is_empty()) => {
            unknown(Because::NotSaidHere)
        }
        () if !whole => unknown(Because::PartialList),
        () if changed => unknown(Because::ChangedSince),
        () => (Agreement::MissingThere, Some(Because::NotListed)),
    }
}

/// Both have it.
fn both(
    ours: &[&OurLot],
    theirs: &[&Holding],
    group: &Group,
    whole: bool,
    options: &ReconcileOptions,
) -> ReconcileRow {
    let sizes_only = ours.iter().any(|lot| lot.holding.side == Sided::SizeOnly);
    if sizes_only && (ours.len() > 1 || theirs.len() > 1) {
        return row_of(ours, theirs, group, unknown(Because::NotSaidHere));
    }
    let Some(here) = total(ours.iter().map(|lot| &lot.holding), sizes_only) else {
        return row_of(ours, theirs, group, unknown(Because::NotSaidHere));
    };
    let Some(there) = total(theirs.iter().copied(), sizes_only) else {
        return row_of(ours, theirs, group, unknown(Because::NotSaid));
    };
    let quantity = apart(here, there);
    let price = match (ours, theirs) {
        ([lot], [held]) => lot.holding.price.clone().zip(held.price.clone()).map(|(a, b)| apart(a, b)),
        _ => None,
    };
    let said = match () {
        () if theirs.iter().all(|held| held.is_flat()) => (Agreement::MissingThere, Some(Because::Flat)),
        // Of a symbol that is not netted the rest may be on the page that did not come.
        () if !within(&quantity, options.tolerance.quantity.as_deref()) && !whole && group.ids.is_empty() => {
            unknown(Because::PartialList)
        }
        () if !within(&quantity, options.tolerance.quantity.as_deref()) => {
            (Agreement::QuantityMismatch, None)
        }
        () if price.as_ref().is_some_and(|price| !within(price, options.tolerance.price.as_deref())) => {
            (Agreement::PriceMismatch, None)
        }
        () => (Agreement::Matched, None),
    };
    ReconcileRow { quantity: Some(quantity), price, ..row_of(ours, theirs, group, said) }
}

/// What they hold together; `None` if one of them does not say it.
pub(super) fn total<'a>(holdings: impl Iterator<Item = &'a Holding>, sizes_only: bool) -> Option<String> {
    let of = |holding: &Holding| match (sizes_only, holding.signed()?) {
        (true, quantity) => Some(quantity.trim_start_matches('-').to_owned()),
        (false, quantity) => Some(quantity),
    };
    let mut total: Option<String> = None;
    for holding in holdings {
        let quantity = of(holding)?;
        total = Some(match total {
            None => quantity,
            Some(before) => sum(Decimal::parse(&before)?, Decimal::parse(&quantity)?)?,
        });
    }
    total
}

pub(super) fn apart(ours: String, theirs: String) -> Apart {
    let delta =
        Decimal::parse(&ours).zip(Decimal::parse(&theirs)).and_then(|(ours, theirs)| delta(ours, theirs));
    Apart { ours, theirs, delta }
}

/// Whether two numbers agree.
pub(super) fn within(apart: &Apart, tolerance: Option<&str>) -> bool {
    let Some(delta) = apart.delta.as_deref() else { return false };
    let size = delta.trim_start_matches(['+', '-']);
    let tolerance = tolerance.and_then(Decimal::parse).or_else(|| Decimal::parse("0"));
    Decimal::parse(size).zip(tolerance).is_some_and(|(size, tolerance)| size <= tolerance)
}

fn row_of(ours: &[&OurLot], theirs: &[&Holding], group: &Group, (verdict, because): Said) -> ReconcileRow {
    let holdings = || ours.iter().map(|lot| &lot.holding).chain(theirs.iter().copied());
    let shared = !group.ids.is_empty();
    let own = || holdings().flat_map(|holding| holding.ids.iter().cloned()).collect();
    let mut ids: Vec<String> = if shared { group.ids.iter().cloned().collect() } else { own() };
    ids.sort();
    ids.dedup();
    ReconcileRow {
        verdict,
        because,
        symbol: holdings().find_map(|holding| holding.symbol.clone()),
        ids,
        ours: ours.iter().map(|lot| lot.held()).collect::<Vec<Held>>(),
        theirs: theirs.iter().map(|theirs| held(theirs)).collect(),
        quantity: None,
        price: None,
    }
}
