//! The changes of a diff by the places they stand at.

use std::collections::{BTreeMap, HashMap, HashSet};

use stateloft_core::diff::{Change, ChangeKind, Diff};

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

/// The children of a container in which something changed, in the order of the diff.
#[derive(Debug, Default)]
pub(super) struct Children {
    pub(super) list: Vec<Touched>,
    /// Places in the list of those that are not gone, by token.
    places: HashMap<String, usize>,
}

impl Children {
    /// The place of a child that both documents have, or the newer one.
    pub(super) fn place_of(&self, token: &str) -> Option<usize> {
        self.places.get(token).copied()
    }
}

/// Where changes are: made once for a diff, since there may be very many.
#[derive(Debug, Default)]
pub struct Index {
    /// Changes of a place itself, as places in the diff.
    own: HashMap<String, Vec<usize>>,
    children: HashMap<String, Children>,
    /// Muted changes: their containers and the names in them.
    muted: BTreeMap<String, Vec<String>>,
}

impl Index {
    /// The places of a diff's changes, of the volatile ones too where these are shown.
    #[must_use]
    pub fn of(diff: &Diff, volatile: bool) -> Self {
        let mut index = Self::default();
        // Places that are listed as children already, and whether as removed.
        let mut listed = HashSet::new();
        for (at, change) in diff.changes.iter().enumerate() {
            if change.volatile && !volatile {
                let (parent, token) = cut(&change.path);
                index.muted.entry(parent.to_owned()).or_default().push(super::words::unescape(token));
            } else {
                index.own.entry(change.path.clone()).or_default().push(at);
                index.add(change, &mut listed);
            }
        }
        index
    }

    fn add<'a>(&mut self, change: &'a Change, listed: &mut HashSet<(&'a str, bool)>) {
        let removed = change.kind == ChangeKind::Removed;
        let mut path = change.path.as_str();
        let mut names = names(&change.display, path.matches('/').count());
        let mut leaf = true;
        while !path.is_empty() {
            let (parent, token) = cut(path);
            let name = names.pop().unwrap_or_else(|| super::words::unescape(token));
            let removed = removed && leaf;
            if !listed.insert((path, removed)) {
                break;
            }
            let children = self.children.entry(parent.to_owned()).or_default();
            if !removed {
                children.places.insert(token.to_owned(), children.list.len());
            }
            children.list.push(Touched { token: token.to_owned(), name, removed });
            path = parent;
            leaf = false;
        }
    }

    /// Changes of the place itself, as places in the diff.
    pub(super) fn own(&self, pointer: &str) -> &[usize] {
        self.own.get(pointer).map_or(&[], Vec::as_slice)
    }

    /// Children with changes in or below them.
    pub(super) fn children(&self, pointer: &str) -> Option<&Children> {
        self.children.get(pointer)
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
            let children = index.children(pointer).unwrap();
            children.list.iter().map(|t| (t.name.as_str(), t.removed)).collect::<Vec<_>>()
        };
        assert_eq!(names(""), [("legs", false), ("note", true)]);
        assert_eq!(names("/legs"), [("[EURUSD]", false)]);
        assert_eq!(names("/legs/0"), [("volume", false), ("fee", false)]);
        assert_eq!(index.muted(""), ["beat"]);
        assert_eq!(index.children("").unwrap().place_of("legs"), Some(0));
        assert_eq!(index.children("").unwrap().place_of("note"), None, "it is gone");
        assert_eq!(Index::of(&diff, true).children("").unwrap().list.len(), 3);
    }
}
