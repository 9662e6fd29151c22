//! `stateloft runs pause` and `runs go-on`: an operator has a run pause, and lets it go.

use std::time::Duration;

use hyper::Method;
use stateloft_core::api::{HandshakeList, HandshakeStatus, HandshakeView, PauseRun, StopHandshake};
use stateloft_core::model::RunId;

use crate::cli::client::{Answer, Client, Pages, Query, Written};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::print_answer;
use crate::cli::output::style::theirs;
use crate::cli::say::answer;

/// How often it is asked whether the run has given its word.
const LOOK: Duration = Duration::from_millis(250);

/// Asks a run to pause, and waits until it has given its word, or is told to go on because it has not.
pub(super) async fn pause(client: &Client, run: &RunId, asked: &PauseRun, json: bool) -> Result<(), Failure> {
    let begun = match client.write(Method::POST, &format!("/runs/{run}/pause"), Some(asked)).await? {
        Written::Stored(answer) => answer,
        // What is asked of a run does not wait in a journal.
        Written::Waits(pending) => {
            return Err(format!("it waits in the server's journal: {}", pending.pending_id).into());
        }
    };
    let begun: HandshakeView = client.understood(&begun)?;
    let place = format!("/handshakes/{}", begun.handshake.handshake);
    let (said, view) = loop {
        let said = client.get(&place, &Query::default()).await?;
        let view: HandshakeView = client.understood(&said)?;
        if view.handshake.status != HandshakeStatus::Asking {
            break (said, view);
        }
        tokio::time::sleep(LOOK).await;
    };
    print(run, &said, &view, json);
    let found = view.handshake;
    let why = found.because.unwrap_or_else(|| "it has ended".to_owned());
    match found.status {
        HandshakeStatus::Paused => Ok(()),
        HandshakeStatus::NoWord => {
            Err(Failure::new(Exit::Conflict, format!("{run} is not paused: {why}; it is told to go on")))
        }
        _ => Err(Failure::new(Exit::Conflict, format!("{run} is not paused: {why}"))),
    }
}

/// Lets a run go on that an operator has paused, or asked to.
pub(super) async fn go_on(
    client: &Client,
    run: &RunId,
    word: &StopHandshake,
    json: bool,
) -> Result<(), Failure> {
    let query = Query::default().with("run_id", run);
    let mut pages = Pages::<HandshakeList>::new(client, "/handshakes", query, None);
    while let Some(page) = pages.next().await? {
        let is_it =
            |view: &HandshakeView| view.handshake.is_only_a_pause() && view.handshake.status.is_open();
        let Some(found) = page.handshakes.into_iter().find(is_it) else { continue };
        let said = client.post(&format!("/handshakes/{}/stop", found.handshake.handshake), word).await?;
        let view: HandshakeView = client.understood(&said)?;
        print(run, &said, &view, json);
        return Ok(());
    }
    Err(Failure::new(Exit::NotFound, format!("no operator has {run} paused")))
}

fn print(run: &RunId, said: &Answer, view: &HandshakeView, json: bool) {
    if json {
        print_answer(said);
        return;
    }
    let found = &view.handshake;
    let status = match found.status {
        HandshakeStatus::Paused => "paused",
        HandshakeStatus::NoWord => "gave no word, and is told to go on",
        HandshakeStatus::Stopped => "told to go on",
        HandshakeStatus::RunEnded => "not live any more",
        _ => "asked to pause",
    };
    answer!("Run         {run}");
    answer!("Status      {status}");
    answer!("Reason      {}", theirs(&found.reason));
    answer!("Handshake   {}", found.handshake);
    for row in &found.runs {
        if let Some(at) = row.paused_at {
            answer!("Paused      {at}");
        }
        if let Some(note) = &row.note {
            answer!("It says     {}", theirs(note));
        }
    }
}
