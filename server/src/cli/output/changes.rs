//! Differences, as git shows them: where, what went in red, what came in green.

use stateloft_core::api::VersionView;
use stateloft_core::diff::{Change, ChangeKind, Diff, Line, RowKind, side_by_side};
use stateloft_core::json::Document;
use stateloft_core::model::FirstChange;
use stateloft_core::schema::PathRules;

use super::style::{ADDED, HEAD, PLACE, REMOVED, styled, theirs};
use super::words::described;
use crate::cli::say::answer;

/// Lines around each difference.
const CONTEXT: usize = 3;

/// The first change of a version, in a cell: `/stop_loss 1.0832 → 1.0851 +0.0019`.
pub(in crate::cli) fn shown_change(first: &FirstChange) -> String {
    let mut parts = vec![first.path.clone()];
    match (&first.note, &first.old, &first.new) {
        (Some(note), _, _) => parts.push(note.clone()),
        (None, Some(old), Some(new)) => parts.push(format!("{old} → {new}")),
        (None, None, Some(new)) => parts.push(new.clone()),
        (None, Some(old), None) => parts.push(format!("{old} → gone")),
        (None, None, None) => {}
    }
    parts.extend(first.delta.clone());
    parts.join(" ")
}

/// What is compared, in words.
pub(in crate::cli) struct Sides {
    old: String,
    new: String,
}

impl Sides {
    pub(in crate::cli) fn new(old: String, new: String) -> Self {
        Self { old, new }
    }

    /// Two versions; before the first one there is nothing.
    pub(in crate::cli) fn of(old: Option<&VersionView>, new: &VersionView) -> Self {
        Self::new(old.map_or_else(|| "nothing".to_owned(), described), described(new))
    }

    /// Prints each change. What is noise by the schema is counted and not shown, unless all is wanted.
    pub(in crate::cli) fn print_changes(&self, diff: &Diff, all: bool) {
        self.print_heads();
        for change in diff.changes.iter().filter(|change| all || !change.volatile) {
            for line in change_lines(change) {
                answer!("{line}");
            }
        }
        let quiet = diff.changes.iter().filter(|change| change.volatile && !all).count();
        if quiet > 0 {
            answer!("({quiet} more in what is noise by its schema; --all shows them)");
        }
        if diff.is_empty() {
            answer!("(the same, byte for byte)");
        }
    }

    /// Prints both documents as lines, those that differ with some lines around them.
    pub(in crate::cli) fn print_lines(&self, old: &Document, new: &Document, rules: &PathRules) {
        self.print_heads();
        let text =
            |line: &Line| theirs(&line.parts.iter().map(|part| part.text.as_str()).collect::<String>());
        for row in side_by_side(old, new, rules, Some(CONTEXT)) {
            if let Some(fold) = &row.fold {
                answer!("{}", styled(PLACE, &format!("@@ {} equal lines @@", fold.lines)));
            }
            match (row.kind, &row.old, &row.new) {
                (RowKind::Equal, _, Some(line)) => answer!(" {}", text(line)),
                (_, old, new) => {
                    if let Some(line) = old {
                        answer!("{}", styled(REMOVED, &format!("-{}", text(line))));
                    }
                    if let Some(line) = new {
                        answer!("{}", styled(ADDED, &format!("+{}", text(line))));
                    }
                }
            }
        }
    }

    fn print_heads(&self) {
        answer!("{}", styled(HEAD, &format!("--- {}", theirs(&self.old))));
        answer!("{}", styled(HEAD, &format!("+++ {}", theirs(&self.new))));
    }
}

/// A change over lines: where it is, and its two values.
pub(in crate::cli) fn change_lines(change: &Change) -> Vec<String> {
    let place = format!("@@ {}{} @@", theirs(&change.display), said(change));
    let mut lines = vec![styled(PLACE, &place).into_owned()];
    if let Some(old) = &change.old {
        lines.push(styled(REMOVED, &format!("-{}", theirs(old))).into_owned());
    }
    if let Some(new) = &change.new {
        lines.push(styled(ADDED, &format!("+{}", theirs(new))).into_owned());
    }
    lines
}

/// What is to be said of a change besides its values.
fn said(change: &Change) -> String {
    let mut said = Vec::new();
    match change.kind {
        ChangeKind::Spelling => said.push("spelled differently".to_owned()),
        ChangeKind::Reordered => said.push("another order".to_owned()),
        ChangeKind::Added | ChangeKind::Removed | ChangeKind::Changed | ChangeKind::Splice => {}
    }
    said.extend(change.delta.clone());
    said.extend(change.percent.as_ref().map(|percent| format!("{percent} %")));
    said.extend(change.unit.clone());
    if let Some(splice) = &change.splice {
        said.push(format!("{} elements out, {} in", splice.removed, splice.added));
    }
    if let Some(series) = &change.series {
        let (gone, come) = (series.removed_head + series.removed_tail, series.added_head + series.added_tail);
        said.push(format!("the series moved on: {gone} points out, {come} in, {} now", series.points));
    }
    if change.by_place {
        said.push("paired by place".to_owned());
    }
    said.extend(change.protected.as_ref().map(|why| format!("protected: {why}")));
    said.iter().fold(String::new(), |line, part| line + "  " + &theirs(part))
}
