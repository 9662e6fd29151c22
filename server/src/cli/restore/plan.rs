//! A plan as people read it.

use stateloft_core::api::{DiffView, Effect, Plan, PlanCounts, PlannedState};
use stateloft_core::diff::Diff;
use stateloft_core::model::{Operation, StateKey, Verdict, VersionNumber, is_session};

use super::asking::held;
use crate::cli::client::{Client, Query};
use crate::cli::failure::Failure;
use crate::cli::output::style::{ADDED, HEAD, PLACE, REMOVED, WARNED, styled, theirs};
use crate::cli::output::{change_lines, verdict_words};
use crate::cli::say::{write_answer, write_remark};

/// States of which each change is shown, and changes of each; all others are counted.
pub(super) const SHOWN: usize = 10;
/// States that stay as they are that are named.
const LEFT_OUT: usize = 20;

/// Prints a plan, on standard output or beside it.
pub(super) async fn print(client: &Client, plan: &Plan, is_answer: bool) {
    let say = |line: &str| {
        if is_answer { write_answer(format_args!("{line}")) } else { write_remark(format_args!("{line}")) }
    };
    let time = plan.target_time.map(|time| format!(", {time}")).unwrap_or_default();
    say(&styled(HEAD, &format!("plan {}", plan.plan)));
    say(&format!("Back to         {} (seq {}{time})", theirs(&plan.target.to_string()), plan.target_seq));
    let mut shown = 0;
    for state in plan.states.iter().filter(|state| state.effect != Effect::Equal) {
        say(&Row::of(state).line());
        if state.effect == Effect::Changed && shown < SHOWN {
            shown += 1;
            let lines = changes(client, state).await;
            // The plan is a plan all the same.
            let lines =
                lines.unwrap_or_else(|failure| vec![format!("(cannot be shown: {})", failure.message)]);
            for line in lines {
                say(&format!("      {line}"));
            }
        }
    }
    for line in &totals(&plan.counts, &plan.snapshot_before) {
        say(line);
    }
    for line in held(&plan.held_by) {
        say(&line);
    }
    for line in left_out(&plan.left_out) {
        say(&line);
    }
}

/// What differs and stays: sessions of live runs, and records of runs, of which there may be many.
pub(super) fn left_out(keys: &[StateKey]) -> Vec<String> {
    let named = keys.iter().take(LEFT_OUT).map(|key| {
        let why = if is_session(key) { "its run is live" } else { "the server keeps it of runs" };
        format!("Left as it is   {}: {why}; --state names it all the same", theirs(&key.to_string()))
    });
    let more = keys.len().saturating_sub(LEFT_OUT);
    named.chain((more > 0).then(|| format!("Left as it is   {more} more; --json has all"))).collect()
}

/// What a plan would write in all.
pub(super) fn totals(counts: &PlanCounts, snapshot_before: &str) -> Vec<String> {
    let mut lines = vec![format!("Would write     {}; unchanged: {}", counted(counts), counts.equal)];
    if counts.invalid > 0 {
        lines.push(styled(WARNED, &format!("Break rules     {}", counts.invalid)).into_owned());
    }
    if counts.damaged > 0 {
        let damaged = format!("Damaged         {}: they are left as they are", counts.damaged);
        lines.push(styled(WARNED, &damaged).into_owned());
    }
    if counts.written() > 0 {
        lines.push(format!("Before it       snapshot:{snapshot_before} is taken"));
    }
    lines
}

/// How many states, by what happens to them.
pub(super) fn counted(counts: &PlanCounts) -> String {
    let states = if counts.written() == 1 { "state" } else { "states" };
    let PlanCounts { changed, recreated, deleted, .. } = counts;
    format!("{} {states}: {changed} changed, {recreated} recreated, {deleted} deleted", counts.written())
}

/// A state of a plan, as it is said in a line.
pub(super) struct Row<'p> {
    pub(super) key: &'p StateKey,
    pub(super) effect: Effect,
    /// The version that it has; none if it never existed.
    pub(super) now: Option<VersionNumber>,
    pub(super) next: VersionNumber,
    pub(super) selected: u32,
    pub(super) paths: u32,
    /// What is said of the result, if there is one, and whether it is the target's text.
    pub(super) result: Option<(&'p Verdict, bool)>,
    /// What the target is: as it was, as in the file.
    pub(super) target: &'static str,
}

impl<'p> Row<'p> {
    fn of(state: &'p PlannedState) -> Self {
        Self {
            key: &state.key,
            effect: state.effect,
            now: Some(state.now.version),
            next: state.next_version,
            selected: state.selected,
            paths: state.paths,
            result: state.result_hash.map(|_| (&state.verdict, state.exact)),
            target: "as it was",
        }
    }

    pub(super) fn line(&self) -> String {
        let (style, effect) = match self.effect {
            Effect::Changed => (PLACE, "changed"),
            Effect::Recreated => (ADDED, "recreated"),
            Effect::Deleted => (REMOVED, "deleted"),
            Effect::Damaged => (WARNED, "damaged"),
            Effect::Equal => (PLACE, "equal"),
        };
        let mut parts = vec![match self.now {
            Some(now) => format!("version {now} becomes {}", self.next),
            None => format!("new, as version {}", self.next),
        }];
        if self.effect == Effect::Changed {
            parts.push(format!("{} of {} paths", self.selected, self.paths));
        }
        if let Some((verdict, exact)) = self.result {
            parts.push(verdict_words(verdict));
            parts.push(format!("{}exactly {}", if exact { "" } else { "not " }, self.target));
        }
        let effect = format!("  {effect:<10}");
        let id = theirs(self.key.state_id.as_str());
        format!("{}{} {id}  {}", styled(style, &effect), self.key.state_type, parts.join(", "))
    }
}

/// What would change back, before anything is left out of it.
async fn changes(client: &Client, state: &PlannedState) -> Result<Vec<String>, Failure> {
    let Some(target) = state.target.as_ref().filter(|target| target.operation != Operation::Delete) else {
        return Ok(Vec::new());
    };
    let query = Query::of(&state.key).with("from", state.now.version).with("to", target.version);
    let (_, view) = client.read_of::<DiffView>(&state.key, "/states/-/diff", &query).await?;
    Ok(first_changes(&view.diff))
}

/// The first changes worth reading, and how many more there are.
pub(super) fn first_changes(diff: &Diff) -> Vec<String> {
    let worth = || diff.changes.iter().filter(|change| !change.volatile);
    let mut lines: Vec<_> = worth().take(SHOWN).flat_map(change_lines).collect();
    let more = worth().count().saturating_sub(SHOWN);
    if more > 0 {
        lines.push(format!("... and {more} more"));
    }
    lines
}
