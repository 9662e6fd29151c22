//! A difference in a table row.
use std::sync::Arc;

use super::types::{Change, ChangeKind, Diff};
use super::{Counts, Effort, Part, TooMuch, diff_within, excerpts};
use crate::json::Document;
use crate::model::{ChangeSummary, FirstChange, StateType};
use crate::schema::path_rules;

/// Values are cut down to about this many characters.
const MAX_CHARACTERS: usize = 80;

/// How a version differs from the one before it, in brief. Data that comes into being or goes is counted by its
/// outermost members, as if it had been or became an empty object.
#[must_use]
pub fn summarise(state_type: &StateType, old: Option<&Document>, new: Option<&Document>) -> ChangeSummary {
    let members = |document: &Document| match document.root().kind() {
        crate::json::Kind::Object => u32::try_from(document.root().len()).unwrap_or(u32::MAX),
        _ => 1,
    };
    match (old, new) {
        (None, None) => ChangeSummary::default(),
        (None, Some(new)) => ChangeSummary { added: members(new), ..ChangeSummary::default() },
        (Some(old), None) => ChangeSummary { removed: members(old), ..ChangeSummary::default() },
        (Some(old), Some(new)) => {
            match diff_within(old, new, path_rules(state_type.as_str()), Effort::ORDINARY) {
                Ok(diff) => summary(&diff),
                Err(TooMuch) => whole(),
            }
        }
    }
}

/// A version that differs in too much to be told in parts: the whole document changed.
fn whole() -> ChangeSummary {
    let first = FirstChange {
        path: String::new(),
        old: None,
        new: None,
        delta: None,
        note: Some("too much to list".to_owned()),
    };
    ChangeSummary { changed: 1, first: Some(Arc::new(first)), ..ChangeSummary::default() }
}

/// A difference in brief.
#[must_use]
pub fn summary(diff: &Diff) -> ChangeSummary {
    let of_text = |kind| matches!(kind, ChangeKind::Spelling | ChangeKind::Reordered);
    let worth_reading = || diff.changes.iter().filter(|change| !change.volatile);
    // A value that changed says more than a text that did.
    let first = worth_reading().find(|change| !of_text(change.kind)).or_else(|| worth_reading().next());
    let Counts { added, changed, removed, spelling, reordered, volatile } = diff.counts;
    ChangeSummary {
        added,
        changed,
        removed,
        spelling,
        reordered,
        volatile,
        first: first.map(|change| Arc::new(in_brief(change))),
    }
}

fn in_brief(change: &Change) -> FirstChange {
    let note = note(change);
    let (old, new) = match (&change.old, &change.new) {
        _ if note.is_some() => (None, None),
        // Cut around what differs, so that it is in sight.
        (Some(old), Some(new)) => {
            let (old, new) = excerpts(old, new, MAX_CHARACTERS);
            let text = |parts: Vec<Part>| parts.into_iter().map(|part| part.text).collect();
            (Some(text(old)), Some(text(new)))
        }
        (old, new) => (old.as_deref().map(cut), new.as_deref().map(cut)),
    };
    FirstChange { path: cut(&change.display), old, new, delta: change.delta.clone(), note }
}

/// What to say where old and new values would say little.
fn note(change: &Change) -> Option<String> {
    match change.kind {
        ChangeKind::Added | ChangeKind::Removed | ChangeKind::Changed => None,
        ChangeKind::Spelling => Some("other spelling".to_owned()),
        ChangeKind::Reordered => Some("other order".to_owned()),
        ChangeKind::Splice => Some(moved(change)),
    }
}

fn moved(change: &Change) -> String {
    let mut parts = Vec::new();
    let mut say = |sign: char, count: u32, what: &str| {
        if count > 0 {
            parts.push(format!("{sign}{count} {what}"));
        }
    };
    if let Some(series) = &change.series {
        say('−', series.removed_head, "head");
        say('+', series.added_head, "head");
        say('−', series.removed_tail, "tail");
        say('+', series.added_tail, "tail");
    } else if let Some(splice) = &change.splice {
        say('−', splice.removed, "removed");
        say('+', splice.added, "added");
    }
    let parts = parts.join(", ");
    match &change.series {
        Some(series) => format!("{} points: {parts}", series.points),
        None => parts,
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
