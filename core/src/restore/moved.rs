//! What has moved between two looks at a plan: what the second look has to be at.

use std::collections::BTreeMap;

use super::plan::{Rules, Worked};
use super::{Choice, Side};
use crate::api::{Effect, PathMoved, StateMoved, StateSelection, VersionView};
use crate::diff::{Change, Diff, Effort, diff_within};
use crate::model::Version;

/// Paths listed of one state at most.
const PATHS: usize = 200;
/// A value of more bytes is not shown.
const SHOWN: usize = 2_000;

/// What was looked at of a state: where it was to go back to, and what of it was ticked.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    /// What it was at the target; absent if it did not exist then.
    pub target: Option<&'a Version>,
    /// What was ticked.
    pub ticks: &'a StateSelection,
    /// Whether it was to be restored byte for byte.
    pub exact: bool,
}

/// What moved in a state whose head was `was` and is `now`.
#[must_use]
pub fn state_moved(was: Option<&Version>, now: &Version, looked: Looked<'_>, rules: Rules<'_>) -> StateMoved {
    let choice = Choice::among(looked.ticks, looked.exact);
    let target = looked.target.map(Side::of);
    let work_out = |head: &Version| {
        Worked::out(&now.key, &Side::of(head), target.as_ref(), choice, looked.exact, rules).ok()
    };
    let (then, today) = (was.and_then(work_out), work_out(now));
    let bound = |worked: &Option<Worked>| worked.as_ref().and_then(|worked| worked.bound.clone());
    let verdict = |worked: &Option<Worked>| worked.as_ref().map(|worked| worked.verdict.clone());
    let (verdict_was, verdict_is) = (verdict(&then), verdict(&today));
    let is_live = |version: &Version| !version.is_deleted();
    let was_live = was.is_some_and(is_live);
    let spoken = then.is_some() && verdict_was != verdict_is;
    let mut moved = StateMoved {
        key: now.key.clone(),
        was: was.map(|was| was.version),
        now: VersionView::of(now),
        counts: bound(&then) != bound(&today),
        was_live: (was_live != is_live(now)).then_some(was_live),
        verdict_was: verdict_was.filter(|_| spoken),
        verdict_is: verdict_is.filter(|_| spoken),
        paths: Vec::new(),
        more: 0,
        volatile: 0,
    };
    let (Some(old), Some(new)) = (was.and_then(|was| was.data.as_ref()), &now.data) else { return moved };
    match diff_within(old, new, (rules.paths)(&now.key.state_type), Effort::ORDINARY) {
        Ok(diff) => list(&mut moved, &diff, &Selected::of(&[then, today])),
        // Too much of it moved to say what.
        Err(_) => moved.more = 1,
    }
    moved
}

fn list(moved: &mut StateMoved, diff: &Diff, selected: &Selected) {
    let (mut written, mut others) = (Vec::new(), Vec::new());
    for change in &diff.changes {
        if selected.mean(change) {
            written.push(PathMoved { becomes: selected.becomes(&change.display), ..path(change, true) });
        } else if change.volatile {
            moved.volatile += 1;
        } else {
            others.push(path(change, false));
        }
    }
    written.append(&mut others);
    moved.more = written.len().saturating_sub(PATHS) as u64;
    written.truncate(PATHS);
    moved.paths = written;
}

fn path(change: &Change, selected: bool) -> PathMoved {
    PathMoved {
        path: change.path.clone(),
        display: change.display.clone(),
        selected,
        was: shown(change.old.as_ref()),
        now: shown(change.new.as_ref()),
        delta: change.delta.clone(),
        becomes: None,
    }
}

fn shown(text: Option<&String>) -> Option<String> {
    text.filter(|text| text.len() <= SHOWN).cloned()
}

/// The paths that a plan writes, at either look, and what it writes there now.
struct Selected {
    paths: BTreeMap<String, Option<String>>,
    /// The state is deleted as a whole, but for what is noise.
    whole: bool,
}

impl Selected {
    fn of(looks: &[Option<Worked>]) -> Self {
        let mut this = Self { paths: BTreeMap::new(), whole: false };
        for planned in looks.iter().flatten().map(|worked| &worked.planned) {
            this.whole |= planned.effect == Effect::Deleted;
            let changes = planned.diff.iter().flat_map(|diff| &diff.changes).zip(&planned.chosen);
            let chosen = changes.filter(|(_, chosen)| **chosen);
            this.paths.extend(chosen.map(|(change, _)| (change.display.clone(), shown(change.new.as_ref()))));
        }
        this
    }

    fn becomes(&self, display: &str) -> Option<String> {
        self.paths.get(display).cloned().flatten()
    }

    /// Whether what moved is one of them, or holds one, or lies in one.
    fn mean(&self, change: &Change) -> bool {
        if self.whole {
            return !change.volatile;
        }
        let path = change.display.as_str();
        let inside = format!("{path}/");
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        self.paths.contains_key(path)
            || self.paths.range(inside.clone()..).next().is_some_and(|(next, _)| next.starts_with(&inside))
            || above.into_iter().any(|above| self.paths.contains_key(above))
    }
}
