//! How the log grows, by what this server commits and by what others do, and how it turns when the store has lost its end.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use stateloft_core::model::{Seq, Version};

use super::{EventLog, LoggedEvent};
use crate::events::ring::Ring;
use crate::store::{LogEnd, Result, StoreError};

/// Versions of other servers read at a time.
const STRETCH: usize = 512;
/// Who is behind so many versions reads them from the store, not from memory.
const FAR: u64 = 4_096;
/// How often a store that was not there when the server started is asked where its log ends.
const AGAIN: Duration = Duration::from_millis(250);

impl EventLog {
    /// Appends versions that this server has just made durable, in order, and rings.
    pub(crate) async fn publish(&self, versions: Vec<Version>) {
        let Some(first) = versions.first().map(|version| version.seq) else { return };
        let committed = Instant::now();
        // What cannot be had here, sessions read from the store.
        if let Err(error) = self.come_up_to(first).await {
            tracing::debug!(%error, "what other servers wrote was not read ahead");
        }
        self.append(versions, Some(committed));
    }

    /// Makes sure that the log is known up to a version that this server has written.
    async fn come_up_to(&self, written: Seq) -> Result<()> {
        let end = self.end();
        if end.seq.next() < written {
            // Another server wrote in between.
            return self.read_up_to(LogEnd::somewhere(Seq(written.0 - 1))).await;
        }
        if written <= end.seq && self.known(written).is_none() {
            // Somebody has read it before, so long ago that it is not here any more; or the log is another one.
            self.catch_up().await?;
        }
        Ok(())
    }

    /// Makes sure that everything is seen that any server has been told is written, and returns the last seq.
    pub async fn catch_up(&self) -> Result<Seq> {
        if self.others.is_some() || self.adrift.load(Ordering::SeqCst) {
            // Asked for afterwards, the end can only be behind this one, or another version, if it was lost.
            let (turns, known) = (self.turned(), self.end());
            let tip = LogEnd::at(&self.store.tip().await?);
            if known.is_lost_in(&tip) {
                self.turn(turns, tip);
            } else if self.adrift.swap(false, Ordering::SeqCst) {
                self.ring_up_to(tip);
            } else {
                self.read_up_to(tip).await?;
            }
        }
        Ok(self.last_seq())
    }

    fn end(&self) -> LogEnd {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).end()
    }

    fn known(&self, seq: Seq) -> Option<LogEnd> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).known(seq)
    }

    /// How often the log has turned.
    fn turned(&self) -> u64 {
        *self.turns.borrow()
    }

    /// The store has lost the end of the log, which goes on after this version. Who says so looked when the log had turned
    /// so often; if it has turned again since, that was the same loss, seen by somebody else.
    fn turn(&self, turns: u64, end: LogEnd) {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        if self.turned() != turns {
            return;
        }
        let before = self.doorbell.send_replace(end.seq);
        *ring = Ring::at(end);
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.turns.send_modify(|turns| *turns += 1);
        drop(ring);
        tracing::error!(
            "the store has lost the end of its log: it went to seq {before}, which is not there any more, and goes on \
             after {} now; what is missing was not on the server that took over",
            end.seq
        );
    }

    /// Reads what other servers have written, up to a version that was written. Very much of it is left in the store.
    async fn read_up_to(&self, end: LogEnd) -> Result<()> {
        loop {
            let (turns, last) = (self.turned(), self.end());
            if last.seq >= end.seq {
                return Ok(());
            }
            if end.seq.0 - last.seq.0 > FAR {
                match self.store.by_seq(last.seq).await {
                    Ok(Some(now)) if LogEnd::of(&now).differs(&last) => self.turn(turns, end),
                    // Nobody knows what stood there.
                    Ok(_) | Err(StoreError::DamagedVersion(_)) => {}
                    Err(error) => return Err(error),
                }
                self.ring_up_to(end);
                return Ok(());
            }
            match self.store.tail(last.seq, STRETCH).await {
                Ok(versions) if versions.is_empty() => return Ok(()),
                Ok(versions) => self.append(versions, None),
                // Who reads the log finds it, and goes on behind it.
                Err(StoreError::DamagedVersion(_)) => self.ring_up_to(end),
                Err(error) => return Err(error),
            }
        }
    }

    /// Appends what is not there yet and rings. Of two who append the same, the second changes nothing.
    fn append(&self, versions: Vec<Version>, committed: Option<Instant>) {
        let Some(last) = versions.last().map(LogEnd::of) else { return };
        let turns = self.turned();
        let fork = self.ring.read().unwrap_or_else(PoisonError::into_inner).fork(&versions);
        if let Some(fork) = fork {
            self.turn(turns, fork);
        }
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        for version in versions {
            match ring.next_seq() {
                Some(next) if version.seq < next => continue,
                // What the ring holds would have a gap. The store has everything.
                Some(next) if version.seq > next => ring.clear(),
                _ => {}
            }
            ring.push(LoggedEvent::new(version, committed));
        }
        drop(ring);
        self.ring_up_to(last);
    }

    fn ring_up_to(&self, end: LogEnd) {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        ring.reaches(end);
        self.doorbell.send_if_modified(|last| {
            let grown = end.seq > *last;
            *last = end.seq.max(*last);
            grown
        });
    }

    /// Follows what other servers write, as long as the store rings. Notices are only doorbells: what is new is always
    /// read from the end of what was read before, so none that is late, doubled or lost does any harm.
    pub(crate) async fn follow(&self) {
        while self.adrift.load(Ordering::SeqCst) && self.catch_up().await.is_err() {
            tokio::time::sleep(AGAIN).await;
        }
        let Some(mut others) = self.others.clone() else { return };
        let mut before = *others.borrow_and_update();
        while others.changed().await.is_ok() {
            let rung = *others.borrow_and_update();
            let look = rung.seq > self.last_seq() || rung.ticks != before.ticks;
            if look && let Err(error) = self.catch_up().await {
                tracing::debug!(%error, "what other servers wrote could not be read; it is tried again");
            }
            if rung.lists != before.lists {
                self.announce_lists();
            }
            before = rung;
        }
    }

    /// Looks whether the log has grown by something that was not announced, such as a commit that ended late.
    pub(crate) async fn look_again(&self) -> Result<bool> {
        let last = self.last_seq();
        let tip = LogEnd::at(&self.store.tip().await?);
        self.ring_up_to(tip);
        Ok(tip.seq > last)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use stateloft_core::commit::{Change, Expectation, Write};
    use stateloft_core::model::{StateKey, Timestamp, Verdict};

    use super::*;
    use crate::store::memory::MemoryStore;
    use crate::store::{Commits as _, Heads as _, Log as _, StateStore, WriteRequest};

    /// A store with three versions of its own.
    async fn store(name: &str) -> Arc<MemoryStore> {
        let store = Arc::new(MemoryStore::new());
        for n in 1..=3 {
            let write = Write {
                key: StateKey::new("position", name).unwrap(),
                change: Change::Save(format!("{{\"n\":{n}}}").parse().unwrap()),
                expectation: Expectation::Any,
                verdict: Verdict::NotChecked,
                author: None,
                description: None,
                batch_id: None,
                origin: None,
                foreseen: None,
                rebase: None,
            };
            let group = [WriteRequest::Batch { writes: vec![write], restore: None }];
            store.commit(&group, Timestamp::from_micros(n)).await.unwrap();
        }
        store
    }

    #[tokio::test]
    async fn a_log_that_lost_its_end_and_has_grown_beyond_it_is_noticed_by_its_hashes() {
        let (ours, theirs) = (store("ours").await, store("theirs").await);
        let empty: Arc<dyn StateStore> = Arc::new(MemoryStore::new());
        let log = EventLog::open(empty).await.unwrap();
        let turns = log.turns();
        log.publish(ours.after(Seq::ZERO, 1).await.unwrap()).await;
        log.publish(ours.after(Seq(1), 1).await.unwrap()).await;
        assert!(!turns.has_changed().unwrap(), "each follows the one before");
        log.publish(theirs.after(Seq(2), 1).await.unwrap()).await;
        assert!(turns.has_changed().unwrap(), "this one does not");
        assert_eq!(log.last_seq(), Seq(3));
        let last = log.read_after(Seq(2), 10).await.unwrap();
        assert_eq!(last[0].version().key.state_id.as_str(), "theirs");
    }

    #[tokio::test]
    async fn a_log_that_lost_its_end_and_has_grown_as_far_again_is_noticed_by_its_hashes() {
        let (ours, theirs) = (store("ours").await, store("theirs").await);
        let tip = ours.tip().await.unwrap();
        for ring in [true, false] {
            // With what was published before in memory, and only with where it ended.
            let log = EventLog::open(Arc::clone(&ours) as Arc<dyn StateStore>).await.unwrap();
            if ring {
                log.append(ours.after(Seq::ZERO, 10).await.unwrap(), None);
            }
            assert_eq!(log.end(), LogEnd::at(&tip));
            let turns = log.turns();
            log.publish(theirs.after(Seq(1), 2).await.unwrap()).await;
            assert!(turns.has_changed().unwrap(), "what has these numbers now is not what had them before");
            let last = log.read_after(Seq(2), 10).await.unwrap();
            assert_eq!(last[0].version().key.state_id.as_str(), "theirs");
        }
    }

    #[tokio::test]
    async fn a_loss_that_two_have_seen_turns_the_log_once() {
        let store: Arc<dyn StateStore> = store("ours").await;
        let log = EventLog::open(Arc::clone(&store)).await.unwrap();
        let (seen, mut turns) = (log.turned(), log.turns());
        log.turn(seen, LogEnd::somewhere(Seq(1)));
        assert!(turns.has_changed().unwrap());
        turns.borrow_and_update();
        // Meanwhile the log goes on, and then the second comes who had seen it end before.
        log.publish(store.after(Seq(1), 2).await.unwrap()).await;
        log.turn(seen, LogEnd::somewhere(Seq(1)));
        assert!(!turns.has_changed().unwrap());
        assert_eq!(log.last_seq(), Seq(3));
        log.turn(log.turned(), LogEnd::somewhere(Seq(2)));
        assert!(turns.has_changed().unwrap(), "another loss");
    }
}
