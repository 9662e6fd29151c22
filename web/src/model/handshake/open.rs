//! What is open of handshakes: those that wait for a word, and restores that somebody has still to read.

use stateloft_core::api::{HandshakeStatus, HandshakeView};
use stateloft_core::model::Timestamp;

use super::super::age;
use super::names;

/// How long nobody need be told that a restore has not been read yet, in seconds.
const PATIENCE: i64 = 30;

/// Something that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The handshake.
    pub id: String,
    /// Nothing is written yet.
    pub asking: bool,
    /// In bold words.
    pub head: String,
    /// And what follows from that.
    pub rest: String,
}

/// What is open: what waits for a word first, each the last changed first.
#[must_use]
pub fn open(handshakes: &[HandshakeView], now: Timestamp) -> Vec<Open> {
    let asking = handshakes.iter().filter(|view| view.handshake.status.is_open());
    let asking = asking.map(|view| {
        if view.handshake.is_only_a_pause() {
            return pause(view);
        }
        let waits = names(&view.waits_for);
        let whom = if waits.is_empty() { "its write".to_owned() } else { waits };
        Open {
            id: view.handshake.handshake.clone(),
            asking: true,
            head: format!("A {} waits for {whom}.", view.handshake.purpose()),
            rest: format!("Nothing is written yet; the wait ends at {}.", age::clock(view.handshake.until)),
        }
    });
    let unread = handshakes
        .iter()
        .filter(|view| view.handshake.status == HandshakeStatus::Written && !view.waits_for.is_empty());
    let unread = unread.map(|view| {
        let since = view.handshake.ended_at;
        let long = since.map(|since| age::seconds_between(since, now)).filter(|long| *long >= PATIENCE);
        let long = long.map(|long| format!(", for {}", age::long(long))).unwrap_or_default();
        let (has, it) = if view.waits_for.len() == 1 { ("has", "it") } else { ("have", "they") };
        Open {
            id: view.handshake.handshake.clone(),
            asking: false,
            head: format!("Written, and {} {has} not said that {it} read it{long}.", names(&view.waits_for)),
            rest: format!("Until then what {it} save{} is refused.", if it == "it" { "s" } else { "" }),
        }
    });
    asking.chain(unread).collect()
}

/// A run that an operator asked to pause.
fn pause(view: &HandshakeView) -> Open {
    let handshake = &view.handshake;
    let runs: Vec<String> = handshake.runs.iter().map(|run| run.run_id.clone()).collect();
    let (head, rest) = if handshake.status == HandshakeStatus::Paused {
        (
            format!("{} stands still.", names(&runs)),
            "It was asked to pause, and waits until somebody lets it go on.".to_owned(),
        )
    } else {
        (
            format!("{} is asked to pause.", names(&runs)),
            format!("It has until {} to say that it does.", age::clock(handshake.until)),
        )
    };
    Open { id: handshake.handshake.clone(), asking: true, head, rest }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{asking, at, ended, paused, reloaded, written};
    use super::*;

    #[test]
    fn what_waits_stands_first_and_what_is_read_or_over_is_not_open() {
        let done = written(paused(asking(&["b.main.1"]), 0, "09:47:12.388"), "09:47:13.000");
        let all = [
            HandshakeView::from(reloaded(done.clone(), 0, "09:47:14.000", 9)),
            HandshakeView::from(done),
            HandshakeView::from(ended(asking(&["c.main.1"]), HandshakeStatus::Stopped, "09:47:20.000")),
            HandshakeView::from(asking(&["a.main.1"])),
        ];
        let said = |now: &str| {
            let open = open(&all, at(now));
            open.into_iter()
                .map(|open| (open.asking, format!("{} {}", open.head, open.rest)))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            said("09:47:20.000"),
            [
                (true, "A restore waits for a.main.1. Nothing is written yet; the wait ends at 09:47:42.".to_owned()),
                (false, "Written, and b.main.1 has not said that it read it. Until then what it saves is refused.".to_owned()),
            ]
        );
        assert!(said("09:48:13.000")[1].1.contains("that it read it, for 1 m."));
    }
}
