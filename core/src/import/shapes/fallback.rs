//! Positions by pair, each with the time at which it was put aside because the database did not take it.

use super::super::draft::Draft;
use super::super::said::Said;
use super::{kind_of, positions};
use crate::api::Shape;
use crate::json::{Kind, Node, Pointer};

/// Members by which a position is known.
const OF_POSITIONS: [&str; 8] = [
    "direction",
    "symbol1",
    "symbol",
    "entry_price",
    "entry_exec_price1",
    "quantity",
    "volume1",
    "entry_time",
];

pub(super) fn is_one(root: Node<'_>) -> bool {
    let is_position = |value: Node<'_>| {
        value.get("timestamp").is_some() && OF_POSITIONS.into_iter().any(|key| value.get(key).is_some())
    };
    kind_of(root) == Kind::Object
        && root.members().all(|member| kind_of(member.value) == Kind::Object)
        && root.members().any(|member| is_position(member.value))
}

pub(super) fn take(draft: &mut Draft<'_>, root: Node<'_>) -> Shape {
    for member in root.members() {
        let pair = member.key.decoded();
        let said = Said::first([member.value.get("timestamp")], draft.rules);
        positions::one(draft, &pair, member.value, &Pointer::root().join(&pair), &said, false);
    }
    Shape::PositionFallback
}
