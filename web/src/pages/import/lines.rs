//! The lines of the list: the rows of the files with what is open of them, and the files that are still read.

use std::collections::BTreeSet;
use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::diff::Diff;
use stateloft_core::model::Violation;

use super::details::Stage;
use super::importing::{Importing, Shown};
use super::reading::{Given, Stage as Read};
use crate::model::import::{Row, rows};
use crate::pages::compare::Failure;

/// Rules of one item that are listed.
const RULES: usize = 20;

/// One line.
#[derive(Clone)]
pub(super) enum Line {
    /// A row of what was found.
    Row {
        /// In what.
        shown: Arc<Shown>,
        /// Which.
        row: Row,
    },
    /// What the columns of a difference are.
    Head {
        /// Of what was found.
        shown: Arc<Shown>,
        /// The item.
        at: usize,
    },
    /// A change.
    Change {
        /// The item's name.
        name: String,
        /// All changes.
        diff: Arc<Diff>,
        /// Which.
        nth: usize,
    },
    /// A rule that an item breaks.
    Broken {
        /// The item's name.
        name: String,
        /// The rule.
        violation: Violation,
        /// Which one of the item's.
        nth: usize,
    },
    /// More of them than are listed, or none of anything.
    Words {
        /// The item's name.
        name: String,
        /// What is said.
        words: String,
    },
    /// The difference is being worked out.
    Working {
        /// The item's name.
        name: String,
    },
    /// It could not be.
    Failed {
        /// The item's name.
        name: String,
        /// Why.
        failure: Failure,
    },
    /// A file that is not read yet, or was not looked at yet.
    Waiting {
        /// Which.
        id: u32,
        /// Its name.
        name: String,
    },
}

impl Line {
    /// What tells the line from others; of those that the keys go to, the same after another look.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Row { shown, row } => match row {
                Row::File { at, .. } => format!("f{}", shown.found.files[*at].name),
                Row::Item { at } => format!("i{}", shown.found.items[*at].name),
                Row::Note { at } => format!("n{}", shown.found.items[*at].name),
                Row::Fold(fold) => format!("+{}", fold.id),
                Row::Held { at } => format!("q{at} {}", shown.found.quarantine[*at].source),
                Row::Same { file, .. } => format!("={file}"),
                Row::Beside { file, .. } => format!("b{file}"),
                Row::Damage { at } => format!("d{at}"),
            },
            Self::Head { shown, at } => format!("h{}", shown.found.items[*at].name),
            Self::Change { name, diff, nth } => {
                format!("c{nth} {name}\n{}", diff.changes[*nth].path)
            }
            Self::Broken { name, nth, .. } => format!("r{nth} {name}"),
            Self::Words { name, .. } => format!("m{name}"),
            Self::Working { name } => format!("w{name}"),
            Self::Failed { name, .. } => format!("x{name}"),
            Self::Waiting { id, .. } => format!("g{id}"),
        }
    }

    /// The same, changing with what is drawn.
    pub(super) fn key(&self) -> String {
        let (round, open) = match self {
            Self::Row { shown, row: Row::File { open, .. } } => (shown.round, *open),
            Self::Row { shown, row: Row::Fold(fold) } => (shown.round, fold.open),
            Self::Row { shown, .. } | Self::Head { shown, .. } => (shown.round, false),
            _ => (0, false),
        };
        format!("{}\n{round}{open}", self.name())
    }

    /// Whether the keys go to it.
    pub(super) fn is_stop(&self) -> bool {
        let Self::Row { row, .. } = self else { return false };
        matches!(row, Row::File { .. } | Row::Item { .. } | Row::Fold(_) | Row::Held { .. })
    }

    /// What CSS gives it (`import.css`).
    pub(super) fn height(&self, narrow: bool) -> u32 {
        match self {
            Self::Row { row, .. } => match (row, narrow) {
                (Row::File { .. }, _) => 36,
                (Row::Item { .. } | Row::Held { .. }, true) => 52,
                (Row::Note { .. } | Row::Damage { .. }, true) => 48,
                (Row::Fold(_), true) => 34,
                _ => 30,
            },
            Self::Head { .. } => {
                if narrow {
                    0
                } else {
                    28
                }
            }
            Self::Change { diff, nth, .. } => match (diff.changes[*nth].series.is_some(), narrow) {
                (true, false) => 58,
                (true, true) => 60,
                (false, false) => 28,
                (false, true) => 54,
            },
            Self::Broken { .. } => 28,
            Self::Words { .. } => 30,
            Self::Working { .. } | Self::Failed { .. } => 40,
            Self::Waiting { .. } => {
                if narrow {
                    48
                } else {
                    36
                }
            }
        }
    }
}

/// Lays the list out.
pub(super) fn lines(importing: Importing) -> Vec<Line> {
    let mut lines = Vec::new();
    let shown = importing.shown.get();
    if let Some(shown) = &shown {
        let only = importing.only.get();
        let laid =
            importing.turned.with(|turned| rows(&shown.found, &shown.stood, &shown.quarantine, only, turned));
        let open = importing.open.get();
        let last_note = |rows: &[Row], nth: usize| matches!(rows.get(nth + 1), Some(Row::Note { .. }));
        for (nth, row) in laid.iter().enumerate() {
            lines.push(Line::Row { shown: Arc::clone(shown), row: row.clone() });
            match row {
                Row::Item { at } if !last_note(&laid, nth) => below(importing, shown, *at, &open, &mut lines),
                Row::Note { at } => below(importing, shown, *at, &open, &mut lines),
                _ => {}
            }
        }
    }
    waiting(importing, shown.as_deref(), &mut lines);
    lines
}

/// What is open below an item.
fn below(
    importing: Importing,
    shown: &Arc<Shown>,
    at: usize,
    open: &BTreeSet<String>,
    lines: &mut Vec<Line>,
) {
    let item = &shown.found.items[at];
    let name = item.name.clone();
    if !open.contains(&name) {
        return;
    }
    let broken = item.verdict.violations();
    let listed = broken.iter().take(RULES).cloned().enumerate();
    lines.extend(listed.map(|(nth, violation)| Line::Broken { name: name.clone(), violation, nth }));
    let more = broken.len().saturating_sub(RULES);
    match importing.details.get(&name) {
        Some(Stage::Working) => lines.push(Line::Working { name }),
        Some(Stage::Failed(failure)) => lines.push(Line::Failed { name, failure }),
        Some(Stage::Done(diff)) => {
            lines.push(Line::Head { shown: Arc::clone(shown), at });
            let changes = (0..diff.changes.len()).filter(|nth| !diff.changes[*nth].volatile);
            lines.extend(changes.map(|nth| Line::Change {
                name: name.clone(),
                diff: Arc::clone(&diff),
                nth,
            }));
        }
        None if more > 0 => lines.push(Line::Words { name, words: format!("and {more} more rules") }),
        None if broken.is_empty() => {
            let words = "The store holds nothing in its place, and no rule is broken.".to_owned();
            lines.push(Line::Words { name, words });
        }
        None => {}
    }
}

/// The files that were not looked at yet.
fn waiting(importing: Importing, shown: Option<&Shown>, lines: &mut Vec<Line>) {
    let is_found = |given: &Given| {
        shown.is_some_and(|shown| shown.found.files.iter().any(|file| file.name == given.name))
            && matches!(given.stage, Read::Read(_))
    };
    importing.files.with(|files| {
        let rest = files.iter().filter(|given| !is_found(given));
        lines.extend(rest.map(|given| Line::Waiting { id: given.id, name: given.name.clone() }));
    });
}
