//! Pair states: what a program knew of each pair.

use super::super::draft::{Draft, Placed};
use super::super::flags::{FlagCode, Flags};
use super::super::said::Said;
use super::super::table::Table;
use super::kind_of;
use crate::api::{QuarantineCode, RecordCode};
use crate::json::{Kind, Node, Pointer};

/// Takes the pair states of an object, each under its pair; `summary` where the file has no series.
pub(super) fn take(draft: &mut Draft<'_>, states: Node<'_>, at: &Pointer, said: &Said, summary: bool) {
    match kind_of(states) {
        Kind::Object => {
            for member in states.members() {
                let pair = member.key.decoded();
                one(draft, &pair, member.value, &at.join(&pair), said, summary);
            }
        }
        Kind::Null => draft.record(at, RecordCode::Empty, "null in place of pair states", Some(states)),
        _ => {
            draft.quarantine(
                at,
                states,
                QuarantineCode::NotAnObject,
                "an object of pair states belongs here",
            );
        }
    }
}

fn one(draft: &mut Draft<'_>, pair: &str, state: Node<'_>, at: &Pointer, said: &Said, summary: bool) {
    if kind_of(state) != Kind::Object {
        return draft.quarantine(at, state, QuarantineCode::NotAnObject, "a pair state is an object");
    }
    if pair.is_empty() {
        return draft.quarantine(at, state, QuarantineCode::BadName, "the name of the pair is empty");
    }
    let mut flags = Flags::default();
    if !["symbol1", "symbol2"]
        .into_iter()
        .all(|key| state.get(key).is_some_and(|name| kind_of(name) == Kind::String))
    {
        flags.add(FlagCode::PairWithoutSymbols, &Pointer::root(), "symbol1 and symbol2 are not both named");
    }
    if summary {
        let message = "only a summary: the file has no price series of the pair";
        flags.add(FlagCode::SummaryOnly, &Pointer::root(), message);
    }
    uneven(&mut flags, state);
    let (state_id, description) = (format!("pair_{pair}"), format!("Migrated pair state for {pair}"));
    draft.state(Placed { state_type: "pair_state", state_id, description, said, flags }, at, state);
}

fn uneven(flags: &mut Flags, state: Node<'_>) {
    let height = |key: &str| state.get(key).and_then(Table::read).map(|table| table.height());
    if let (Some(first), Some(second)) = (height("price1"), height("price2"))
        && first != second
    {
        let message =
            format!("price1 has {first} values and price2 {second}: they are not of the same times");
        flags.add(FlagCode::UnevenSeries, &Pointer::root(), message);
    }
}
