//! The changes of a diff by the places they stand at.

use std::collections::{BTreeMap, HashMap, HashSet};

use statehouse_core::diff::{Change, ChangeKind, Diff};

/// A child of a container in which something changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Touched {
    /// Its token in the pointer, still escaped.
    pub(super) token: String,
    /// The name that the changes give it: `[EURUSD]` for an element with an identity.
    pub(super) name: String,
    /// It is gone: the pointer is into the older document.
    pub(super) removed: bool,
}

/// Where changes are.
#[derive(Default)]
pub(super) struct Index<'a> {
    /// Changes of a place itself.
    own: HashMap<&'a str, Vec<&'a Change>>,
    /// Children with changes in or below them, in the order of the diff.
    children: HashMap<&'a str, Vec<Touched>>,
    /// Muted changes: their containers and the names in them.
    muted: BTreeMap<&'a str, Vec<String>>,
    /// Places that are listed as children already, and whether as removed.
    listed: HashSet<(&'a str, bool)>,
}

impl<'a> Index<'a> {
    pub(super) fn of(diff: &'a Diff, volatile: bool) -> Self {
        let mut index = Self::default();
        for change in &diff.changes {
            if change.volatile && !volatile {
                let (parent, token) = cut(&change.path);
                index.muted.entry(parent).or_default().push(super::words::unescape(token));
            } else {
                index.add(change);
            }
        }
        index
    }

    fn add(&mut self, change: &'a Change) {
        self.own.entry(&change.path).or_default().push(change);
        let removed = change.kind == ChangeKind::Removed;
        let mut path = change.path.as_str();
        let mut names = names(&change.display, path.matches('/').count());
        let mut leaf = true;
        while !path.is_empty() {
            let (parent, token) = cut(path);
            let name = names.pop().unwrap_or_else(|| super::words::unescape(token));
            let touched = Touched { token: token.to_owned(), name, removed: removed && leaf };
            if !self.listed.insert((path, touched.removed)) {
                break;
            }
            self.children.entry(parent).or_default().push(touched);
            path = parent;
            leaf = false;
        }
    }

    /// Changes of the place itself.
    pub(super) fn own(&self, pointer: &str) -> &[&'a Change] {
        self.own.get(pointer).map_or(&[], Vec::as_slice)
    }

    /// Children with changes in or below them.
    pub(super) fn children(&self, pointer: &str) -> &[Touched] {
        self.children.get(pointer).map_or(&[], Vec::as_slice)
    }

    /// Names of muted children.
    pub(super) fn muted(&self, pointer: &str) -> &[String] {
        self.muted.get(pointer).map_or(&[], Vec::as_slice)
    }
}

/// The container's pointer and the last token.
fn cut(path: &str) -> (&str, &str) {
    path.rfind('/').map_or(("", path), |at| (&path[..at], &path[at + 1..]))
}

/// The parts of a path as people read it; nothing if it does not have as many parts as the pointer. A slash inside
/// `[...]` belongs to the element's name.
fn names(display: &str, parts: usize) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for (at, c) in display.char_indices() {
        match c {
            '/' if !inside => names.push(String::new()),
            _ => {
                let opens = c == '[' && names.last().is_some_and(String::is_empty);
                let closes = c == ']' && matches!(display[at + 1..].chars().next(), None | Some('/'));
                inside = (inside || opens) && !closes;
                if let Some(name) = names.last_mut() {
                    name.push(c);
                }
            }
        }
    }
    if names.len() == parts { names } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_elements_may_hold_slashes() {
        assert_eq!(names("/legs/[EUR/USD]/volume", 3), ["legs", "[EUR/USD]", "volume"]);
        assert_eq!(names("/a[1]/b", 2), ["a[1]", "b"]);
        assert!(names("/a/b/c", 2).is_empty());
    }

    #[test]
    fn every_container_on_the_way_is_touched_once() {
        let diff: Diff = serde_json::from_str(
            r#"{"changes":[{"kind":"changed","path":"/legs/0/volume","display":"/legs/[EURUSD]/volume"},
                {"kind":"added","path":"/legs/0/fee","display":"/legs/[EURUSD]/fee"},
                {"kind":"removed","path":"/note","display":"/note"},
                {"kind":"changed","path":"/beat","display":"/beat","volatile":true}],
               "counts":{"added":1,"changed":2,"removed":1,"spelling":0,"reordered":0},"equal_paths":0}"#,
        )
        .unwrap();
        let index = Index::of(&diff, false);
        let names = |pointer| {
            index.children(pointer).iter().map(|t| (t.name.as_str(), t.removed)).collect::<Vec<_>>()
        };
        assert_eq!(names(""), [("legs", false), ("note", true)]);
        assert_eq!(names("/legs"), [("[EURUSD]", false)]);
        assert_eq!(names("/legs/0"), [("volume", false), ("fee", false)]);
        assert_eq!(index.muted(""), ["beat"]);
        assert_eq!(Index::of(&diff, true).children("").len(), 3);
    }
}
