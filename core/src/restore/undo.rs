//! Which paths of a state an undo writes: those that a restore wrote, where they still are what it wrote.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Choice;
use super::choice::Between;
use crate::api::StateSelection;
use crate::diff::{Change, ChangeKind, Diff, Effort, diff_within};
use crate::json::Document;
use crate::model::Version;
use crate::schema::PathRules;

/// What an undo does to one state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undo {
    /// The ticks of a plan that goes back to the moment before the restore: they choose exactly what is to be taken back.
    pub ticks: StateSelection,
    /// Whether anything is.
    pub back: bool,
    /// Whether something that the restore wrote has been written since, and is not as it was before it either.
    pub other: bool,
}

impl Undo {
    fn nothing(other: bool) -> Self {
        Self { ticks: StateSelection { skip: true, ..StateSelection::default() }, back: false, other }
    }
}

/// Works out what to take back of a state that was `before`, got `wrote` by a restore, and is `now`.
#[must_use]
pub fn undo_state(before: Option<&Version>, wrote: &Version, now: &Version, rules: &PathRules) -> Undo {
    if before.is_some_and(|before| before.damaged.is_some()) {
        return Undo::nothing(true);
    }
    let before = before.and_then(|before| before.data.as_ref());
    if now.damaged.is_none() && now.data.as_ref() == before {
        return Undo::nothing(false);
    }
    let untouched = now.version == wrote.version || (now.damaged.is_none() && now.data == wrote.data);
    match (before, &wrote.data, &now.data) {
        (Some(before), Some(wrote), Some(now)) => paths(before, wrote, now, rules),
        // It came or went as a whole, and goes or comes back as a whole.
        _ if untouched => Undo { ticks: StateSelection::default(), back: true, other: false },
        _ => Undo::nothing(true),
    }
}

/// What tells one change from another: what it is, where, and from what to what.
type Name<'a> = (ChangeKind, &'a str, Option<&'a str>, Option<&'a str>);

fn name(change: &Change) -> Name<'_> {
    (change.kind, &change.display, change.old.as_deref(), change.new.as_deref())
}

fn paths(before: &Document, wrote: &Document, now: &Document, rules: &PathRules) -> Undo {
    let within = |old: &Document| diff_within(old, before, rules, Effort::ORDINARY).ok();
    let (Some(written), Some(present)) = (within(wrote), within(now)) else {
        // Too much to choose among: all of it or nothing.
        return if now == wrote { everything(now, before, rules) } else { Undo::nothing(true) };
    };
    let there: HashSet<Name<'_>> = present.changes.iter().map(name).collect();
    let places: BTreeSet<&str> = present.changes.iter().map(|change| change.display.as_str()).collect();
    let (mut back, mut other): (HashMap<Name<'_>, usize>, bool) = (HashMap::new(), false);
    for change in &written.changes {
        if there.contains(&name(change)) {
            *back.entry(name(change)).or_default() += 1;
        } else {
            // It is as it was before already, unless something else is there.
            other |= touches(&places, &change.display);
        }
    }
    let mut ticks = StateSelection::default();
    for change in &present.changes {
        let taken = back.get_mut(&name(change)).is_some_and(|left| {
            let any = *left > 0;
            *left -= usize::from(any);
            any
        });
        if !taken {
            ticks.left.push(change.path.clone());
        } else if change.volatile || change.protected.is_some() {
            ticks.unlocked.push(change.path.clone());
        }
    }
    settle(&mut ticks, now, before, &present, rules);
    Undo { back: !back.is_empty(), other, ticks }
}

/// Whether one of these places is this one, or in it, or around it.
fn touches(places: &BTreeSet<&str>, place: &str) -> bool {
    let inside = format!("{place}/");
    places.contains(place)
        || places.range(inside.as_str()..).next().is_some_and(|next| next.starts_with(&inside))
        || place.match_indices('/').any(|(at, _)| places.contains(&place[..at]))
}

fn everything(now: &Document, before: &Document, rules: &PathRules) -> Undo {
    let mut ticks = StateSelection::default();
    if let Ok(diff) = diff_within(now, before, rules, Effort::ORDINARY) {
        let held = diff.changes.iter().filter(|change| change.volatile || change.protected.is_some());
        ticks.unlocked = held.map(|change| change.path.clone()).collect();
    }
    Undo { ticks, back: true, other: false }
}

/// Names paths by how they are shown where a pointer would mean two things.
fn settle(ticks: &mut StateSelection, now: &Document, target: &Document, diff: &Diff, rules: &PathRules) {
    let between = Between { now, target, diff, rules };
    if between.chosen(Choice::Ticked(ticks)).is_ok() {
        return;
    }
    let shown: HashMap<&str, &str> =
        diff.changes.iter().map(|change| (change.path.as_str(), change.display.as_str())).collect();
    for path in ticks.left.iter_mut().chain(&mut ticks.unlocked) {
        if let Some(display) = shown.get(path.as_str()) {
            (*display).clone_into(path);
        }
    }
}
