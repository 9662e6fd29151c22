//! Reading on from a cursor, and the doorbell that says there is something to read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use statehouse_core::api::LatencyStatus;
use statehouse_core::model::{Seq, Version};
use tokio::sync::watch;

use super::ring::{LoggedEvent, Ring};
use crate::service::Latency;
use crate::store::{Result, Rung, StateStore};

/// Versions of other servers read at a time.
const STRETCH: usize = 512;
/// Who is behind so many versions reads them from the store, not from memory.
const FAR: u64 = 4_096;

/// The stream of versions of one server.
pub struct EventLog {
    store: Arc<dyn StateStore>,
    ring: RwLock<Ring>,
    doorbell: watch::Sender<Seq>,
    lists: watch::Sender<u64>,
    lag: Latency,
    listeners: Arc<AtomicU64>,
    /// Rings when other servers may have written; `None` where this one is the only one.
    others: Option<watch::Receiver<Rung>>,
}

/// Counts a session as a listener as long as it lives.
#[derive(Debug)]
pub struct ListenerGuard(Arc<AtomicU64>);

impl Drop for ListenerGuard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl EventLog {
    /// A stream that goes on from the store's tip.
    pub async fn open(store: Arc<dyn StateStore>) -> Result<Self> {
        let tip = store.tip().await?;
        Ok(Self {
            others: store.bell(),
            store,
            ring: RwLock::new(Ring::default()),
            doorbell: watch::Sender::new(tip.seq),
            lists: watch::Sender::new(0),
            lag: Latency::default(),
            listeners: Arc::default(),
        })
    }

    /// The last seq that can be read.
    #[must_use]
    pub fn last_seq(&self) -> Seq {
        *self.doorbell.borrow()
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

    /// Counts a session as a listener until the guard is dropped.
    #[must_use]
    pub fn listen(&self) -> ListenerGuard {
        self.listeners.fetch_add(1, Ordering::Relaxed);
        ListenerGuard(Arc::clone(&self.listeners))
    }

    /// How many sessions listen.
    #[must_use]
    pub fn listeners(&self) -> u64 {
        self.listeners.load(Ordering::Relaxed)
    }

    /// At most `limit` events after a seq, in order, without gaps. Empty when there are none yet.
    pub async fn read_after(&self, seq: Seq, limit: usize) -> Result<Vec<Arc<LoggedEvent>>> {
        if seq >= self.last_seq() {
            return Ok(Vec::new());
        }
        let recent = self.ring.read().unwrap_or_else(PoisonError::into_inner).after(seq, limit);
        // The ring may end before the log does, when another server has written.
        if let Some(events) = recent.filter(|events| !events.is_empty()) {
            return Ok(events);
        }
        let versions = self.store.after(seq, limit).await?;
        Ok(versions.into_iter().map(|version| LoggedEvent::new(version, None)).collect())
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

    /// Appends versions that this server has just made durable, in order, and rings.
    pub(crate) async fn publish(&self, versions: Vec<Version>) {
        let Some(first) = versions.first().map(|version| version.seq) else { return };
        let committed = Instant::now();
        if self.last_seq().next() < first {
            // Another server wrote in between. What cannot be had here, sessions read from the store.
            if let Err(error) = self.read_up_to(Seq(first.0 - 1)).await {
                tracing::debug!(%error, "what other servers wrote was not read ahead");
            }
        }
        self.append(versions, Some(committed));
    }

    /// Makes sure that everything is seen that any server has been told is written, and returns the last seq.
    pub async fn catch_up(&self) -> Result<Seq> {
        if self.others.is_some() {
            let tip = self.store.tip().await?.seq;
            self.read_up_to(tip).await?;
        }
        Ok(self.last_seq())
    }

    /// Reads what other servers have written, up to a seq that was written. Very much of it is left in the store.
    async fn read_up_to(&self, seq: Seq) -> Result<()> {
        loop {
            let last = self.last_seq();
            if last >= seq {
                return Ok(());
            }
            if seq.0 - last.0 > FAR {
                self.ring_up_to(seq);
                return Ok(());
            }
            let versions = self.store.after(last, STRETCH).await?;
            if versions.is_empty() {
                return Ok(());
            }
            self.append(versions, None);
        }
    }

    /// Appends what is not there yet and rings. Of two who append the same, the second changes nothing.
    fn append(&self, versions: Vec<Version>, committed: Option<Instant>) {
        let Some(last) = versions.last().map(|version| version.seq) else { return };
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

    fn ring_up_to(&self, seq: Seq) {
        self.doorbell.send_if_modified(|last| {
            let grown = seq > *last;
            *last = seq.max(*last);
            grown
        });
    }

    /// Follows what other servers write, as long as the store rings. Notices are only doorbells: what is new is always
    /// read from the end of what was read before, so none that is late, doubled or lost does any harm.
    pub(crate) async fn follow(&self) {
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
        let (last, tip) = (self.last_seq(), self.store.tip().await?.seq);
        self.ring_up_to(tip);
        Ok(tip > last)
    }

    /// Rings the bell of the lists.
    pub(crate) fn announce_lists(&self) {
        self.lists.send_modify(|count| *count += 1);
    }
}
