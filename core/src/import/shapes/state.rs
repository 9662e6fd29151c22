//! A program's whole state in one file: positions, pair states, and the portfolio beside them. Three generations of it are told
//! apart by their series and totals; they are taken in the same way.

use super::super::draft::Draft;
use super::super::said::Said;
use super::{has, kind_of, pairs, portfolio, positions};
use crate::api::{RecordCode, Shape};
use crate::json::{Kind, Node, Pointer};

pub(super) const POSITIONS: &str = "active_positions";
pub(super) const PAIRS: &str = "pair_states";

pub(super) fn is_one(root: Node<'_>) -> bool {
    let peaks = root.get("portfolio_peak_value").is_some() && root.get("suspended_pairs").is_some();
    kind_of(root) == Kind::Object && (root.get(POSITIONS).is_some() || root.get(PAIRS).is_some() || peaks)
}

pub(super) fn take(draft: &mut Draft<'_>, root: Node<'_>) -> Shape {
    let said = Said::first([root.get("last_save_time")], draft.rules);
    inside(draft, root, &Pointer::root(), &said);
    generation(root)
}

/// Takes a state that stands somewhere in a document.
pub(super) fn inside(draft: &mut Draft<'_>, root: Node<'_>, at: &Pointer, said: &Said) {
    let states = root.get(PAIRS);
    if let Some(found) = root.get(POSITIONS) {
        positions::by_pair(draft, found, &at.join(POSITIONS), said, states);
    }
    if let Some(found) = states {
        pairs::take(draft, found, &at.join(PAIRS), said, false);
    }
    portfolio::take(draft, root, at, said, &[POSITIONS, PAIRS]);
    if draft.found_nothing() {
        draft.record(at, RecordCode::Empty, "no position, no pair state, no portfolio", None);
    }
}

fn generation(root: Node<'_>) -> Shape {
    if has(root, "total_value", Kind::Number) || root.get("available_balance").is_some() {
        return Shape::FlatState;
    }
    let states = root.get(PAIRS);
    let mut series = states.into_iter().flat_map(Node::members).filter_map(|pair| pair.value.get("price1"));
    let untyped = series.any(|series| has(series, "index", Kind::Array) && series.get("type").is_none());
    if untyped { Shape::UntypedState } else { Shape::TypedState }
}
