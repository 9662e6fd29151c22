//! Reading on from a cursor, and the doorbell that says there is something to read.
//!
//! A log only grows, unless the store lost its end: a standby that had not everything took over, or a copy was put in its
//! place. Then the log turns: a position of before means nothing in it any more, and everybody who has one is told.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use statehouse_core::api::{LatencyStatus, VersionView};
use statehouse_core::model::{Seq, Timestamp, Version};
use tokio::sync::watch;

use super::listeners::{Introduction, Listener, Listeners};
use super::ring::{LoggedEvent, Ring};
use crate::service::Latency;
use crate::store::{LogEnd, Result, Rung, StateStore, StoreError};

/// Versions of other servers read at a time.
const STRETCH: usize = 512;
/// Who is behind so many versions reads them from the store, not from memory.
const FAR: u64 = 4_096;
/// How often a store that was not there when the server started is asked where its log ends.
const AGAIN: Duration = Duration::from_millis(250);

/// The stream of versions of one server.
pub struct EventLog {
    store: Arc<dyn StateStore>,
    ring: RwLock<Ring>,
    /// Large events that sessions have read from the store, as long as any of them sends them.
    shared: Mutex<HashMap<Seq, Weak<LoggedEvent>>>,
    sharing: tokio::sync::Mutex<()>,
    doorbell: watch::Sender<Seq>,
    lists: watch::Sender<u64>,
    turns: watch::Sender<u64>,
    /// Where the log ends is not known yet: the store was not there.
    adrift: AtomicBool,
    lag: Latency,
    listeners: Arc<Listeners>,
    /// Rings when other servers may have written; `None` where this one is the only one.
    others: Option<watch::Receiver<Rung>>,
}

impl EventLog {
    /// A stream that goes on from the store's tip, which is found later if the store has not been reached yet.
    pub async fn open(store: Arc<dyn StateStore>) -> Result<Self> {
        let (end, adrift) = match store.tip().await {
            Ok(tip) => (LogEnd::at(&tip), false),
            Err(StoreError::NotReached(_)) => (LogEnd::START, true),
            Err(error) => return Err(error),
        };
        Ok(Self {
            others: store.bell(),
            store,
            ring: RwLock::new(Ring::at(end)),
            shared: Mutex::default(),
            sharing: tokio::sync::Mutex::default(),
            doorbell: watch::Sender::new(end.seq),
            lists: watch::Sender::new(0),
            turns: watch::Sender::new(0),
            adrift: AtomicBool::new(adrift),
            lag: Latency::default(),
            listeners: Arc::default(),
        })
    }

    /// The last seq that can be read.
    #[must_use]
    pub fn last_seq(&self) -> Seq {
        *self.doorbell.borrow()
    }

    /// When the last version that was heard of was recorded; nothing before the first one is.
    #[must_use]
    pub fn last_recorded(&self) -> Option<Timestamp> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        ring.last()
            .map(LoggedEvent::version)
            .filter(|last| last.damaged.is_none())
            .map(|last| last.recorded_at)
    }

    /// Rings with the new last seq whenever the log has grown.
    #[must_use]
    pub fn doorbell(&self) -> watch::Receiver<Seq> {
        self.doorbell.subscribe()
    }

    /// Rings whenever snapshots or restores were made or deleted.
    #[must_use]
    pub fn lists_bell(&self) -> watch::Receiver<u64> {
        self.lists.subscribe()
    }

    /// Rings when the store has lost the end of the log: positions of before mean nothing any more.
    #[must_use]
    pub fn turns(&self) -> watch::Receiver<u64> {
        self.turns.subscribe()
    }

    /// Lists a session until what this gives is dropped.
    #[must_use]
    pub fn listen(&self, who: Introduction) -> Listener {
        self.listeners.join(who)
    }

    /// The sessions that listen.
    #[must_use]
    pub fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    /// At most `limit` events after a seq, in order, without gaps. Empty when there are none yet.
    ///
    /// # Errors
    /// [`StoreError::DamagedVersion`] when the next one cannot be read at all: it names its seq, behind which the log goes on.
    pub async fn read_after(&self, seq: Seq, limit: usize) -> Result<Vec<Arc<LoggedEvent>>> {
        if seq >= self.last_seq() {
            return Ok(Vec::new());
        }
        if let Some(events) = self.recent_after(seq, limit) {
            return Ok(events);
        }
        let versions = self.store.after(seq, limit).await?;
        if versions.is_empty() && seq < self.catch_up().await? {
            // It was there, and nothing has taken it back.
            return Err(StoreError::no_version(seq.next(), "it is missing at the end of the log"));
        }
        Ok(versions.into_iter().map(|version| LoggedEvent::new(version, None)).collect())
    }

    /// The same of those that lie in memory for everybody; `None` where the next one does not. They may end before the log
    /// does, when another server has written.
    pub(super) fn recent_after(&self, seq: Seq, limit: usize) -> Option<Vec<Arc<LoggedEvent>>> {
        let recent = self.ring.read().unwrap_or_else(PoisonError::into_inner).after(seq, limit);
        recent.filter(|events| !events.is_empty())
    }

    /// A large event of long ago that some session sends now.
    pub(super) fn shared(&self, seq: Seq) -> Option<Arc<LoggedEvent>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).get(&seq).and_then(Weak::upgrade)
    }

    /// The event after a seq, read once for all sessions that want it now. One is read at a time, so that those who replay
    /// a log of large documents never have all the store's connections.
    pub(super) async fn share(&self, seq: Seq) -> Result<Option<Arc<LoggedEvent>>> {
        let _alone = self.sharing.lock().await;
        if let Some(event) = self.shared(seq.next()) {
            return Ok(Some(event));
        }
        let Some(event) = self.read_after(seq, 1).await?.pop() else { return Ok(None) };
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.retain(|_, event| event.strong_count() > 0);
        shared.insert(event.seq(), Arc::downgrade(&event));
        Ok(Some(event))
    }

    /// As [`read_after`](Self::read_after), as they are shown and without their data, which is not even read.
    pub async fn views_after(&self, seq: Seq, limit: usize) -> Result<Vec<VersionView>> {
        if seq >= self.last_seq() {
            return Ok(Vec::new());
        }
        let recent = self.ring.read().unwrap_or_else(PoisonError::into_inner).after(seq, limit);
        if let Some(events) = recent.filter(|events| !events.is_empty()) {
            return Ok(events.iter().map(|event| VersionView::of(event.version())).collect());
        }
        let views = self.store.views_after(seq, limit).await?;
        if views.is_empty() && seq < self.catch_up().await? {
            return Err(StoreError::no_version(seq.next(), "it is missing at the end of the log"));
        }
        Ok(views)
    }

    /// Notes that these events were handed to a listener just now.
    pub fn sent<'a>(&self, events: impl IntoIterator<Item = &'a Arc<LoggedEvent>>) {
        for committed in events.into_iter().filter_map(|event| event.committed()) {
            self.lag.record(committed.elapsed());
        }
    }

    /// Commit to message sent.
    #[must_use]
    pub fn lag(&self) -> LatencyStatus {
        self.lag.status()
    }

    /// The same since it was taken last, which begins anew.
    pub(crate) fn lag_take(&self) -> LatencyStatus {
        self.lag.take()
    }

    /// The same since it was taken last.
    pub(crate) fn lag_untaken(&self) -> LatencyStatus {
        self.lag.untaken()
    }

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

    /// Rings the bell of the lists.
    pub(crate) fn announce_lists(&self) {
        self.lists.send_modify(|count| *count += 1);
    }
}

#[cfg(test)]
mod tests {
    use statehouse_core::commit::{Change, Expectation, Write};
    use statehouse_core::model::{StateKey, Verdict};

    use super::*;
    use crate::store::memory::MemoryStore;
    use crate::store::{Commits as _, Heads as _, Log as _, WriteRequest};

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
