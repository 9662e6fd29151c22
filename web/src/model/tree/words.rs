//! What the tree says of containers, series and folds.

use std::ops::ControlFlow;

use stateloft_core::diff::Change;
use stateloft_core::json::{Document, Limits};

use super::Value;
use crate::model::change::Glyph;
use crate::model::changes::shorten;

/// Names in a fold.
const NAMES: usize = 5;

pub(super) fn is_container(change: &Change) -> bool {
    change
        .new
        .as_deref()
        .or(change.old.as_deref())
        .is_some_and(|text| text.starts_with(['{', '[']) && text.len() > 2)
}

pub(super) fn moved_words(change: &Change) -> Value {
    let part = |mark: Glyph, count: u32, place: &str| {
        (count > 0).then(|| (mark, format!("{}{count}{place}", mark.sign())))
    };
    let (what, parts) = match (&change.series, change.splice) {
        (Some(series), _) => (
            format!("series, {} points:", series.points),
            vec![
                part(Glyph::Removed, series.removed_head, " at the head"),
                part(Glyph::Added, series.added_head, " at the head"),
                part(Glyph::Removed, series.removed_tail, " at the tail"),
                part(Glyph::Added, series.added_tail, " at the tail"),
            ],
        ),
        (None, Some(splice)) => (
            "list:".to_owned(),
            vec![
                part(Glyph::Removed, splice.removed, " taken out"),
                part(Glyph::Added, splice.added, " put in"),
            ],
        ),
        (None, None) => ("list:".to_owned(), Vec::new()),
    };
    Value::Moved { what, parts: parts.into_iter().flatten().collect() }
}

/// The values of what went or came: an array's elements; of a series its `values`.
pub(super) fn elements(text: Option<&str>) -> Vec<String> {
    let Some(document) = text.and_then(|text| Document::parse(text, &Limits::default()).ok()) else {
        return Vec::new();
    };
    let root = document.root();
    let list = root.get("values").unwrap_or(root);
    list.elements().map(|element| element.text().to_owned()).collect()
}

pub(super) fn words_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut words = String::new();
    let _ = names.enumerate().try_for_each(|(at, name)| {
        if at == NAMES {
            words.push_str(", …");
            return ControlFlow::Break(());
        }
        if at > 0 {
            words.push_str(", ");
        }
        words.push_str(&shorten(name));
        ControlFlow::Continue(())
    });
    words
}

/// A pointer's token as the key it stands for.
pub(super) fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}
