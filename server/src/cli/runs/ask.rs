//! `stateloft runs ask`: an operator has a run ask its broker again.

use hyper::Method;
use stateloft_core::api::{AskReconcile, HeardBy, ReconcileAsk};
use stateloft_core::model::RunId;

use crate::cli::client::{Client, Written};
use crate::cli::failure::Failure;
use crate::cli::output::print_answer;
use crate::cli::output::style::theirs;
use crate::cli::say::answer;

/// Asks a run. That it is asked is the answer; what it reports is not waited for.
pub(super) async fn ask(
    client: &Client,
    run: &RunId,
    asked: &AskReconcile,
    json: bool,
) -> Result<(), Failure> {
    let said = match client.write(Method::POST, &format!("/runs/{run}/reconcile/ask"), Some(asked)).await? {
        Written::Stored(said) => said,
        // What is asked of a run does not wait in a journal.
        Written::Waits(pending) => {
            return Err(format!("it waits in the server's journal: {}", pending.pending_id).into());
        }
    };
    let ask: ReconcileAsk = client.understood(&said)?;
    if json {
        print_answer(&said);
        return Ok(());
    }
    answer!("Run         {run}");
    print(&ask, true);
    Ok(())
}

/// Prints what a run is asked, and what came of it.
pub(super) fn print(ask: &ReconcileAsk, live: bool) {
    answer!("Asked       {} to ask its broker", ask.asked_at);
    if let Some(reason) = &ask.reason {
        answer!("Because     {}", theirs(reason));
    }
    match (ask.heard_at, ask.heard_by) {
        (Some(at), by) => answer!("Heard       {at}{}", by.map_or("", how)),
        (None, _) => answer!("Heard       not yet"),
    }
    match &ask.answer {
        None if live => answer!("Answered    not yet"),
        None => answer!("Answered    never: the run is not live any more"),
        Some(answer) => match &answer.failure {
            Some(failure) => {
                answer!("Answered    {}: the broker has not, {}", answer.at, theirs(failure));
            }
            None => answer!("Answered    {}, with a list of {}", answer.at, answer.as_of),
        },
    }
}

fn how(by: HeardBy) -> &'static str {
    match by {
        HeardBy::Socket => ", on its WebSocket",
        HeardBy::Events => ", on its stream of events",
        HeardBy::Renewal => ", with a renewal",
    }
}
