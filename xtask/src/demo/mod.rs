//! A simulated trading desk that saves into a running server through the public HTTP API, so that the console has
//! something to show: pairs with positions of two legs, prices, an account, operators, and a bad deploy now and then.

mod action;
mod asked;
mod book;
mod client;
mod decimal;
mod desk;
mod incident;
mod manage;
mod market;
mod pair;
mod position;
mod runs;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use self::action::{Action, Key, What};
use self::client::{Answer, Client, Stop};
use self::desk::Desk;
use self::runs::{Hand, Runs};
use crate::progress;

/// The same story every time, apart from its dates.
const SEED: u64 = 46;

/// From one step to the next.
const STEP: Duration = Duration::from_millis(400);

/// Minutes that an empty store is told of at once.
const BACKLOG: i64 = 120;

/// What happens in each of those minutes.
const INTENTS_A_MINUTE: usize = 3;
const STEPS_A_MINUTE: usize = 5;

/// Seconds before now at which the told story has its bad deploy, so that there is something to put right.
const DEPLOY_BEFORE_NOW: i64 = 2 * 60;

/// Seconds until the first bad deploy when the story goes on from an earlier run.
const DEPLOY_AFTER_RESUME: i64 = 5 * 60;

/// How many names are tried for a snapshot whose name is taken.
const SNAPSHOT_NAMES: u32 = 50;

/// Runs the desk against the server at `base` until `stopping` is set.
pub(crate) fn spawn(base: &str, stopping: &Arc<AtomicBool>) -> JoinHandle<()> {
    let client = Client::new(base, Arc::clone(stopping));
    std::thread::spawn(move || match run(&client) {
        Ok(()) | Err(Stop::Asked) => {}
        Err(Stop::Hopeless(problem)) => progress::error(&format!("the demo ended: {problem}")),
    })
}

/// Tells the server at `base` the last two hours of the desk, and ends. Meant for an empty store.
pub(crate) fn fill(base: &str) -> anyhow::Result<()> {
    let client = Client::new(base, Arc::default());
    let told = tell_backlog(&client, now()).and_then(|(_, mut runs)| runs.leave(&client));
    match told {
        Ok(()) | Err(Stop::Asked) => Ok(()),
        Err(Stop::Hopeless(problem)) => anyhow::bail!("the demo ended: {problem}"),
    }
}

fn run(client: &Client) -> Result<(), Stop> {
    let now = now();
    let mut desk = Desk::new(SEED, now, now + DEPLOY_AFTER_RESUME);
    let mut runs = Runs::new(now, true);
    let mut known = 0;
    for index in 0..desk.pairs.len() {
        known += resync(client, &mut desk, index)?;
    }
    if known == 0 {
        (desk, runs) = tell_backlog(client, now)?;
        runs.go_on(self::now());
    } else {
        progress::note(&format!("demo: going on with {known} states of an earlier run"));
    }
    loop {
        std::thread::sleep(STEP);
        let asked = runs.step(client, self::now())?;
        asked::answer(client, &mut desk, &mut runs, &asked)?;
        let actions = desk.step(STEP.as_secs_f64(), self::now())?;
        perform_all(client, &mut desk, &runs, &actions)?;
    }
}

/// Tells a new store what has happened in the last two hours.
fn tell_backlog(client: &Client, now: i64) -> Result<(Desk, Runs), Stop> {
    progress::note("demo: filling the empty store with the last two hours");
    let begin = now - BACKLOG * 60;
    let mut desk = Desk::new(SEED, begin, now - DEPLOY_BEFORE_NOW);
    let mut runs = Runs::new(0, false);
    runs.tell(client, 0)?;
    let opening = desk.opening(begin)?;
    let mut count = opening.len();
    perform_all(client, &mut desk, &runs, &opening)?;
    for minute in 1..=BACKLOG {
        runs.tell(client, minute)?;
        for step in 0..STEPS_A_MINUTE {
            let seconds = if step == 0 { 60.0 } else { 0.0 };
            let actions = desk.step(seconds, begin + minute * 60)?;
            if step == 0 {
                desk.skip_waiting(INTENTS_A_MINUTE);
            }
            count += actions.len();
            perform_all(client, &mut desk, &runs, &actions)?;
        }
    }
    progress::note(&format!("demo: {count} changes told; from now on it saves a few times a second"));
    Ok((desk, runs))
}

fn perform_all(client: &Client, desk: &mut Desk, runs: &Runs, actions: &[Action]) -> Result<(), Stop> {
    actions.iter().try_for_each(|action| perform(client, desk, runs, action))
}

/// Performs one action. On a conflict the program gives way: it takes over what the server has, be it a person's
/// restore, and goes on from there.
fn perform(client: &Client, desk: &mut Desk, runs: &Runs, action: &Action) -> Result<(), Stop> {
    let run = match runs.of(&action.author) {
        Hand::Own => None,
        Hand::Of(run) => Some(run),
        Hand::Still => return Ok(()),
    };
    match (client.perform(action, run)?, &action.what) {
        (Answer::Done(Some(version)), What::Save { key, .. }) => desk.saved(key, version),
        (Answer::Conflict, What::Save { key, .. } | What::Delete(key)) => give_way(client, desk, key)?,
        (Answer::Conflict, What::Snapshot(name)) => rename_snapshot(client, action, name)?,
        (Answer::Refused(problem), _) => {
            progress::warning(&format!("demo: \"{}\" was refused, {problem}", action.reason));
        }
        (Answer::Done(_) | Answer::Conflict, _) => {}
    }
    Ok(())
}

fn give_way(client: &Client, desk: &mut Desk, key: &Key) -> Result<(), Stop> {
    if let Some(index) = desk.owner(key) {
        resync(client, desk, index)?;
    }
    Ok(())
}

/// An earlier run has taken the name: `before-deploy-46-2` is next.
fn rename_snapshot(client: &Client, action: &Action, name: &str) -> Result<(), Stop> {
    for number in 2..SNAPSHOT_NAMES {
        let what = What::Snapshot(format!("{name}-{number}"));
        if !matches!(client.perform(&Action { what, ..action.clone() }, None)?, Answer::Conflict) {
            break;
        }
    }
    Ok(())
}

/// Reads both states of a pair and takes them over; returns how many there are.
fn resync(client: &Client, desk: &mut Desk, index: usize) -> Result<usize, Stop> {
    let pair = &mut desk.pairs[index];
    let position = client.read(&pair.position_key())?;
    let state = client.read(&pair.state_key())?;
    pair.adopt(
        position.as_ref().map(|(data, version)| (data, *version)),
        state.as_ref().map(|(data, version)| (data, *version)),
    );
    Ok(usize::from(position.is_some()) + usize::from(state.is_some()))
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the demo is a program of its own, with the machine's time")]
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
