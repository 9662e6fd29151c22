//! What was seen and is not sent yet, in its order. It is bounded by bytes: while a server is away contents in between make room for
//! newer ones of the same states, and where only newest ones are left, whoever looks waits.

use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use stateloft_core::json::Document;
use stateloft_core::model::{StateKey, Timestamp};
use tokio::sync::Notify;

/// Bytes that wait, at most; one larger change waits alone.
const MOST_BYTES: usize = 64 << 20;
/// What a change weighs besides its data.
const AROUND: usize = 256;
/// Changes that are sent at once, at most.
const GROUP: usize = 500;
/// Bytes that are sent at once, at most: a request takes 16 MiB, with the text around the data.
const GROUP_BYTES: usize = 4 << 20;

/// Where a change was seen, and when that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) source: Arc<str>,
    /// Nothing of what is gone.
    pub(super) written: Option<Timestamp>,
}

/// As the versions' description says it.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.written {
            Some(written) => write!(f, "{} as of {written}", self.source),
            None => write!(f, "gone from {}", self.source),
        }
    }
}

/// A state as it is now.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) key: StateKey,
    /// Nothing where the state is to be deleted.
    pub(super) data: Option<Document>,
    pub(super) origin: Origin,
}

impl Change {
    fn weight(&self) -> usize {
        AROUND + self.key.state_id.as_str().len() + self.data.as_ref().map_or(0, Document::len)
    }
}

/// What waits to be sent.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    inside: RefCell<Inside>,
    /// Rung when something has come, or nothing more will.
    come: Notify,
    /// Rung when something was taken out.
    room: Notify,
}

#[derive(Debug, Default)]
struct Inside {
    waiting: VecDeque<Change>,
    bytes: usize,
    closed: bool,
    dropped: u64,
}

impl Outbox {
    /// Puts a change behind the others, as soon as there is room.
    pub(super) async fn put(&self, change: Change) {
        loop {
            let room = self.room.notified();
            if self.inside.borrow_mut().takes(&change) {
                break;
            }
            room.await;
        }
        self.come.notify_one();
    }

    /// Nothing more will come.
    pub(super) fn close(&self) {
        self.inside.borrow_mut().closed = true;
        self.come.notify_one();
    }

    /// What is to be sent next, each state once and all of one origin; nothing when all is sent and nothing more will come.
    pub(super) async fn next(&self) -> Option<Vec<Change>> {
        loop {
            let come = self.come.notified();
            let (group, closed) = {
                let mut inside = self.inside.borrow_mut();
                (inside.group(), inside.closed)
            };
            if !group.is_empty() {
                self.room.notify_one();
                return Some(group);
            }
            if closed {
                return None;
            }
            come.await;
        }
    }

    /// How many changes wait.
    pub(super) fn waiting(&self) -> usize {
        self.inside.borrow().waiting.len()
    }

    /// How many contents made room for newer ones since this was asked last.
    pub(super) fn dropped(&self) -> u64 {
        std::mem::take(&mut self.inside.borrow_mut().dropped)
    }
}

impl Inside {
    fn takes(&mut self, change: &Change) -> bool {
        let weight = change.weight();
        if self.bytes + weight > MOST_BYTES {
            self.make_room(&change.key);
        }
        if self.bytes + weight > MOST_BYTES && !self.waiting.is_empty() {
            return false;
        }
        self.bytes += weight;
        self.waiting.push_back(change.clone());
        true
    }

    /// Lets go of contents behind which newer ones of the same state wait, the oldest first, until a quarter is free.
    fn make_room(&mut self, coming: &StateKey) {
        let mut newer = HashSet::from([coming.clone()]);
        let mut old: Vec<usize> = Vec::new();
        for (place, change) in self.waiting.iter().enumerate().rev() {
            if !newer.insert(change.key.clone()) {
                old.push(place);
            }
        }
        let mut let_go = HashSet::new();
        while let Some(place) = old.pop().filter(|_| self.bytes > MOST_BYTES / 4 * 3) {
            self.bytes -= self.waiting[place].weight();
            let_go.insert(place);
        }
        let mut place = 0;
        self.waiting.retain(|_| {
            place += 1;
            !let_go.contains(&(place - 1))
        });
        self.dropped += let_go.len() as u64;
    }

    fn group(&mut self) -> Vec<Change> {
        let mut group: Vec<Change> = Vec::new();
        let (mut keys, mut bytes) = (HashSet::new(), 0);
        while let Some(change) = self.waiting.front() {
            let weight = change.weight();
            let fits = group.first().is_none_or(|first| {
                first.origin == change.origin
                    && first.data.is_some() == change.data.is_some()
                    && group.len() < GROUP
                    && bytes + weight <= GROUP_BYTES
            });
            if !fits || !keys.insert(change.key.clone()) {
                break;
            }
            bytes += weight;
            self.bytes -= weight;
            group.extend(self.waiting.pop_front());
        }
        group
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(id: &str, n: usize, bytes: usize) -> Change {
        let data = format!("{{\"n\":{n},\"pad\":\"{}\"}}", "x".repeat(bytes));
        let origin = Origin { source: "a.json".into(), written: Some(Timestamp::from_micros(0)) };
        Change { key: StateKey::new("position", id).unwrap(), data: Some(data.parse().unwrap()), origin }
    }

    fn told(group: &[Change]) -> Vec<String> {
        let start = |change: &Change| change.data.as_ref().map(|data| data.text()[..6].to_owned());
        group.iter().map(|change| format!("{} {:?}", change.key.state_id, start(change))).collect()
    }

    #[tokio::test]
    async fn a_state_is_in_a_group_once_and_the_order_is_kept() {
        let outbox = Outbox::default();
        for (id, n) in [("a", 1), ("b", 1), ("a", 2), ("c", 1)] {
            outbox.put(change(id, n, 0)).await;
        }
        outbox.close();
        let (first, second) = (outbox.next().await.unwrap(), outbox.next().await.unwrap());
        assert_eq!(told(&first), [r#"a Some("{\"n\":1")"#, r#"b Some("{\"n\":1")"#]);
        assert_eq!(told(&second), [r#"a Some("{\"n\":2")"#, r#"c Some("{\"n\":1")"#]);
        assert!(outbox.next().await.is_none());
    }

    #[tokio::test]
    async fn contents_in_between_make_room_and_the_newest_of_each_state_stays() {
        let outbox = Outbox::default();
        outbox.put(change("rare", 1, 1000)).await;
        for n in 1..=9 {
            outbox.put(change("busy", n, 10 << 20)).await;
        }
        assert!(outbox.inside.borrow().bytes <= MOST_BYTES);
        assert!(outbox.dropped() >= 3);
        assert_eq!(outbox.dropped(), 0, "it is said once");
        outbox.close();
        let mut all = Vec::new();
        while let Some(group) = outbox.next().await {
            all.extend(told(&group));
        }
        assert_eq!(all.first().unwrap(), r#"rare Some("{\"n\":1")"#);
        assert_eq!(all.last().unwrap(), r#"busy Some("{\"n\":9")"#);
        let sorted = {
            let mut sorted = all.clone();
            sorted.sort_by_key(|line| line.starts_with("busy"));
            sorted
        };
        assert_eq!(all, sorted);
    }

    #[tokio::test]
    async fn where_only_newest_contents_wait_whoever_looks_waits_too() {
        let outbox = Outbox::default();
        for id in ["a", "b", "c", "d", "e", "f"] {
            outbox.put(change(id, 1, 10 << 20)).await;
        }
        let mut put = Box::pin(outbox.put(change("g", 1, 10 << 20)));
        assert!(futures::poll!(put.as_mut()).is_pending());
        assert_eq!(outbox.next().await.unwrap().len(), 1);
        put.await;
        assert_eq!((outbox.waiting(), outbox.dropped()), (6, 0));
    }
}
