//! A run, as an operator reads it.

use stateloft_core::api::RunView;
use stateloft_core::model::RunId;

use super::{ask, checkpoints};
use crate::cli::client::{Answer, Client};
use crate::cli::failure::Failure;
use crate::cli::output::style::theirs;
use crate::cli::output::{counted, counted_if_known, print_answer};
use crate::cli::say::answer;

/// Prints the run that was asked for, or what ended it.
pub(super) fn print(client: &Client, id: &RunId, said: &Answer, json: bool) -> Result<(), Failure> {
    let found: RunView = client.understood(said)?;
    let run = &found.run;
    if run.run_id != id.as_str() {
        return Err(format!(
            "{} was asked about the run {id} and answers about {}",
            client.place(),
            run.run_id
        )
        .into());
    }
    if json {
        print_answer(said);
        return Ok(());
    }
    answer!("Run         {}", run.run_id);
    answer!("Status      {}{}", run.status.as_str(), if found.live { ", live" } else { "" });
    answer!("Started     {}", run.started_at);
    if let Some(holder) = &found.holder {
        for (title, time) in [("Renewed    ", holder.last_renewal), ("Lease until", holder.until)] {
            if let Some(time) = time {
                answer!("{title} {time}");
            }
        }
    }
    if let Some(ended) = run.ended_at {
        answer!("Ended       {ended}");
    }
    if let Some(last) = run.last_renewal {
        let away = if run.servers_were_away { "; no server was there for a while after that" } else { "" };
        answer!("Renewed     {last}{away}");
    }
    let numbers = [("Capital", &run.capital), ("Final value", &run.final_value), ("Result", &run.pnl)];
    for (title, number) in numbers {
        if let Some(number) = number {
            answer!("{title:<12}{}", number.text());
        }
    }
    let pid = run.pid.map(|pid| pid.to_string());
    let texts = [
        ("Host", &run.host),
        ("Process", &pid),
        ("Code", &run.code),
        ("Strategy", &run.strategy),
        ("Reason", &run.reason),
    ];
    for (title, text) in texts {
        if let Some(text) = text {
            answer!("{title:<12}{}", theirs(text));
        }
    }
    answer!(
        "Wrote       {} of {}{}, {}, {}",
        counted(found.versions, "version"),
        counted(found.states, "state"),
        if found.more { " (it wrote more)" } else { "" },
        counted_if_known(found.open_positions, "open position"),
        counted_if_known(found.pending_orders, "pending order")
    );
    if let Some(last) = checkpoints::last_told(&found) {
        answer!("Checkpoint  {last}");
    }
    if let Some(ask) = &found.ask_reconcile {
        ask::print(ask, found.live);
    }
    Ok(())
}
