//! A plan as people read it.

use stateloft_core::api::{DiffView, Effect, Plan, PlanCounts, PlannedState};
use stateloft_core::model::Operation;

use crate::cli::client::{Client, Query};
use crate::cli::failure::Failure;
use crate::cli::output::style::{ADDED, HEAD, PLACE, REMOVED, WARNED, styled, theirs};
use crate::cli::output::{change_lines, verdict_words};
use crate::cli::say::{write_answer, write_remark};

/// States of which each change is shown, and changes of each; all others are counted.
const SHOWN: usize = 10;

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
        say(&state_line(state));
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
    say(&format!("Would write     {}; unchanged: {}", counted(&plan.counts), plan.counts.equal));
    if plan.counts.invalid > 0 {
        say(&styled(WARNED, &format!("Break rules     {}", plan.counts.invalid)));
    }
    if plan.counts.damaged > 0 {
        say(&styled(WARNED, &format!("Damaged         {}: they are left as they are", plan.counts.damaged)));
    }
    if plan.counts.written() > 0 {
        say(&format!("Before it       snapshot:{} is taken", plan.snapshot_before));
    }
}

/// How many states, by what happens to them.
pub(super) fn counted(counts: &PlanCounts) -> String {
    let states = if counts.written() == 1 { "state" } else { "states" };
    let PlanCounts { changed, recreated, deleted, .. } = counts;
    format!("{} {states}: {changed} changed, {recreated} recreated, {deleted} deleted", counts.written())
}

fn state_line(state: &PlannedState) -> String {
    let (style, effect) = match state.effect {
        Effect::Changed => (PLACE, "changed"),
        Effect::Recreated => (ADDED, "recreated"),
        Effect::Deleted => (REMOVED, "deleted"),
        Effect::Damaged => (WARNED, "damaged"),
        Effect::Equal => (PLACE, "equal"),
    };
    let PlannedState { key, now, next_version, selected, paths, exact, .. } = state;
    let mut parts = vec![format!("version {} becomes {next_version}", now.version)];
    if state.effect == Effect::Changed {
        parts.push(format!("{selected} of {paths} paths"));
    }
    if state.result_hash.is_some() {
        parts.push(verdict_words(&state.verdict));
        parts.push(if *exact { "exactly as it was" } else { "not exactly as it was" }.to_owned());
    }
    let effect = format!("  {effect:<10}");
    let id = theirs(key.state_id.as_str());
    format!("{}{} {id}  {}", styled(style, &effect), key.state_type, parts.join(", "))
}

/// What would change back, before anything is left out of it.
async fn changes(client: &Client, state: &PlannedState) -> Result<Vec<String>, Failure> {
    let Some(target) = state.target.as_ref().filter(|target| target.operation != Operation::Delete) else {
        return Ok(Vec::new());
    };
    let query = Query::of(&state.key).with("from", state.now.version).with("to", target.version);
    let (_, view) = client.read_of::<DiffView>(&state.key, "/states/-/diff", &query).await?;
    let worth = || view.diff.changes.iter().filter(|change| !change.volatile);
    let mut lines: Vec<_> = worth().take(SHOWN).flat_map(change_lines).collect();
    let more = worth().count().saturating_sub(SHOWN);
    if more > 0 {
        lines.push(format!("... and {more} more"));
    }
    Ok(lines)
}
