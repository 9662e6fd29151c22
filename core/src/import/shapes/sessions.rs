//! Sessions with their positions, checkpoints and orders, as rows of a database: together, in lists, or one row.

use super::super::draft::{Draft, Placed};
use super::super::flags::{FlagCode, Flags};
use super::super::said::Said;
use super::{has, kind_of};
use crate::api::{QuarantineCode, RecordCode, Shape};
use crate::json::{Kind, Node, Pointer};
use crate::model::RunId;

/// Which table a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Session,
    Position,
    Checkpoint,
    Order,
}

/// Where rows stand in a document that holds several.
const PLACES: [(&str, Row); 8] = [
    ("trading_session", Row::Session),
    ("session", Row::Session),
    ("trading_sessions", Row::Session),
    ("sessions", Row::Session),
    ("positions", Row::Position),
    ("checkpoints", Row::Checkpoint),
    ("position_checkpoints", Row::Checkpoint),
    ("order_journal", Row::Order),
];

/// What says when a row was written last, the surest first.
const SAVED: [&str; 5] = ["updated_at", "checkpoint_time", "cancelled_at", "filled_at", "submitted_at"];

pub(super) fn is_one(root: Node<'_>) -> bool {
    row(root).is_some() || holds_rows(root) || rows_of(root).is_some()
}

/// The row that a document is by itself.
fn row(root: Node<'_>) -> Option<Row> {
    let has_key = |key: &str| root.get(key).is_some();
    if has_key("alpaca_order_id") && has_key("status") {
        return Some(Row::Order);
    }
    if !has_key("session_id") {
        return None;
    }
    if has_key("positions_snapshot") || has_key("checkpoint_time") {
        return Some(Row::Checkpoint);
    }
    if has_key("symbol") && (has_key("entry_price") || has_key("qty")) {
        return Some(Row::Position);
    }
    (has_key("start_time") || has_key("strategy_name")).then_some(Row::Session)
}

/// A document that has a session, or checkpoints, beside the rest.
fn holds_rows(root: Node<'_>) -> bool {
    let holds = |kind: Row| {
        PLACES.into_iter().filter(|(_, row)| *row == kind).any(|(key, _)| {
            let found = root.get(key);
            found.is_some_and(|found| row(found) == Some(kind) || rows_of(found) == Some(kind))
        })
    };
    holds(Row::Session) || holds(Row::Checkpoint) || holds(Row::Order)
}

/// What the rows of a list are, by its first.
fn rows_of(list: Node<'_>) -> Option<Row> {
    list.elements().next().and_then(row)
}

pub(super) fn take(draft: &mut Draft<'_>, root: Node<'_>) -> Shape {
    let top = Pointer::root();
    if let Some(kind) = row(root) {
        one(draft, kind, root, &top);
    } else if let Some(kind) = rows_of(root) {
        all(draft, kind, root, &top);
    } else {
        for member in root.members() {
            let key = member.key.decoded();
            let at = top.join(&key);
            match PLACES.into_iter().find(|(place, _)| *place == key) {
                Some((_, kind)) if kind_of(member.value) == Kind::Array => {
                    all(draft, kind, member.value, &at);
                }
                Some((_, kind)) => one(draft, kind, member.value, &at),
                None => draft.record(&at, RecordCode::Beside, "beside the session", Some(member.value)),
            }
        }
    }
    Shape::Sessions
}

fn all(draft: &mut Draft<'_>, kind: Row, rows: Node<'_>, at: &Pointer) {
    for (index, element) in rows.elements().enumerate() {
        let mut place = at.clone();
        place.push_index(index);
        one(draft, row(element).unwrap_or(kind), element, &place);
    }
}

fn one(draft: &mut Draft<'_>, kind: Row, row: Node<'_>, at: &Pointer) {
    if kind_of(row) != Kind::Object {
        return draft.quarantine(at, row, QuarantineCode::NotAnObject, "a row is an object");
    }
    let session = text(row, "session_id");
    if session.is_none() && kind != Row::Order {
        return draft.quarantine(at, row, QuarantineCode::NoName, "the row has no session_id");
    }
    let session = session.unwrap_or_default();
    let (state_type, state_id, what) = match kind {
        Row::Session => ("session", Some(format!("session_{session}")), format!("session {session}")),
        Row::Position => {
            let name = text(row, "id").or_else(|| text(row, "symbol"));
            let symbol = text(row, "symbol").unwrap_or_default();
            let id = name.map(|name| format!("position_{session}_{name}"));
            ("position", id, format!("position {symbol} of session {session}"))
        }
        Row::Checkpoint => {
            let name = text(row, "id").or_else(|| text(row, "checkpoint_time"));
            let id = name.map(|name| format!("checkpoint_{session}_{name}"));
            ("checkpoint", id, format!("checkpoint of session {session}"))
        }
        // An order at the broker belongs to no session.
        Row::Order => {
            let name = text(row, "client_order_id").or_else(|| text(row, "alpaca_order_id"));
            let symbol = text(row, "symbol").unwrap_or_default();
            ("order", name.map(|name| format!("order_{name}")), format!("order of {symbol}"))
        }
    };
    let Some(state_id) = state_id else {
        return draft.quarantine(at, row, QuarantineCode::NoName, "the row has no id");
    };
    if kind == Row::Session && state_id.parse::<RunId>().is_ok() {
        let reason = "its name would be that of a run of this store, and an active one would count as live";
        return draft.quarantine(at, row, QuarantineCode::BadName, reason);
    }
    let said = Said::first(SAVED.map(|key| row.get(key)), draft.rules);
    let flags = if kind == Row::Checkpoint { counted(row) } else { Flags::default() };
    let description = format!("Migrated {what}");
    draft.state(Placed { state_type, state_id, description, said: &said, flags }, at, row);
}

/// A text or a number as a name.
fn text(row: Node<'_>, key: &str) -> Option<String> {
    let value = row.get(key)?;
    match value.kind() {
        Kind::String => value.as_str().map(std::borrow::Cow::into_owned).filter(|text| !text.is_empty()),
        Kind::Number => Some(value.text().to_owned()),
        _ => None,
    }
}

/// Whether a checkpoint holds as many positions as it says.
fn counted(row: Node<'_>) -> Flags {
    let mut flags = Flags::default();
    let positions = row.get("positions_snapshot").filter(|_| !has(row, "positions_snapshot", Kind::Null));
    let said = row.get("active_positions_count").filter(|count| count.kind() == Kind::Number);
    if let (Some(positions), Some(said)) = (positions, said)
        && said.text() != positions.len().to_string()
    {
        let message = format!(
            "it counts {} positions and holds {}: several of one symbol were kept as one",
            said.text(),
            positions.len()
        );
        flags.member(FlagCode::CountMismatch, "active_positions_count", message);
    }
    flags
}
