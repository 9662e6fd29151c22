//! A difference as JSON Patch (RFC 6902), for other programs.
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::types::{Change, ChangeKind, Diff};
use crate::json::pointer::{array_index, escape_into, tokens};
use crate::json::writer::quote_into;
use crate::json::{Document, Node};

/// A patch that makes the new document's values of the old document. What JSON Patch cannot say (the order of keys
/// and how they are spelled) is left out.
///
/// Values are replaced first, while every place is still where it was. Then containers change, the deepest first, so
/// that the pointers of those outside stay right: in each, elements go from the last to the first, those that stay
/// are put in order, and new ones come from the first to the last.
#[must_use]
pub fn json_patch(diff: &Diff) -> String {
    let mut patch = Patch(String::from("["));
    let mut containers: BTreeMap<(Reverse<usize>, String), Container<'_>> = BTreeMap::new();
    for change in &diff.changes {
        if replaces(change) {
            let at = change.place.from.as_deref().unwrap_or(&change.path);
            patch.operation("replace", at, change.new.as_deref());
        } else {
            for (pointer, edits) in edits(change) {
                let depth = tokens(&pointer).count();
                containers.entry((Reverse(depth), pointer)).or_default().take(edits);
            }
        }
    }
    for ((_, pointer), container) in &containers {
        container.write(&mut patch, pointer);
    }
    patch.0.push(']');
    patch.0
}

fn replaces(change: &Change) -> bool {
    match change.kind {
        ChangeKind::Changed => true,
        ChangeKind::Spelling => change.place.key.is_none(),
        _ => false,
    }
}

struct Patch(String);

impl Patch {
    fn operation(&mut self, name: &str, path: &str, value: Option<&str>) {
        self.start(name);
        self.member("path", path);
        if let Some(value) = value {
            self.0.extend([",\"value\":", value]);
        }
        self.0.push('}');
    }

    fn move_element(&mut self, array: &str, from: usize, to: usize) {
        self.start("move");
        self.member("from", &format!("{array}/{from}"));
        self.member("path", &format!("{array}/{to}"));
        self.0.push('}');
    }

    fn start(&mut self, name: &str) {
        let comma = if self.0.len() > 1 { "," } else { "" };
        self.0.extend([comma, "{\"op\":\"", name, "\""]);
    }

    fn member(&mut self, name: &str, text: &str) {
        self.0.extend([",\"", name, "\":"]);
        quote_into(&mut self.0, text);
    }
}

/// What is done to the children of one container.
#[derive(Default)]
struct Container<'a> {
    /// Keys, or positions as they were.
    removed: Vec<String>,
    order: Option<&'a [u32]>,
    /// Keys, or positions as they will be, with values.
    added: Vec<(String, String)>,
}

impl<'a> Container<'a> {
    fn take(&mut self, more: Container<'a>) {
        self.removed.extend(more.removed);
        self.added.extend(more.added);
        self.order = self.order.or(more.order);
    }

    fn write(&self, patch: &mut Patch, pointer: &str) {
        let child = |token: &str| {
            let mut child = format!("{pointer}/");
            escape_into(&mut child, token);
            child
        };
        // For keys the order is of no account.
        let position = |token: &str| array_index(token).unwrap_or(0);
        let mut removed: Vec<&String> = self.removed.iter().collect();
        removed.sort_by_key(|token| Reverse(position(token)));
        for token in removed {
            patch.operation("remove", &child(token), None);
        }
        if let Some(order) = self.order {
            put_in_order(patch, pointer, order);
        }
        let mut added: Vec<&(String, String)> = self.added.iter().collect();
        added.sort_by_key(|(token, _)| position(token));
        for (token, value) in added {
            patch.operation("add", &child(token), Some(value));
        }
    }
}

/// Moves the elements that stay, which stand by their old positions, into the new order.
fn put_in_order(patch: &mut Patch, array: &str, order: &[u32]) {
    let mut now = order.to_vec();
    now.sort_unstable();
    for (to, wanted) in order.iter().enumerate() {
        if let Some(from) = now.iter().position(|at| at == wanted).filter(|from| *from != to) {
            let moving = now.remove(from);
            now.insert(to, moving);
            patch.move_element(array, from, to);
        }
    }
}

/// What a change does to which containers of the old document.
fn edits(change: &Change) -> Vec<(String, Container<'_>)> {
    let (parent, token) = match change.path.rfind('/') {
        Some(at) => (&change.path[..at], tokens(&change.path[at..]).next().unwrap_or_default().into_owned()),
        None => ("", String::new()),
    };
    let container = change.place.from.as_deref().unwrap_or(parent);
    match change.kind {
        ChangeKind::Removed => {
            vec![(parent.to_owned(), Container { removed: vec![token], ..Container::default() })]
        }
        ChangeKind::Added => {
            let added = vec![(token, change.new.clone().unwrap_or_default())];
            vec![(container.to_owned(), Container { added, ..Container::default() })]
        }
        ChangeKind::Splice if change.series.is_some() => series(change),
        ChangeKind::Splice => {
            let counts = change.splice.unwrap_or_default();
            let at = change.place.at.unwrap_or_default();
            let removed = positions(at, counts.removed);
            let come = document(change.new.as_deref()).map(|new| texts(new.root())).unwrap_or_default();
            let first = array_index(&token).unwrap_or_default();
            let added = (first..).map(|at| at.to_string()).zip(come).collect();
            vec![(container.to_owned(), Container { removed, added, order: None })]
        }
        // The order of keys is of no account.
        ChangeKind::Reordered if change.place.elements => {
            let array = change.place.from.as_ref().unwrap_or(&change.path);
            vec![(array.clone(), Container { order: change.place.order.as_deref(), ..Container::default() })]
        }
        ChangeKind::Reordered | ChangeKind::Changed | ChangeKind::Spelling => Vec::new(),
    }
}

fn series(change: &Change) -> Vec<(String, Container<'_>)> {
    let Some(series) = &change.series else { return Vec::new() };
    let from = change.place.from.as_ref().unwrap_or(&change.path);
    let kept = series.points.saturating_sub(series.added_head + series.added_tail);
    let mut removed = positions(0, series.removed_head);
    removed.extend(positions(series.removed_head + kept, series.removed_tail));
    let places = positions(0, series.added_head)
        .into_iter()
        .chain(positions(series.points.saturating_sub(series.added_tail), series.added_tail));
    let places: Vec<String> = places.collect();
    let come = document(change.new.as_deref());
    let side = |member: &str| {
        let values = come.as_ref().and_then(|come| come.root().get(member)).map(texts).unwrap_or_default();
        let added = places.iter().cloned().zip(values).collect();
        (format!("{from}/{member}"), Container { removed: removed.clone(), added, order: None })
    };
    vec![side("index"), side("values")]
}

fn positions(start: u32, count: u32) -> Vec<String> {
    (start..start + count).map(|at| at.to_string()).collect()
}

fn document(text: Option<&str>) -> Option<Document> {
    text?.parse().ok()
}

fn texts(array: Node<'_>) -> Vec<String> {
    array.elements().map(|element| element.text().to_owned()).collect()
}
