//! A broker's summary: positions, pair states without their series, risk and portfolio.

use super::super::draft::{Draft, Placed};
use super::super::flags::Flags;
use super::super::said::Said;
use super::state::POSITIONS;
use super::{has, kind_of, pairs, portfolio, positions};
use crate::api::{QuarantineCode, RecordCode, Shape};
use crate::json::{Kind, Node, Pointer};

const SUMMARIES: &str = "pair_states_summary";
const TIMES: [&str; 2] = ["last_save_time", "timestamp"];
/// What becomes a state of its own, and of which type.
const OWN: [(&str, &str); 3] =
    [("risk_status", "configuration"), ("portfolio_status", "portfolio"), ("system_status", "configuration")];

pub(super) fn is_one(root: Node<'_>) -> bool {
    let status = ["risk_status", "portfolio_status"].into_iter().any(|key| has(root, key, Kind::Object));
    root.get(SUMMARIES).is_some() || root.get(POSITIONS).is_some() && status
}

pub(super) fn take(draft: &mut Draft<'_>, root: Node<'_>) -> Shape {
    let said = Said::first(TIMES.map(|key| root.get(key)), draft.rules);
    let states = root.get(SUMMARIES).or_else(|| root.get("pair_states"));
    for member in root.members() {
        let key = member.key.decoded();
        let (at, value) = (Pointer::root().join(&key), member.value);
        let own = OWN.into_iter().find(|(own, _)| *own == key);
        match (key.as_ref(), own) {
            (POSITIONS, _) => positions::by_pair(draft, value, &at, &said, states),
            (SUMMARIES, _) => pairs::take(draft, value, &at, &said, true),
            ("pair_states", _) => pairs::take(draft, value, &at, &said, false),
            (name, Some((_, state_type))) => status(draft, name, state_type, value, &at, &said),
            (name, _) if TIMES.contains(&name) => {
                draft.record(&at, RecordCode::Time, "when the summary was saved", Some(value));
            }
            _ => {}
        }
    }
    let mut taken = vec![POSITIONS, SUMMARIES, "pair_states"];
    taken.extend(OWN.map(|(name, _)| name).into_iter().chain(TIMES));
    portfolio::take(draft, root, &Pointer::root(), &said, &taken);
    if draft.found_nothing() {
        draft.record(&Pointer::root(), RecordCode::Empty, "no position, no pair state, no status", None);
    }
    Shape::BrokerSummary
}

fn status(draft: &mut Draft<'_>, name: &str, state_type: &str, value: Node<'_>, at: &Pointer, said: &Said) {
    match kind_of(value) {
        Kind::Object if !value.is_empty() => {
            let (state_id, description) = (name.to_owned(), format!("Migrated {}", name.replace('_', " ")));
            draft.state(
                Placed { state_type, state_id, description, said, flags: Flags::default() },
                at,
                value,
            );
        }
        Kind::Object | Kind::Null => draft.record(at, RecordCode::Empty, "nothing is in it", Some(value)),
        _ => draft.quarantine(at, value, QuarantineCode::NotAnObject, "a status is an object"),
    }
}
