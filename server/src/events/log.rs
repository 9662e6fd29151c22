//! Reading on from a cursor, and the doorbell that says there is something to read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use statehouse_core::api::LatencyStatus;
use statehouse_core::model::{Seq, Version};
use tokio::sync::watch;

use super::ring::{LoggedEvent, Ring};
use crate::service::Latency;
use crate::store::{Result, StateStore};

/// The stream of versions of one server.
pub struct EventLog {
    store: Arc<dyn StateStore>,
    ring: RwLock<Ring>,
    doorbell: watch::Sender<Seq>,
    lists: watch::Sender<u64>,
    lag: Latency,
    listeners: Arc<AtomicU64>,
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
        if let Some(events) = recent {
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

    /// Appends versions that have just become durable, in order, and rings.
    pub(crate) fn publish(&self, versions: Vec<Version>) {
        let Some(last) = versions.last().map(|version| version.seq) else { return };
        let committed = Instant::now();
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        for version in versions {
            if ring.next_seq().is_some_and(|next| next != version.seq) {
                // Somebody else wrote in between: what the ring holds would have a gap. The store has everything.
                ring.clear();
            }
            ring.push(LoggedEvent::new(version, Some(committed)));
        }
        drop(ring);
        self.doorbell.send_replace(last);
    }

    /// Rings the bell of the lists.
    pub(crate) fn announce_lists(&self) {
        self.lists.send_modify(|count| *count += 1);
    }
}
