//! Positions: by the name of their pair, or in a list.

use std::collections::{BTreeMap, HashSet};

use super::super::draft::{Draft, Placed};
use super::super::flags::{FlagCode, Flags, flag};
use super::super::said::Said;
use super::kind_of;
use crate::api::{QuarantineCode, RecordCode};
use crate::json::{Document, Kind, Limits, Node, Pointer, number::same_value};
use crate::model::StateKey;

/// The member by which older snapshots marked what they copied.
const SNAPSHOT_ID: &str = "_snapshot_id";

/// Takes the positions of an object, each under its pair.
pub(super) fn by_pair(
    draft: &mut Draft<'_>,
    positions: Node<'_>,
    at: &Pointer,
    said: &Said,
    pairs: Option<Node<'_>>,
) {
    let first = draft.items().len();
    match kind_of(positions) {
        Kind::Object if positions.is_empty() => {}
        Kind::Null => draft.record(at, RecordCode::Empty, "null in place of positions", Some(positions)),
        Kind::Object => {
            let pairs = pairs.filter(|pairs| kind_of(*pairs) == Kind::Object);
            let pairs: Option<HashSet<_>> =
                pairs.map(|pairs| pairs.members().map(|member| member.key.decoded()).collect());
            for member in positions.members() {
                let pair = member.key.decoded();
                let lacks_pair = pairs.as_ref().is_some_and(|pairs| !pairs.contains(&pair));
                one(draft, &pair, member.value, &at.join(&pair), said, lacks_pair);
            }
        }
        Kind::Array => listed(draft, positions, at, said),
        _ => {
            let reason = "an object of positions belongs here";
            draft.quarantine(at, positions, QuarantineCode::NotAnObject, reason);
        }
    }
    duplicate_tickets(draft, first);
}

/// Takes a list of positions that name their pair themselves.
pub(super) fn listed(draft: &mut Draft<'_>, positions: Node<'_>, at: &Pointer, said: &Said) {
    for (index, position) in positions.elements().enumerate() {
        let mut place = at.clone();
        place.push_index(index);
        match pair_of(position) {
            _ if kind_of(position) != Kind::Object || is_tombstone(position) => {
                one(draft, "", position, &place, said, false);
            }
            Some(pair) => one(draft, &pair, position, &place, said, false),
            None => {
                let reason =
                    "nothing says of which pair the position is: neither pair nor symbol1 and symbol2";
                draft.quarantine(&place, position, QuarantineCode::NoName, reason);
            }
        }
    }
}

/// The pair that a position names.
fn pair_of(position: Node<'_>) -> Option<String> {
    let text = |key: &str| position.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
    let symbols = || Some(format!("{}-{}", text("symbol1")?, text("symbol2")?));
    text("pair").map(std::borrow::Cow::into_owned).or_else(symbols)
}

/// What older systems put in place of a position that they deleted.
fn is_tombstone(position: Node<'_>) -> bool {
    position.len() == 1 && position.get("deleted").and_then(Node::as_bool) == Some(true)
}

/// Takes one position; `lacks_pair` if its pair should have a state in the same file and has none.
pub(super) fn one(
    draft: &mut Draft<'_>,
    pair: &str,
    position: Node<'_>,
    at: &Pointer,
    said: &Said,
    lacks_pair: bool,
) {
    if kind_of(position) != Kind::Object {
        return draft.quarantine(at, position, QuarantineCode::NotAnObject, "a position is an object");
    }
    if is_tombstone(position) {
        let reason = "it only says that a position was deleted, not what it was";
        return draft.quarantine(at, position, QuarantineCode::Tombstone, reason);
    }
    if pair.is_empty() {
        return draft.quarantine(at, position, QuarantineCode::BadName, "the name of the pair is empty");
    }
    let mut flags = Flags::default();
    if lacks_pair {
        flags.add(
            FlagCode::PositionWithoutPair,
            &Pointer::root(),
            format!("{pair} has no pair state in the same file"),
        );
    }
    values(&mut flags, position);
    let (state_id, description) = (format!("position_{pair}"), format!("Migrated position for {pair}"));
    let Some((data, snapshot)) = without_snapshot_id(position) else {
        return draft.state(
            Placed { state_type: "position", state_id, description, said, flags },
            at,
            position,
        );
    };
    let message = "the snapshot that this was a copy of; it is no part of the position";
    draft.record(&at.join(SNAPSHOT_ID), RecordCode::SnapshotId, message, Some(snapshot));
    flags.add(
        FlagCode::SnapshotIdLifted,
        &Pointer::root(),
        format!("{SNAPSHOT_ID} {} was taken out of the data", snapshot.text()),
    );
    let source = draft.source(at);
    draft.state_of(
        Placed { state_type: "position", state_id, description, said, flags },
        source,
        data,
        position,
    );
}

fn values(flags: &mut Flags, position: Node<'_>) {
    if position.get("direction").and_then(Node::as_str).is_some_and(|direction| direction.is_empty()) {
        flags.member(
            FlagCode::DirectionEmpty,
            "direction",
            "the direction is empty: long or short is not known",
        );
    }
    let is = |key: &str, value: &str| {
        position.get(key).is_some_and(|node| node.kind() == Kind::Number && same_value(node.text(), value))
    };
    let volume = ["quantity", "volume"].into_iter().find(|key| is(key, "0.01"));
    if let (true, Some(volume)) = (is("entry_price", "1"), volume) {
        let message = "1.0 and 0.01 are what an older program wrote where it knew no price and no volume";
        flags.member(FlagCode::PlaceholderValues, "entry_price", message);
        flags.member(FlagCode::PlaceholderValues, volume, message);
    } else if is("entry_price", "100") {
        let message = "100.0 is what an older program wrote where it knew no price";
        flags.member(FlagCode::PlaceholderValues, "entry_price", message);
    }
}

/// The position without the mark of a snapshot, and that mark.
fn without_snapshot_id(position: Node<'_>) -> Option<(Document, Node<'_>)> {
    let snapshot = position.get(SNAPSHOT_ID)?;
    let rest = position.members().filter(|member| !member.key.is(SNAPSHOT_ID));
    let rest: Vec<String> = rest.map(|m| format!("{}:{}", m.key.text(), m.value.text())).collect();
    let text = format!("{{{}}}", rest.join(","));
    let limits = Limits { max_bytes: text.len(), ..Limits::default() };
    Some((Document::parse(&text, &limits).ok()?, snapshot))
}

/// Flags positions that share a ticket, from the nth item on.
fn duplicate_tickets(draft: &mut Draft<'_>, first: usize) {
    let mut seen: BTreeMap<String, Vec<(usize, &'static str)>> = BTreeMap::new();
    let items = &mut draft.items()[first..];
    for (at, item) in items.iter().enumerate() {
        for key in ["ticket1", "ticket2", "ticket"] {
            let ticket = item
                .data
                .root()
                .get(key)
                .filter(|ticket| matches!(ticket.kind(), Kind::Number | Kind::String));
            if let Some(ticket) = ticket {
                seen.entry(ticket.text().to_owned()).or_default().push((at, key));
            }
        }
    }
    for (ticket, places) in seen.into_iter().filter(|(_, places)| places.len() > 1) {
        let keys: Vec<StateKey> = places.iter().map(|(at, _)| items[*at].key()).collect();
        for (nth, (at, key)) in places.iter().enumerate() {
            let other = &keys[usize::from(nth == 0)];
            let message = format!("ticket {ticket} is also one of {}", other.state_id);
            items[*at].flags.push(flag(FlagCode::DuplicateTicket, key, message));
        }
    }
}
