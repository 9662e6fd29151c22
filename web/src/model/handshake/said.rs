//! What server and runs have said to each other in a handshake, newest first, as its record knows it.

use stateloft_core::api::{Handshake, HandshakeStatus, HeardBy};
use stateloft_core::model::Timestamp;

use super::super::hidden::told;
use super::super::{age, number};

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// Whether the run said it, and not the server.
    pub by_run: bool,
    /// Which run.
    pub run_id: String,
    /// What.
    pub words: String,
    /// By which way, where that is known.
    pub way: &'static str,
}

/// All of it, the newest first.
#[must_use]
pub fn said(handshake: &Handshake) -> Vec<Said> {
    let mut all = Vec::new();
    for run in &handshake.runs {
        let mut say = |at: Option<Timestamp>, by_run, words: String, way| {
            if let Some(at) = at {
                all.push(Said { at, by_run, run_id: run.run_id.clone(), words, way });
            }
        };
        let states = number::counted(run.states.len() as u64 + run.more, "state", "states");
        say(Some(run.asked_at), false, format!("pause, {states}, until {}", age::clock(handshake.until)), "");
        let way = match run.heard_by {
            Some(HeardBy::Socket) => "socket",
            Some(HeardBy::Events) => "events",
            Some(HeardBy::Renewal) => "renewal",
            None => "",
        };
        say(run.heard_at, false, "it was handed that".to_owned(), way);
        let note = run.note.as_deref().map(|note| format!(", “{}”", told(note))).unwrap_or_default();
        say(run.paused_at, true, format!("paused{note}"), "");
        say(run.ended_at, false, "found to have ended: it counts as free".to_owned(), "");
        say(run.told_at, false, format!("reload: the {} is written", handshake.purpose()), "");
        let seq = run.seq.map(|seq| format!(", read up to seq {}", number::count(seq.0))).unwrap_or_default();
        say(run.reloaded_at, true, format!("reloaded{seq}"), "");
        let let_go = !matches!(
            handshake.status,
            HandshakeStatus::Asking
                | HandshakeStatus::Paused
                | HandshakeStatus::Written
                | HandshakeStatus::RunEnded
        );
        if let_go && run.ended_at.is_none() {
            say(
                handshake.ended_at,
                false,
                if handshake.is_only_a_pause() { "go on" } else { "go on: nothing was written" }.to_owned(),
                "",
            );
        }
    }
    // What happened at once stays in the order in which it was meant.
    all.reverse();
    all.sort_by_key(|said| std::cmp::Reverse(said.at));
    all
}

#[cfg(test)]
mod tests {
    use super::super::sample::{asking, ended, paused, reloaded, written};
    use super::*;

    fn words(handshake: &Handshake) -> Vec<String> {
        let arrow = |said: &Said| if said.by_run { "<" } else { ">" };
        said(handshake).iter().map(|said| format!("{} {} {}", arrow(said), said.run_id, said.words)).collect()
    }

    #[test]
    fn the_newest_word_stands_first() {
        let done = written(paused(asking(&["a.main.1"]), 0, "09:47:12.388"), "09:47:13.000");
        assert_eq!(
            words(&reloaded(done, 0, "09:47:13.500", 18_242)),
            [
                "< a.main.1 reloaded, read up to seq 18,242",
                "> a.main.1 reload: the restore is written",
                "< a.main.1 paused, “0 orders in flight”",
                "> a.main.1 it was handed that",
                "> a.main.1 pause, 1 state, until 09:47:42",
            ]
        );
    }

    #[test]
    fn who_waited_in_vain_was_told_to_go_on() {
        let over = ended(asking(&["a.main.1"]), HandshakeStatus::Stopped, "09:47:20.000");
        assert_eq!(words(&over)[0], "> a.main.1 go on: nothing was written");
    }
}
