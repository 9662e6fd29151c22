//! Two documents as lines beside each other, matched as the difference matches them.
mod lines;
mod rows;

use serde::{Deserialize, Serialize};

use crate::json::Document;
use crate::schema::PathRules;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// The line is on both sides (a comma after it may be on one).
    Equal,
    /// The line changed.
    Changed,
    /// Only the new document has it.
    Added,
    /// Only the old document has it.
    Removed,
    /// Lines that are on both sides, folded away.
    Fold,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its text.
    pub text: String,
    /// Whether these characters are what changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}

/// A line of one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// From 1 on.
    pub number: u32,
    /// Its text, in pieces; two spaces a level.
    pub parts: Vec<Part>,
}

/// Lines folded away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// How many.
    pub lines: u32,
    /// The number of the first on the old side.
    pub old_number: u32,
    /// The number of the first on the new side.
    pub new_number: u32,
    /// The path of the last, as the row's is that of the first.
    pub last_path: String,
    /// The lines of the new side, with line feeds between them.
    pub text: String,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What it is.
    pub kind: RowKind,
    /// RFC 6901 pointer of what the line holds: into the old document if removed, else into the new one.
    pub path: String,
    /// The old side, unless added or folded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Line>,
    /// The new side, unless removed or folded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Line>,
    /// What is folded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<Fold>,
}

/// Both documents over lines, the old one left. Of equal lines `context` before and after every difference are rows,
/// the others are folded (three or more; fewer are not worth a fold). Without `context` nothing is folded.
///
/// Elements and members that changed places are shown where they were and where they are.
#[must_use]
pub fn side_by_side(old: &Document, new: &Document, rules: &PathRules, context: Option<usize>) -> Vec<Row> {
    let mut lines = lines::Lines::new(rows::Rows::new(old.root(), new.root(), context));
    lines.documents(rules.root());
    lines.rows.finish()
}
