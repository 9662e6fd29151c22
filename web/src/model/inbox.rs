//! Events on their way from the connection to the pages: in order, each once, held back while paused.

use std::collections::VecDeque;
use std::sync::Arc;

use stateloft_core::api::VersionView;

/// One version as the pages get it.
pub type Event = Arc<VersionView>;

/// How many delivered events are remembered for pages whose list was read a moment before.
const REMEMBERED: usize = 4096;
/// How many events a pause keeps; beyond, the pages read their lists again instead.
const HELD: usize = 4096;

/// What a page must do after a pause.
#[derive(Debug, Clone, PartialEq)]
pub enum Resumed {
    /// Take these events.
    Deliver(Vec<Event>),
    /// Too many to hand over one by one: read everything again.
    Reload,
}

/// The state between connection and pages.
#[derive(Debug, Default)]
pub struct Inbox {
    /// The last event received; 0 before the start.
    last: u64,
    /// Every event after this one, up to `last`, has been delivered or is held.
    start: u64,
    delivered: VecDeque<Event>,
    /// `None` while running.
    held: Option<Vec<Event>>,
    held_count: u64,
}

impl Inbox {
    /// Starts after this seq.
    #[must_use]
    pub fn starting_at(seq: u64) -> Self {
        Self { last: seq, start: seq, ..Self::default() }
    }

    /// The last seq received.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// How many events wait; `None` while running.
    #[must_use]
    pub fn held(&self) -> Option<u64> {
        self.held.as_ref().map(|_| self.held_count)
    }

    /// Takes events from the connection; what was seen before is dropped. Returns what is to be delivered now.
    pub fn receive(&mut self, events: Vec<Event>) -> Vec<Event> {
        let mut fresh = Vec::with_capacity(events.len());
        for event in events {
            if event.seq.0 > self.last {
                self.last = event.seq.0;
                fresh.push(event);
            }
        }
        match &mut self.held {
            None => {
                self.remember(&fresh);
                fresh
            }
            Some(held) => {
                self.held_count += fresh.len() as u64;
                if self.held_count <= HELD as u64 {
                    held.extend(fresh);
                } else {
                    held.clear();
                }
                Vec::new()
            }
        }
    }

    /// Holds events back from now on.
    pub fn pause(&mut self) {
        self.held.get_or_insert_with(Vec::new);
    }

    /// Lets events through again.
    pub fn resume(&mut self) -> Resumed {
        let held = self.held.take().unwrap_or_default();
        let count = std::mem::take(&mut self.held_count);
        if count > HELD as u64 {
            self.delivered.clear();
            self.start = self.last;
            return Resumed::Reload;
        }
        self.remember(&held);
        Resumed::Deliver(held)
    }

    /// The delivered events after a seq, oldest first; `None` when they do not reach back that far.
    #[must_use]
    pub fn after(&self, seq: u64) -> Option<Vec<Event>> {
        (seq >= self.start)
            .then(|| self.delivered.iter().filter(|event| event.seq.0 > seq).cloned().collect())
    }

    fn remember(&mut self, events: &[Event]) {
        self.delivered.extend(events.iter().cloned());
        while self.delivered.len() > REMEMBERED {
            if let Some(gone) = self.delivered.pop_front() {
                self.start = gone.seq.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(seqs: impl IntoIterator<Item = u64>) -> Vec<Event> {
        let event = |seq| {
            serde_json::from_str::<VersionView>(&format!(
                r#"{{"state_id":"A","state_type":"position","seq":{seq},"version":1,"version_id":"x",
                "operation":"create","timestamp":"2026-11-21T09:46:11Z","user_id":null,"description":null,
                "content_hash":null,"chain_hash":"{}","verdict":{{"status":"valid"}},
                "change":{{"added":0,"changed":0,"removed":0}},"size":2}}"#,
                "0".repeat(64)
            ))
            .unwrap()
        };
        seqs.into_iter().map(|seq| Arc::new(event(seq))).collect()
    }

    fn seqs(events: &[Event]) -> Vec<u64> {
        events.iter().map(|event| event.seq.0).collect()
    }

    #[test]
    fn a_replayed_event_is_delivered_once() {
        let mut inbox = Inbox::starting_at(10);
        assert_eq!(seqs(&inbox.receive(events([9, 10, 11, 12]))), [11, 12]);
        assert_eq!(seqs(&inbox.receive(events([12, 13]))), [13]);
        assert_eq!(inbox.last(), 13);
    }

    #[test]
    fn a_page_gets_what_came_while_it_read_its_list() {
        let mut inbox = Inbox::starting_at(10);
        inbox.receive(events(11..=15));
        assert_eq!(inbox.after(12).map(|missed| seqs(&missed)), Some(vec![13, 14, 15]));
        assert_eq!(inbox.after(10).map(|missed| missed.len()), Some(5));
        assert_eq!(inbox.after(9), None, "nothing is known of what came before the start");
    }

    #[test]
    fn what_is_forgotten_is_not_passed_over_in_silence() {
        let mut inbox = Inbox::starting_at(0);
        inbox.receive(events(1..=REMEMBERED as u64 + 10));
        assert_eq!(inbox.after(9), None);
        assert_eq!(inbox.after(10).map(|missed| missed.len()), Some(REMEMBERED));
    }

    #[test]
    fn a_pause_holds_and_loses_nothing() {
        let mut inbox = Inbox::starting_at(0);
        inbox.pause();
        assert!(inbox.receive(events(1..=37)).is_empty());
        assert_eq!(inbox.held(), Some(37));
        assert_eq!(inbox.after(0), Some(vec![]));
        let Resumed::Deliver(held) = inbox.resume() else { panic!("37 are not too many") };
        assert_eq!(seqs(&held), (1..=37).collect::<Vec<_>>());
        assert_eq!((inbox.held(), inbox.after(36).map(|missed| seqs(&missed))), (None, Some(vec![37])));
    }

    #[test]
    fn a_long_pause_ends_in_reading_again() {
        let mut inbox = Inbox::starting_at(0);
        inbox.pause();
        inbox.receive(events(1..=HELD as u64));
        inbox.receive(events([HELD as u64 + 1]));
        assert_eq!(inbox.held(), Some(HELD as u64 + 1));
        assert_eq!(inbox.resume(), Resumed::Reload);
        assert_eq!(inbox.after(5), None);
        assert_eq!(seqs(&inbox.receive(events([HELD as u64 + 2]))), [HELD as u64 + 2]);
    }
}
