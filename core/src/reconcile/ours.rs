//! The lots that states of ours hold.

use super::OurState;
use super::holding::{Holding, Lot, Sided};
use super::read::{decimal, is_closed, name, plain, said};
use crate::json::{Document, Kind, Node, Pointer};
use crate::model::Timestamp;

/// Every lot, also closed ones: what the broker still has of those is worth a row.
pub(super) fn lots(states: &[OurState<'_>], as_of: Timestamp) -> Vec<Lot> {
    states.iter().enumerate().flat_map(|(nth, state)| of_state(nth, state, as_of)).collect()
}

/// Whether a state holds a lot that is open as far as it says.
pub(crate) fn holds_open_lots(data: &Document) -> bool {
    open_lots(data).contains(&true)
}

/// Of each lot of a state, in the order in which they stand, whether it is open as far as it says.
pub(crate) fn open_lots(data: &Document) -> Vec<bool> {
    of_document(data.root()).iter().map(|(holding, closed)| !closed && !holding.is_flat()).collect()
}

fn of_state<'a>(
    nth: usize,
    state: &'a OurState<'_>,
    as_of: Timestamp,
) -> impl Iterator<Item = Lot> + use<'a> {
    let all = |document: Option<&Document>| document.map(|data| of_document(data.root())).unwrap_or_default();
    let is_later = state.changed_at > as_of;
    let then = if is_later { all(state.then) } else { Vec::new() };
    let found = match state.data {
        Some(data) => of_document(data.root()),
        // What it held was closed with it.
        None => then.iter().map(|(holding, _)| (holding.clone(), true)).collect(),
    };
    let same = move |holding: &Holding, closed| {
        then.iter().any(|(held, was_closed)| held.says_as(holding) && *was_closed == closed)
    };
    let lot = move |(holding, closed)| Lot {
        changed: is_later && !same(&holding, closed),
        holding,
        state: nth,
        closed,
        state_type: state.key.state_type.to_string(),
        state_id: state.key.state_id.to_string(),
        version: state.version.0,
    };
    found.into_iter().map(lot)
}

/// The four forms of a position: one symbol, one symbol with lots, a pair of two legs, a map of positions.
pub(super) fn of_document(root: Node<'_>) -> Vec<(Holding, bool)> {
    if root.kind() != Kind::Object {
        return Vec::new();
    }
    let is_map = !root.is_empty() && root.members().all(|member| member.value.kind() == Kind::Object);
    if !is_map {
        return of_object(root, "", None);
    }
    let mut all = Vec::new();
    for member in root.members() {
        let key = member.key.decoded().into_owned();
        let pointer = Pointer::default().join(&key).to_string();
        all.extend(of_object(member.value, &pointer, Some(&key)));
    }
    all
}

fn of_object(node: Node<'_>, pointer: &str, called: Option<&str>) -> Vec<(Holding, bool)> {
    if let Some(lots) = said(node, "lots").filter(|lots| lots.kind() == Kind::Array) {
        return of_lots(node, lots, pointer, called);
    }
    if said(node, "symbol1").is_some() && decimal_of(node, "volume1").is_some() {
        return ["1", "2"].into_iter().map(|leg| (of_leg(node, leg, pointer), is_closed(node))).collect();
    }
    let mut holding = plain(node, pointer.to_owned());
    holding.symbol = holding.symbol.or_else(|| called.map(str::to_owned));
    vec![(holding, is_closed(node))]
}

/// Each lot has its own quantity and price; what it does not say of symbol and side the position says.
fn of_lots(node: Node<'_>, lots: Node<'_>, pointer: &str, called: Option<&str>) -> Vec<(Holding, bool)> {
    let of_all = plain(node, String::new());
    let lot = |(nth, lot): (usize, Node<'_>)| {
        let mut holding = plain(lot, format!("{pointer}/lots/{nth}"));
        holding.ids.extend(said(lot, "id").and_then(name));
        let symbol = || of_all.symbol.clone().or_else(|| called.map(str::to_owned));
        holding.symbol = holding.symbol.or_else(symbol);
        holding.side = holding.side.or(of_all.sided());
        (holding, is_closed(lot) || is_closed(node))
    };
    lots.elements().enumerate().map(lot).collect()
}

/// A leg of a pair. Which side each is on is not said by the direction of the pair, so it is not made up.
fn of_leg(node: Node<'_>, leg: &str, pointer: &str) -> Holding {
    let of = |word: &str| format!("{word}{leg}");
    let ids = ["ticket", "position_id"].iter().filter_map(|id| name(said(node, &of(id))?));
    Holding {
        ids: ids.filter(|id| id != "0").collect(),
        symbol: said(node, &of("symbol")).and_then(name),
        side: Sided::SizeOnly,
        quantity: decimal_of(node, &of("volume")),
        price: decimal_of(node, &of("entry_exec_price")).or_else(|| decimal_of(node, &of("entry_price"))),
        pointer: format!("{pointer}/{}", of("volume")),
    }
}

fn decimal_of(node: Node<'_>, member: &str) -> Option<String> {
    said(node, member).and_then(decimal)
}
