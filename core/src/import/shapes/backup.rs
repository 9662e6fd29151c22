//! A backup: when it was made, the positions, the state then, and summaries. Positions stand in it twice.

use super::super::draft::Draft;
use super::super::said::Said;
use super::{has, kind_of, positions, state};
use crate::api::{QuarantineCode, RecordCode, Shape};
use crate::json::{Kind, Node, Pointer};

const TIME: &str = "backup_timestamp";
const STATE: &str = "current_state";
const POSITIONS: &str = "positions";

pub(super) fn is_one(root: Node<'_>) -> bool {
    root.get(TIME).is_some() && (root.get(STATE).is_some() || has(root, POSITIONS, Kind::Array))
}

pub(super) fn take(draft: &mut Draft<'_>, root: Node<'_>) -> Shape {
    let said = Said::first([root.get(TIME)], draft.rules);
    let said = if said.text.is_some() { said } else { named(draft) };
    for member in root.members() {
        let key = member.key.decoded();
        let (at, value) = (Pointer::root().join(&key), member.value);
        match key.as_ref() {
            STATE => current(draft, value, &at, &said),
            POSITIONS if kind_of(value) == Kind::Array => listed(draft, value, &at, &said),
            POSITIONS => positions::by_pair(draft, value, &at, &said, None),
            TIME => draft.record(&at, RecordCode::Time, "when the backup was made", Some(value)),
            "portfolio_summary" => summary(draft, value, &at),
            "system_status" => {
                draft.record(&at, RecordCode::SystemStatus, "how the program was then", Some(value));
            }
            _ => draft.record(&at, RecordCode::Beside, "beside the states of the backup", Some(value)),
        }
    }
    Shape::Backup
}

fn current(draft: &mut Draft<'_>, value: Node<'_>, at: &Pointer, said: &Said) {
    match kind_of(value) {
        Kind::Object if !value.is_empty() => state::inside(draft, value, at, said),
        Kind::Object | Kind::Null => {
            draft.record(at, RecordCode::Empty, "the backup holds no state", Some(value));
        }
        _ => draft.quarantine(at, value, QuarantineCode::NotAnObject, "the state of a backup is an object"),
    }
}

/// What `current_state` has, too, is kept once: the order of items sees that they are the same.
fn listed(draft: &mut Draft<'_>, value: Node<'_>, at: &Pointer, said: &Said) {
    if value.is_empty() {
        draft.record(at, RecordCode::Empty, "the backup lists no positions", Some(value));
    }
    positions::listed(draft, value, at, said);
}

fn summary(draft: &mut Draft<'_>, value: Node<'_>, at: &Pointer) {
    let error = value.get("error").and_then(Node::as_str);
    match error {
        Some(error) => {
            let message = format!("the summary says that it failed: {error}");
            draft.record(at, RecordCode::SummaryError, &message, Some(value));
        }
        None => draft.record(at, RecordCode::Summary, "a summary of the states", Some(value)),
    }
}

/// The time in a backup's name, `..._20250401_000200.json`, which is in no known zone.
fn named(draft: &Draft<'_>) -> Said {
    let stem = draft.stem();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((before, clock)) = stem.rsplit_once('_') else { return Said::default() };
    let day = before.rsplit('_').next().unwrap_or_default();
    if day.len() != 8 || clock.len() != 6 || !digits(day) || !digits(clock) {
        return Said::default();
    }
    let text = format!(
        "{}-{}-{}T{}:{}:{}",
        &day[..4],
        &day[4..6],
        &day[6..],
        &clock[..2],
        &clock[2..4],
        &clock[4..]
    );
    Said::of(&text, draft.rules)
}
