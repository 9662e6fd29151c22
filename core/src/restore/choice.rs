//! Which changes of a state a restore writes.
use std::collections::HashSet;

use crate::api::{Selection, StateSelection};
use crate::diff::{Change, ChangeKind, Diff};
use crate::json::pointer::{escape_into, tokens};
use crate::json::{Document, Kind, Node, Pointer};
use crate::model::StateKey;
use crate::schema::{PathRules, RulesAt};

/// What of a state is to be restored.
#[derive(Debug, Clone, Copy)]
pub enum Choice<'a> {
    /// All of it: an undo, or a restore that nobody looked at.
    Everything,
    /// What is neither noise nor protected, but for the ticks that were changed.
    Ticked(&'a StateSelection),
}

impl<'a> Choice<'a> {
    /// By these ticks; with `everything` by whether they skip the state alone.
    #[must_use]
    pub fn among(ticks: &'a StateSelection, everything: bool) -> Self {
        if everything && !ticks.skip { Self::Everything } else { Self::Ticked(ticks) }
    }
}

/// A selection that cannot be obeyed. Better said than passed over: what is not understood would mean everything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} {why}")]
pub struct Unclear {
    /// The path as it was given.
    pub path: String,
    /// What is wrong with it, and what to do.
    pub why: &'static str,
}

impl Unclear {
    fn new(path: &str, why: &'static str) -> Self {
        Self { path: path.to_owned(), why }
    }
}

const NOWHERE: &str = "is neither in what is there now nor in what was there at the target: name a path as in the plan's changes, \
                       with \"~1\" for a slash in a key";
const AMBIGUOUS: &str = "means one thing now and another at the target: name the element as it is shown, by its identity in \
                         brackets, or the paths inside it";
const SHARED: &str = "is shown of several elements, which have the same identity: name the one that is meant by its position, as in the \
                      path of the plan's change";
const WHOLE: &str =
    "cannot be chosen by itself: this state comes back or goes as a whole, so skip it or take it";
const EXACT: &str = "cannot be chosen in a restore that is exact: skip states, or leave \"exact\" out";

/// How a [`Selection`] names a state: `<type>/<id>`.
#[must_use]
pub fn selection_key(key: &StateKey) -> String {
    format!("{}/{}", key.state_type, key.state_id)
}

/// The states that a selection names.
///
/// # Errors
/// A name that can be no state's.
pub fn named(selection: &Selection) -> Result<Vec<StateKey>, String> {
    let state = |name: &String| {
        let key = name.split_once('/').and_then(|(kind, id)| StateKey::new(kind, id).ok());
        key.ok_or_else(|| name.clone())
    };
    selection.keys().map(state).collect()
}

/// Refuses paths of a selection where nothing can be chosen among.
pub(super) fn only_skips(choice: Choice<'_>, exact: bool) -> Result<(), Unclear> {
    let Choice::Ticked(ticks) = choice else { return Ok(()) };
    match ticks.left.iter().chain(&ticks.unlocked).next() {
        Some(path) => Err(Unclear::new(path, if exact { EXACT } else { WHOLE })),
        None => Ok(()),
    }
}

/// Refuses paths of a selection that are nowhere in a state that is as it was.
pub(super) fn exist(document: &Document, choice: Choice<'_>, rules: &PathRules) -> Result<(), Unclear> {
    let Choice::Ticked(ticks) = choice else { return Ok(()) };
    for path in ticks.left.iter().chain(&ticks.unlocked) {
        match places(document, path, rules) {
            0 => return Err(Unclear::new(path, NOWHERE)),
            1 => {}
            _ => return Err(Unclear::new(path, SHARED)),
        }
    }
    Ok(())
}

/// Two documents, what differs between them, and what their paths mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Between<'a> {
    pub(super) now: &'a Document,
    pub(super) target: &'a Document,
    pub(super) diff: &'a Diff,
    pub(super) rules: &'a PathRules,
}

impl Between<'_> {
    /// For each change whether it is written. Noise and what is protected is left as it is unless it is unlocked.
    ///
    /// A path of the selection is a change's pointer, or the change as it is shown; one at which nothing changed means
    /// everything inside. An index is a position in the target; only what the target does not have is named by its
    /// position now.
    pub(super) fn chosen(&self, choice: Choice<'_>) -> Result<Vec<bool>, Unclear> {
        let changes = &self.diff.changes;
        let ticks = match choice {
            Choice::Everything => return Ok(vec![true; changes.len()]),
            Choice::Ticked(ticks) => ticks,
        };
        let left = self.meant(&ticks.left)?;
        let unlocked = self.meant(&ticks.unlocked)?;
        if ticks.skip {
            return Ok(vec![false; changes.len()]);
        }
        let written = |(at, change): (usize, &Change)| {
            let held_back = change.volatile || change.protected.is_some();
            !left.contains(&at) && (!held_back || unlocked.contains(&at))
        };
        Ok(changes.iter().enumerate().map(written).collect())
    }

    /// The places among the changes that paths mean.
    fn meant(&self, paths: &[String]) -> Result<HashSet<usize>, Unclear> {
        let mut meant = HashSet::new();
        for path in paths {
            meant.extend(self.meant_by(path)?);
        }
        Ok(meant)
    }

    fn meant_by(&self, path: &str) -> Result<Vec<usize>, Unclear> {
        let there = [self.now, self.target].map(|document| places(document, path, self.rules));
        if there.iter().any(|places| *places > 1) {
            return Err(Unclear::new(path, SHARED));
        }
        let at = self.placed(path, |place, path| place == path)?;
        let inside =
            |place: &str, path: &str| place.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        let inside = self.placed(path, inside)?;
        let gone = |at: &usize| self.diff.changes[*at].kind == ChangeKind::Removed;
        if at.iter().any(gone) && !inside.is_empty() {
            // It is gone from there, and something else is there.
            return Err(Unclear::new(path, AMBIGUOUS));
        }
        if !at.is_empty() {
            return Ok(at);
        }
        if inside.is_empty() && there == [0, 0] {
            return Err(Unclear::new(path, NOWHERE));
        }
        Ok(inside)
    }

    /// The changes whose place is as asked: as a pointer, or as it is shown. Both readings must mean the same ones, and a
    /// pointer either what is gone or what is there.
    fn placed(&self, path: &str, is: impl Fn(&str, &str) -> bool) -> Result<Vec<usize>, Unclear> {
        let found = |place: fn(&Change) -> &str| -> Vec<usize> {
            let changes = self.diff.changes.iter().enumerate();
            changes.filter(|(_, change)| is(place(change), path)).map(|(at, _)| at).collect()
        };
        let by_pointer = found(|change| &change.path);
        let by_name = found(|change| &change.display);
        let of = |at: &usize| &self.diff.changes[*at];
        let gone = |at: &usize| of(at).kind == ChangeKind::Removed;
        let elsewhere = |at: &usize| !gone(at) && !was_at(of(at), path);
        let two_things = by_pointer.iter().any(gone) && by_pointer.iter().any(elsewhere);
        let two_readings = !by_pointer.is_empty() && !by_name.is_empty() && by_pointer != by_name;
        if two_things || two_readings {
            return Err(Unclear::new(path, AMBIGUOUS));
        }
        Ok(if by_pointer.is_empty() { by_name } else { by_pointer })
    }
}

/// Whether what a change is about stands at or in this path of the old document, too.
fn was_at(change: &Change, path: &str) -> bool {
    let added = matches!(change.kind, ChangeKind::Added | ChangeKind::Splice);
    match change.place.from.as_deref() {
        None => !(added && change.path == path),
        Some(from) => from.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    }
}

/// How many things of a document are at a pointer, which is one or none, or at a path as it is shown.
fn places(document: &Document, path: &str, rules: &PathRules) -> usize {
    let pointed = Pointer::parse(path).is_ok()
        && tokens(path).try_fold(document.root(), |node, token| node.child(&token)).is_some();
    if pointed { 1 } else { shown(document.root(), path, rules.root()) }
}

/// How many things in a node are shown as this path. Where elements share an identity, what is in one of them alone could be
/// meant of each.
fn shown(node: Node<'_>, rest: &str, rules: RulesAt<'_>) -> usize {
    let Some(rest) = rest.strip_prefix('/') else { return usize::from(rest.is_empty()) };
    let below = |token: &str, node: Node<'_>, rules: RulesAt<'_>| {
        let left = rest.strip_prefix(token).filter(|left| left.is_empty() || left.starts_with('/'));
        left.map_or(0, |left| shown(node, left, rules))
    };
    match node.kind() {
        Kind::Object => {
            let of = |key: &str, value| {
                let mut token = String::new();
                escape_into(&mut token, key);
                below(&token, value, rules.member(key))
            };
            node.members().map(|member| of(&member.key.decoded(), member.value)).sum()
        }
        Kind::Array => {
            let names = || node.elements().enumerate().map(|(at, element)| element_name(at, element, rules));
            let elements = names().zip(node.elements());
            let found = elements.map(|(name, element)| match below(&name, element, rules.element()) {
                0 => 0,
                found => found * names().filter(|other| *other == name).count(),
            });
            found.sum()
        }
        _ => 0,
    }
}

/// How an element is shown in a path: by its identity, else by its position.
fn element_name(at: usize, element: Node<'_>, rules: RulesAt<'_>) -> String {
    let identity = rules.identity().and_then(|identity| element.get(identity));
    identity.map_or_else(
        || at.to_string(),
        |name| format!("[{}]", name.as_str().unwrap_or_else(|| name.text().into())),
    )
}
