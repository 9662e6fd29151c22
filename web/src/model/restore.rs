//! The ticks on a restore plan: what they select, what the button says, and what is still missing before it may act.

use std::collections::BTreeMap;

use stateloft_core::api::{Effect, HeldBy, Plan, PlanCounts, PlannedState, Selection, StateSelection};
use stateloft_core::diff::Change;
use stateloft_core::model::{StateKey, Verdict};
use stateloft_core::restore::selection_key;

use super::number;

/// A box: all, some or none of what is below it is ticked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// Everything.
    On,
    /// Some.
    Mixed,
    /// Nothing.
    Off,
}

impl Tick {
    fn of(ticked: usize, all: usize) -> Self {
        match ticked {
            0 => Self::Off,
            some if some < all => Self::Mixed,
            _ => Self::On,
        }
    }

    /// For `aria-checked`.
    #[must_use]
    pub fn aria(self) -> &'static str {
        match self {
            Self::On => "true",
            Self::Mixed => "mixed",
            Self::Off => "false",
        }
    }
}

/// What becomes of one path of a changed state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFate {
    /// It is written.
    Written,
    /// Its box is off.
    Left,
    /// It is protected and locked.
    Kept,
    /// It is noise and stays as it is.
    Volatile,
}

/// What becomes of the path of `change` under this selection.
#[must_use]
pub fn fate(change: &Change, selected: Option<&StateSelection>) -> PathFate {
    let listed = |paths: fn(&StateSelection) -> &Vec<String>| {
        selected.is_some_and(|selected| paths(selected).contains(&change.path))
    };
    let unlocked = listed(|selected| &selected.unlocked);
    if change.volatile && !unlocked {
        PathFate::Volatile
    } else if change.protected.is_some() && !unlocked {
        PathFate::Kept
    } else if selected.is_some_and(|selected| selected.skip) || listed(|selected| &selected.left) {
        PathFate::Left
    } else {
        PathFate::Written
    }
}

/// How many of a state's paths are written, and how many boxes there are.
#[must_use]
pub fn ticked(changes: &[Change], selected: Option<&StateSelection>) -> (usize, usize) {
    let fates = changes.iter().map(|change| fate(change, selected));
    fates.fold((0, 0), |(written, all), fate| match fate {
        PathFate::Written => (written + 1, all + 1),
        PathFate::Left => (written, all + 1),
        PathFate::Kept | PathFate::Volatile => (written, all),
    })
}

/// The box of a state whose changes have been read.
#[must_use]
pub fn tick_of_changes(changes: &[Change], selected: Option<&StateSelection>) -> Tick {
    let (written, all) = ticked(changes, selected);
    Tick::of(written, all)
}

/// The box of a state of which only numbers are known.
#[must_use]
pub fn tick_of_state(state: &PlannedState, outcome: &Outcome, ticks: Option<&StateSelection>) -> Tick {
    match ticks {
        Some(ticks) if ticks.skip => Tick::Off,
        // What is not ticked by default (protected, volatile) does not make a box mixed.
        None => Tick::On,
        Some(_) => Tick::of(outcome.selected as usize, (state.paths as usize).max(1)),
    }
}

/// Ticks or unticks a whole state. What was unlocked stays unlocked.
pub fn set_state(selection: &mut Selection, key: &StateKey, on: bool) {
    change(selection, key, |selected| {
        selected.skip = !on;
        selected.left.clear();
    });
}

/// Ticks or unticks one path. Ticking a path of a state that is off leaves out all its other paths.
pub fn set_path(selection: &mut Selection, key: &StateKey, changes: &[Change], path: &str, on: bool) {
    change(selection, key, |selected| {
        if selected.skip {
            let boxed = StateSelection { skip: false, left: Vec::new(), unlocked: selected.unlocked.clone() };
            let written = changes.iter().filter(|change| fate(change, Some(&boxed)) == PathFate::Written);
            selected.left = written.map(|change| change.path.clone()).collect();
            selected.skip = false;
        }
        set_member(&mut selected.left, path, !on);
    });
}

/// Unlocks or locks a protected path. An unlocked path starts ticked: that is what unlocking is for.
pub fn set_unlocked(selection: &mut Selection, key: &StateKey, path: &str, unlocked: bool) {
    change(selection, key, |selected| {
        set_member(&mut selected.unlocked, path, unlocked);
        set_member(&mut selected.left, path, false);
    });
}

fn change(selection: &mut Selection, key: &StateKey, edit: impl FnOnce(&mut StateSelection)) {
    let name = selection_key(key);
    let mut selected = selection.remove(&name).unwrap_or_default();
    edit(&mut selected);
    if selected != StateSelection::default() {
        selection.insert(name, selected);
    }
}

/// Members are kept in order, so that the same ticks always give the same plan.
fn set_member(paths: &mut Vec<String>, path: &str, member: bool) {
    match (paths.binary_search_by(|other| other.as_str().cmp(path)), member) {
        (Err(at), true) => paths.insert(at, path.to_owned()),
        (Ok(at), false) => {
            paths.remove(at);
        }
        _ => {}
    }
}

/// Ticks that still mean something in a fresh plan: of what comes or goes as a whole now, only whether it is skipped.
#[must_use]
pub fn carried_over(selection: &Selection, fresh: &Plan) -> Selection {
    let kept = |state: &PlannedState| {
        let name = selection_key(&state.key);
        let ticks = selection.get(&name)?;
        let whole = !matches!(would_be(state), Effect::Changed | Effect::Equal);
        let ticks = if whole {
            StateSelection { skip: ticks.skip, ..StateSelection::default() }
        } else {
            ticks.clone()
        };
        (ticks != StateSelection::default()).then_some((name, ticks))
    };
    fresh.states.iter().filter_map(kept).collect()
}

/// What would happen to a state if everything of it were ticked.
#[must_use]
pub fn would_be(state: &PlannedState) -> Effect {
    let then = state.target.as_ref().is_some_and(|target| target.content_hash.is_some());
    let damaged = state.target.as_ref().is_some_and(|target| target.damaged);
    match (state.now.content_hash.is_some(), then) {
        _ if damaged => Effect::Damaged,
        _ if state.paths == 0 => Effect::Equal,
        (true, true) => Effect::Changed,
        (false, true) => Effect::Recreated,
        (true, false) => Effect::Deleted,
        (false, false) => Effect::Equal,
    }
}

/// What the ticks make of one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What happens to it.
    pub effect: Effect,
    /// What today's rules say of the result.
    pub verdict: Verdict,
    /// How many of its paths are written.
    pub selected: u32,
}

impl Outcome {
    /// What the plan says, for the ticks it was made with.
    #[must_use]
    pub fn planned(state: &PlannedState) -> Self {
        Self { effect: state.effect, verdict: state.verdict.clone(), selected: state.selected }
    }
}

/// What becomes of a state under ticks that may be newer than the plan: as planned if they are the same, nothing if it is
/// skipped, else what the browser worked out; until that is there, what would be without any ticks.
#[must_use]
pub fn outcome(
    state: &PlannedState,
    planned: Option<&StateSelection>,
    ticks: Option<&StateSelection>,
    worked_out: Option<Outcome>,
) -> Outcome {
    if ticks.is_some_and(|ticks| ticks.skip) {
        return Outcome { effect: Effect::Equal, verdict: Verdict::NotChecked, selected: 0 };
    }
    if ticks == planned {
        return Outcome::planned(state);
    }
    worked_out.unwrap_or_else(|| Outcome {
        effect: would_be(state),
        verdict: Verdict::NotChecked,
        selected: state.paths,
    })
}

/// Totals of what the ticks would write. `in_scope` is how many states the scope has.
#[must_use]
pub fn tally(outcomes: impl Iterator<Item = Outcome>, in_scope: u64) -> PlanCounts {
    let mut counts = PlanCounts::default();
    for outcome in outcomes {
        match outcome.effect {
            Effect::Equal => continue,
            Effect::Changed => counts.changed += 1,
            Effect::Recreated => counts.recreated += 1,
            Effect::Deleted => counts.deleted += 1,
            Effect::Damaged => {
                counts.damaged += 1;
                continue;
            }
        }
        counts.invalid += u64::from(outcome.verdict.is_invalid());
    }
    counts.equal = in_scope.saturating_sub(counts.written() + counts.damaged);
    counts
}

/// States of which something moved that the plan binds: as keys with the version that `shown` was made for, if it has the
/// state. A head that moved elsewhere does not count. Where the ticks are others by now, it is not known, and counts.
#[must_use]
pub fn moved(shown: &Plan, fresh: &Plan) -> Vec<(StateKey, Option<u64>)> {
    let known: BTreeMap<&StateKey, &PlannedState> =
        shown.states.iter().map(|state| (&state.key, state)).collect();
    let ticks = |plan: &Plan, state: &PlannedState| {
        plan.selection.get(&selection_key(&state.key)).cloned().unwrap_or_default()
    };
    let counts = |state: &&PlannedState| match known.get(&state.key) {
        None => state.bound.is_some(),
        Some(old) if old.now.version == state.now.version => false,
        Some(old) => old.bound != state.bound || ticks(shown, old) != ticks(fresh, state),
    };
    let states = fresh.states.iter().filter(counts);
    states.map(|state| (state.key.clone(), known.get(&state.key).map(|old| old.now.version.0))).collect()
}

/// `3 states`, `1 state`.
#[must_use]
pub fn states_word(count: u64) -> String {
    if count == 1 { "1 state".to_owned() } else { format!("{count} states") }
}

/// `2 changed, 1 recreated, 0 deleted`.
#[must_use]
pub fn counts_words(counts: &PlanCounts) -> String {
    format!("{} changed, {} recreated, {} deleted", counts.changed, counts.recreated, counts.deleted)
}

/// What the main button says: what it would do, and how many paths of that have not been looked at.
#[must_use]
pub fn button_text(counts: &PlanCounts, unseen: u64) -> String {
    let unseen = match unseen {
        0 => String::new(),
        unseen => format!(", {} not looked at", number::counted(unseen, "path", "paths")),
    };
    match counts.written() {
        0 => "Nothing to write".to_owned(),
        written => format!("Write {}{unseen}: {}", states_word(written), counts_words(counts)),
    }
}

/// Whether the results are the target, byte for byte: `all exact`, `1 of 3 exact`; nothing where nothing is known of it.
#[must_use]
pub fn exact_text(counts: &PlanCounts) -> String {
    match (counts.exact, counts.written()) {
        (_, 0) => String::new(),
        (exact, written) if exact == written => "exactly the target".to_owned(),
        (0, _) => "not exactly the target: old values beside those of now".to_owned(),
        (exact, written) => {
            format!("{exact} of {written} exactly the target, the others old values beside those of now")
        }
    }
}

/// What the result card says: the button's words in the past tense.
#[must_use]
pub fn result_text(counts: &PlanCounts) -> String {
    format!("{} written: {}", states_word(counts.written()), counts_words(counts))
}

/// Whether the browser and the server worked out the same plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// The answer for the present ticks is on its way.
    Waiting,
    /// Both have the same hash.
    Agreed,
    /// They differ: one of them is wrong, so nothing may be written.
    Differ,
    /// The server did not answer.
    Unanswered,
    /// The browser could not work the plan out.
    Unchecked,
    /// Heads have moved: a newer plan is there.
    Outdated,
}

/// What the user filled in beside the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Why.
    pub reason: String,
    /// The box "I accept n violations".
    pub accept: bool,
    /// The number typed to confirm deletions.
    pub typed: String,
    /// How long a run's word is waited for, in seconds, as typed; as the server has it where nothing is.
    pub wait: String,
}

/// How long the console waits for a run's word at most, in seconds: its request is answered only then.
pub const LONGEST_WAIT: u64 = 90;

impl Form {
    /// How long a run's word is waited for; nothing where that is left to the server.
    ///
    /// # Errors
    /// What is wrong with what was typed.
    pub fn wait_seconds(&self) -> Result<Option<u64>, String> {
        let typed = self.wait.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        let seconds = typed.parse().ok().filter(|seconds| (1..=LONGEST_WAIT).contains(seconds));
        seconds.map(Some).ok_or_else(|| format!("Wait for 1 to {LONGEST_WAIT} seconds."))
    }
}

/// `grid.main.2 on box-7 and 1 more`: who holds some of what a plan would write; nothing where nobody does.
#[must_use]
pub fn holders(held_by: &[HeldBy]) -> Option<String> {
    let first = held_by.first()?;
    let host =
        first.host.as_deref().map(|host| format!(" on {}", super::hidden::told(host))).unwrap_or_default();
    let more = match held_by.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("{}{host}{more}", first.run_id))
}

/// What is still missing before the button may act; the first one is said. `moved`: how many ticked paths have moved and have not
/// been looked at again.
#[must_use]
pub fn missing(form: &Form, counts: &PlanCounts, agreement: Agreement, moved: u64) -> Option<String> {
    if counts.written() == 0 {
        return Some("Everything ticked is equal to the target already.".to_owned());
    }
    match agreement {
        Agreement::Waiting => return Some("The server is working out the same plan.".to_owned()),
        Agreement::Differ => {
            return Some("Browser and server worked out different plans. Load the plan again.".to_owned());
        }
        Agreement::Unanswered => return Some("The server has not confirmed this plan.".to_owned()),
        Agreement::Outdated => return Some("States have moved: look at the fresh plan.".to_owned()),
        Agreement::Unchecked => {
            return Some("The browser could not work out the same plan. Load the page again.".to_owned());
        }
        Agreement::Agreed => {}
    }
    if moved > 0 {
        let paths = number::counted(moved, "ticked path has moved", "ticked paths have moved");
        return Some(format!(
            "{paths} and not been looked at since: set the eye, accept the fresh plan, or leave the state out."
        ));
    }
    if form.reason.trim().is_empty() {
        return Some("Say why: the reason is kept with every new version.".to_owned());
    }
    if let Err(wrong) = form.wait_seconds() {
        return Some(wrong);
    }
    if counts.invalid > 0 && !form.accept {
        return Some("Accept the violations, or untick what breaks a rule.".to_owned());
    }
    if counts.deleted > 0 && form.typed.trim() != counts.deleted.to_string() {
        return Some(format!("Type {} to confirm: that many states are deleted.", counts.deleted));
    }
    None
}

#[cfg(test)]
#[path = "restore_tests.rs"]
mod tests;
