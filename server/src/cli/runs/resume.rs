//! `stateloft runs resume`: what the last run of an instance has left, to go on from.

use stateloft_core::api::{RunList, RunStates, RunView, StateRow};
use stateloft_core::json::writer;
use stateloft_core::model::{RunId, RunName, StateKey, is_kept_of_runs};

use super::checkpoints::last_told;
use crate::cli::client::{Client, Pages, Query};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::style::theirs;
use crate::cli::output::{counted, counted_if_known, print_answer, print_json};
use crate::cli::say::answer;

/// Runs that are looked back at for one that wrote something.
const BACK: usize = 64;

/// An instance of a program, as it is said on the command line: `PROGRAM` or `PROGRAM.INSTANCE`.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    program: RunName,
    instance: RunName,
}

impl std::str::FromStr for Instance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (program, instance) = text.split_once('.').unwrap_or((text, "main"));
        let name = |text| RunName::new(text).map_err(|error| error.to_string());
        Ok(Self { program: name(program)?, instance: name(instance)? })
    }
}

/// Prints the last run that wrote anything, its last checkpoint, and the states that it wrote with what they hold now, or held at that checkpoint.
pub(super) async fn resume(
    client: &Client,
    of: &Instance,
    at_checkpoint: bool,
    json: bool,
) -> Result<(), Failure> {
    let id = last_run(client, of).await?;
    let run = last_that_wrote(client, view(client, &id).await?).await?;
    let id = run.run.run_id.clone();
    let at = match (&run.last_checkpoint, at_checkpoint) {
        (_, false) => None,
        (Some(checkpoint), true) => Some(format!("seq:{}", checkpoint.seq)),
        (None, true) if run.checkpoint_unknown => {
            let message = format!(
                "what is stored of the last checkpoint of {id} is damaged: `stateloft runs checkpoints {id}` has the others; leave \
                 --at-checkpoint out for what its states hold now"
            );
            return Err(Failure::new(Exit::Damaged, message));
        }
        (None, true) => {
            let message =
                format!("{id} took no checkpoint: leave --at-checkpoint out for what its states hold now");
            return Err(Failure::new(Exit::NotFound, message));
        }
    };
    if json {
        print_json(&run)?;
    } else {
        say(&run);
    }
    let path = format!("/runs/{id}/states");
    let mut pages = Pages::<RunStates>::new(client, path, Query::default(), None);
    while let Some(page) = pages.next().await? {
        for state in page.states {
            let key = StateKey { state_type: state.state_type, state_id: state.state_id };
            if is_kept_of_runs(&key) {
                continue;
            }
            let query = Query::of(&key).and("at", at.as_deref());
            let (said, row) = match client.read_of::<StateRow>(&key, "/states/-", &query).await {
                // It is deleted, or was not there yet.
                Err(failure) if failure.exit == Exit::NotFound => continue,
                other => other?,
            };
            if json {
                print_answer(&said);
                continue;
            }
            let changed = if state.changed_since { ", written by something else since" } else { "" };
            answer!("\n{} {}{changed}", key.state_type, theirs(key.state_id.as_str()));
            match row {
                StateRow::Stored(row) => {
                    if let Some(data) = row.data {
                        answer!("{}", writer::pretty(data.root()));
                    }
                }
                StateRow::Pending(_) => print_answer(&said),
            }
        }
    }
    Ok(())
}

async fn view(client: &Client, id: &RunId) -> Result<RunView, Failure> {
    client.read(&format!("/runs/{id}"), &Query::default()).await
}

/// A run that wrote nothing holds what was left to it as it was.
async fn last_that_wrote(client: &Client, run: RunView) -> Result<RunView, Failure> {
    let mut earlier = run.clone();
    for _ in 0..BACK {
        let wrote = wrote_something(client, &earlier).await?;
        let before = earlier.run.previous.as_deref().and_then(|id| id.parse::<RunId>().ok());
        match before.filter(|_| !wrote) {
            Some(before) => match view(client, &before).await {
                Ok(before) => earlier = before,
                // Somebody has deleted it: nobody knows any more what there was before.
                Err(failure) if failure.exit == Exit::NotFound => break,
                Err(failure) => return Err(failure),
            },
            None if wrote => return Ok(earlier),
            None => break,
        }
    }
    Ok(run)
}

/// Whether a run wrote any state but what the server keeps of it.
async fn wrote_something(client: &Client, run: &RunView) -> Result<bool, Failure> {
    let path = format!("/runs/{}/states", run.run.run_id);
    let mut pages = Pages::<RunStates>::new(client, path, Query::default(), None);
    while let Some(page) = pages.next().await? {
        let mut keys = page
            .states
            .into_iter()
            .map(|state| StateKey { state_type: state.state_type, state_id: state.state_id });
        if keys.any(|key| !is_kept_of_runs(&key)) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn last_run(client: &Client, of: &Instance) -> Result<RunId, Failure> {
    let query = Query::default().and("program", Some(&of.program)).and("instance", Some(&of.instance));
    let mut pages = Pages::<RunList>::new(client, "/runs", query, None);
    let mut last: Option<RunId> = None;
    while let Some(page) = pages.next().await? {
        let ids = page.runs.iter().filter_map(|row| row.run.run_id.parse::<RunId>().ok());
        last = ids.chain(last).max_by_key(RunId::epoch);
    }
    last.ok_or_else(|| {
        let message = format!("{}.{} was never started", of.program, of.instance);
        Failure::new(Exit::NotFound, message)
    })
}

fn say(view: &RunView) {
    let run = &view.run;
    answer!("Run         {}", run.run_id);
    answer!("Status      {}{}", run.status.as_str(), if view.live { ", live" } else { "" });
    if let Some(ended) = run.ended_at {
        answer!("Ended       {ended}");
    }
    if let Some(reason) = &run.reason {
        answer!("Reason      {}", theirs(reason));
    }
    if let Some(last) = last_told(view) {
        answer!("Checkpoint  {last}");
    }
    answer!(
        "Left        {} in {}{}, {}",
        counted_if_known(view.open_positions, "open position"),
        if view.more { "more than " } else { "" },
        counted(view.states, "state"),
        counted_if_known(view.pending_orders, "pending order")
    );
}
