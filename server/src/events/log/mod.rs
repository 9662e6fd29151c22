//! Reading on from a cursor, and the doorbell that says there is something to read.
//!
//! A log only grows, unless the store lost its end: a standby that had not everything took over, or a copy was put in its
//! place. Then the log turns: a position of before means nothing in it any more, and everybody who has one is told.

mod growth;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use stateloft_core::api::{LatencyStatus, VersionView};
use stateloft_core::model::{Seq, Timestamp};
use tokio::sync::watch;

use super::listeners::{Introduction, Listener, Listeners};
use super::ring::{LoggedEvent, Ring};
use crate::service::Latency;
use crate::store::{LogEnd, Result, Rung, StateStore, StoreError};

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

    /// Notes that these events were handed just now to a listener who had everything before them. What is replayed for
    /// somebody who comes later is not noted: its age says nothing about the server.
    pub fn sent_live<'a>(&self, events: impl IntoIterator<Item = &'a Arc<LoggedEvent>>) {
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

    /// Rings the bell of the lists.
    pub(crate) fn announce_lists(&self) {
        self.lists.send_modify(|count| *count += 1);
    }
}
