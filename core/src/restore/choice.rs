//! Which changes of a state a restore writes.
use std::collections::HashSet;

use crate::api::{Selection, StateSelection};
use crate::diff::{Change, Diff};
use crate::json::Pointer;
use crate::model::StateKey;

/// What of a state is to be restored.
#[derive(Debug, Clone, Copy)]
pub enum Choice<'a> {
    /// All of it: an undo, or a restore that nobody looked at.
    Everything,
    /// What is neither noise nor protected, but for the ticks that were changed.
    Ticked(&'a StateSelection),
}

/// How a [`Selection`] names a state: `<type>/<id>`.
#[must_use]
pub fn selection_key(key: &StateKey) -> String {
    format!("{}/{}", key.state_type, key.state_id)
}

/// Something in a selection that can mean no state, or no path: better said than passed over.
pub(super) fn misspelled(selection: &Selection) -> Option<String> {
    let names_a_state =
        |name: &str| name.split_once('/').is_some_and(|(kind, id)| StateKey::new(kind, id).is_ok());
    for (name, ticks) in selection {
        if !names_a_state(name) {
            return Some(format!("{name:?} is not a state's <type>/<id>"));
        }
        let wrong = ticks.left.iter().chain(&ticks.unlocked).find(|path| Pointer::parse(path).is_err());
        if let Some(path) = wrong {
            return Some(format!("{path:?} is not a JSON pointer"));
        }
    }
    None
}

/// For each change of `diff` whether it is written. Noise and what is protected is left as it is unless it is unlocked.
///
/// A path of the selection means the changes at exactly that path; one at which nothing changed means everything inside.
#[must_use]
pub fn chosen(diff: &Diff, choice: Choice<'_>) -> Vec<bool> {
    let selection = match choice {
        Choice::Everything => return vec![true; diff.changes.len()],
        Choice::Ticked(selection) if selection.skip => return vec![false; diff.changes.len()],
        Choice::Ticked(selection) => selection,
    };
    let changed: HashSet<&str> = diff.changes.iter().map(|change| change.path.as_str()).collect();
    let left = Paths::new(&selection.left, &changed);
    let unlocked = Paths::new(&selection.unlocked, &changed);
    let written = |change: &Change| {
        let held_back = change.volatile || change.protected.is_some();
        !left.mean(change) && (!held_back || unlocked.mean(change))
    };
    diff.changes.iter().map(written).collect()
}

/// Paths of a selection.
struct Paths<'a> {
    exact: HashSet<&'a str>,
    /// Places where nothing changed, each for what is inside.
    around: Vec<&'a str>,
}

impl<'a> Paths<'a> {
    fn new(paths: &'a [String], changed: &HashSet<&str>) -> Self {
        let (exact, around): (Vec<_>, _) =
            paths.iter().map(String::as_str).partition(|path| changed.contains(path));
        Self { exact: exact.into_iter().collect(), around }
    }

    fn mean(&self, change: &Change) -> bool {
        let inside =
            |around: &&str| change.path.strip_prefix(*around).is_some_and(|rest| rest.starts_with('/'));
        self.exact.contains(change.path.as_str()) || self.around.iter().any(inside)
    }
}
