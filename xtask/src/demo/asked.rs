//! What programs are asked for a restore, and how they answer: they make way, read what was written, and go on.

use serde_json::{Value, json};

use super::client::{Client, Stop};
use super::desk::Desk;
use super::resync;
use super::runs::{Asked, Run, Runs};

/// Answers what programs are asked, at once.
pub(super) fn answer(client: &Client, desk: &mut Desk, runs: &mut Runs, asked: &[Asked]) -> Result<(), Stop> {
    for Asked { program, asks } in asked {
        for ask in asks {
            let Some((author, run)) = runs.running(*program).map(|(author, run)| (author, run.clone()))
            else {
                continue;
            };
            let paused = match ask["kind"].as_str() {
                Some("pause") => make_way(client, desk, author, &run, ask)?,
                Some("reload") => {
                    read_again(client, desk, author, ask)?;
                    has_read(client, &run, ask, ask["seq"].as_u64())?
                }
                // Nothing was written: what it has in its memory is as good as it was.
                Some("go_on") => has_read(client, &run, ask, Some(run.began))?,
                _ => continue,
            };
            runs.pause(*program, paused);
        }
    }
    Ok(())
}

/// Says that nothing is under way: a step of the desk sends all that it does before it ends.
fn make_way(client: &Client, desk: &Desk, author: &str, run: &Run, ask: &Value) -> Result<bool, Stop> {
    let open =
        desk.pairs.iter().filter(|pair| pair.listing.author == author && pair.position.is_some()).count();
    let note = format!("0 orders in flight, {open} open");
    let (status, answer) =
        client.post(&path(run, ask, "paused"), &json!({"epoch": run.epoch, "note": note}))?;
    Ok(status == 200 && answer["paused"] == true)
}

/// Reads what was written: all pairs of the program, as their two states belong together.
fn read_again(client: &Client, desk: &mut Desk, author: &str, ask: &Value) -> Result<(), Stop> {
    for index in 0..desk.pairs.len() {
        if desk.pairs[index].listing.author == author {
            resync(client, desk, index)?;
        }
    }
    // Of the others there is nothing that a program of the desk keeps in its memory: prices come from the market, the account is
    // summed up from the pairs.
    for state in ask["states"].as_array().into_iter().flatten() {
        if let (Some(state_type), Some(state_id)) = (state["state_type"].as_str(), state["state_id"].as_str())
        {
            client.look(state_type, state_id)?;
        }
    }
    Ok(())
}

/// Says up to where it has read; gives whether it still has to stand still.
fn has_read(client: &Client, run: &Run, ask: &Value, seq: Option<u64>) -> Result<bool, Stop> {
    let (status, answer) =
        client.post(&path(run, ask, "reloaded"), &json!({"epoch": run.epoch, "seq": seq}))?;
    Ok(status == 200 && answer["paused"] == true)
}

fn path(run: &Run, ask: &Value, word: &str) -> String {
    format!("/runs/{}/handshakes/{}/{word}", run.id, ask["handshake"].as_str().unwrap_or_default())
}
