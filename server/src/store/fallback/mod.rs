//! What happens to writes while the store is away: they are made durable in a journal on this machine, and replayed in
//! order when the store is back.
//!
//! As long as anything waits, every later write waits behind it. A replay is a compare-and-set onto the head that was
//! looked at, and each version it makes carries the entry's id as its batch id: so an entry is written once, whatever ends
//! in between, and a state that somebody else has moved meanwhile is not overwritten but becomes a conflict, which is kept
//! and shown.
//!
//! A batch that has an id can be found again. So one that the store was given without saying what became of it goes to the
//! journal as well: its replay first looks whether its versions are there.

mod accept;
mod aside;
mod conflicts;
mod entry;
mod examine;
mod folder;
mod frame;
mod heads_file;
mod journal;
mod judge;
mod lookout;
mod opened;
mod pen;
mod pending;
mod plain;
mod refuse;
mod remember;
mod repair;
mod replay;
mod settings;
mod waiting;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use stateloft_core::api::{FallbackConflict, FallbackConflicts, FallbackStatus, Stops};
use stateloft_core::model::{StateKey, Timestamp, Version};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::cached::HeadCache;
use super::forward::{forward_admin, forward_leases, forward_reads};
use super::{Commits, Result, StateStore, StoreError, Ticks, WriteRefusal, WriteRequest, Written};
use crate::alarms::{Alarms, Raised};
use crate::clock::Clock;
use crate::repeats::Repeats;
use conflicts::Conflicts;
use heads_file::{HeadsFile, Seen};
use journal::Journal;

pub use examine::{Examined, Part, Standing, WaitingWrite, examine, salvage};
pub use journal::JournalCounts;
pub use pending::Place;
pub use settings::FallbackSettings;

/// Writes go to the journal, and cannot.
static GOING: Repeats = Repeats::new();
static UNKEPT: Repeats = Repeats::new();

/// What the clock is ahead by, so that heads seen before the program started have a time.
const BEFORE_THE_START: Duration = Duration::from_hours(100 * 365 * 24);
/// How long one replay keeps new writes waiting before they queue up behind it.
const SLICE: Duration = Duration::from_secs(1);

/// Another store with a journal beside it.
pub struct FallbackStore {
    inner: Arc<dyn StateStore>,
    ticks: Arc<dyn Ticks>,
    /// What is replayed without a request is recorded by it, and so are the ages of what is kept on the disk.
    clock: Arc<dyn Clock>,
    journal: Arc<Mutex<Journal>>,
    conflicts: Conflicts,
    /// One commit or slice of a replay at a time.
    turn: tokio::sync::Mutex<()>,
    /// The store failed and has not answered since.
    away: AtomicBool,
    known: Mutex<HeadCache>,
    /// What is known, for the next start.
    heads: Arc<Mutex<HeadsFile>>,
    /// Heads that were read and are not in the file yet.
    unsaved: Mutex<HashMap<StateKey, Seen>>,
    /// The log goes as far as this, and perhaps further.
    reached: AtomicU64,
    wake: Notify,
    stop: CancellationToken,
    alarms: Alarms,
    /// Gone once the store is closed, so that those who follow end.
    events: Mutex<Option<mpsc::UnboundedSender<Vec<Version>>>>,
}

impl FallbackStore {
    /// Opens the journal, and goes on replaying what waits in it. The clock is the one of every other write to the store.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another server has the folder, [`StoreError::JournalDamaged`] when the journal cannot be
    /// read or understood, [`StoreError::Unavailable`] when the folder cannot be used.
    pub async fn open(
        inner: Arc<dyn StateStore>,
        settings: FallbackSettings,
        ticks: Arc<dyn Ticks>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>> {
        let (folder, bytes_max) = (settings.folder.clone(), settings.bytes_max);
        let opened = tokio::task::spawn_blocking(move || {
            let journal = Journal::open(&folder, bytes_max)?;
            let conflicts = Conflicts::open(&folder)?;
            conflicts.settle_those_decided(&journal)?;
            Ok((journal, conflicts, HeadsFile::open(&folder)))
        });
        let (journal, conflicts, (heads, seen)) =
            opened.await.map_err(|error| StoreError::Unavailable(error.to_string()))??;
        let store = Arc::new(Self {
            known: Mutex::new(remember::known(seen, BEFORE_THE_START + ticks.now(), clock.now())),
            inner,
            ticks,
            clock,
            journal: Arc::new(Mutex::new(journal)),
            conflicts,
            turn: tokio::sync::Mutex::default(),
            away: AtomicBool::new(false),
            heads: Arc::new(Mutex::new(heads)),
            unsaved: Mutex::default(),
            reached: AtomicU64::new(0),
            wake: Notify::new(),
            stop: CancellationToken::new(),
            alarms: Alarms::default(),
            events: Mutex::default(),
        });
        let watcher = Arc::clone(&store);
        let looked = tokio::task::spawn_blocking(move || {
            watcher.look_at_the_folder();
            watcher.look_at_the_conflicts(&watcher.conflicts.list());
        });
        looked.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        tokio::spawn(replay::keep_replaying(Arc::downgrade(&store), store.stop.clone(), settings.poll));
        Ok(store)
    }

    /// How the journal is.
    #[must_use]
    pub fn fallback_status(&self) -> FallbackStatus {
        let status = {
            let journal = self.journal();
            FallbackStatus {
                active: !journal.pending().is_empty(),
                pending: journal.pending().len() as u64,
                oldest: journal.pending().front().map(|entry| entry.taken_at()),
                size_bytes: journal.length(),
                replayed: journal.counts().replayed,
                conflicts: 0,
                torn_bytes: journal.torn(),
                fault: journal.fault(),
                set_aside: Vec::new(),
            }
        };
        // Only now: an entry that becomes a conflict is seen as one of the two at any moment, and never as neither.
        FallbackStatus { conflicts: self.count_conflicts(), set_aside: self.look_at_the_folder(), ..status }
    }

    /// What has gone through the journal since the start.
    #[must_use]
    pub fn counts(&self) -> JournalCounts {
        self.journal().counts()
    }

    /// The folder of the journal.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.journal().folder().to_owned()
    }

    /// The conflicts that wait for a decision, the oldest first, and the files of those that cannot be read.
    pub fn conflicts(&self) -> Result<FallbackConflicts> {
        let found = self.conflicts.list();
        self.look_at_the_conflicts(&found);
        let conflicts::Found { conflicts, damaged } = found?;
        Ok(FallbackConflicts { conflicts, damaged })
    }

    /// One conflict that waits for a decision.
    pub fn conflict(&self, pending_id: &str) -> Result<Option<FallbackConflict>> {
        self.conflicts.get(pending_id)
    }

    /// Notes that a decision was made. The conflict is kept, but no longer listed.
    pub fn settle(&self, pending_id: &str) -> Result<()> {
        self.conflicts.settle(pending_id)
    }

    /// What replays write from now on, until the store is closed, for whoever follows the log: the last one who asked.
    pub fn follow_replays(&self) -> mpsc::UnboundedReceiver<Vec<Version>> {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.events() = Some(sender);
        receiver
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn events(&self) -> MutexGuard<'_, Option<mpsc::UnboundedSender<Vec<Version>>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the journal where waiting for the disk holds up nobody else.
    async fn with_journal<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Journal) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let journal = Arc::clone(&self.journal);
        let worked = tokio::task::spawn_blocking(move || {
            work(&mut journal.lock().unwrap_or_else(PoisonError::into_inner))
        });
        worked.await.unwrap_or_else(|error| Err(StoreError::NotWritten(error.to_string())))
    }

    fn is_waiting(&self) -> bool {
        !self.journal().pending().is_empty()
    }

    async fn read<'a, T: Send, F>(
        &'a self,
        _what: &'static str,
        call: impl Fn(&'a dyn StateStore) -> F + Send + Sync,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        call(self.inner.as_ref()).await
    }

    async fn read_head(&self, key: &StateKey) -> Result<Option<Version>> {
        let ticket = self.known().ticket(key);
        let head = self.inner.head(key).await?;
        self.seen(key, head.as_ref(), ticket);
        Ok(head)
    }
}

/// What stops the writes of a store does not stop those that the journal takes instead.
fn stands_in(alarm: &mut Raised) {
    if alarm.stops == Stops::Writes {
        alarm.stops = Stops::Part;
        alarm.detail.push_str(
            ". Saves, deletes and batches are kept in the fallback journal meanwhile; snapshots and restores are not taken",
        );
    }
}

forward_reads!(FallbackStore);
forward_leases!(FallbackStore);

#[async_trait]
impl Commits for FallbackStore {
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let _turn = self.turn.lock().await;
        if self.is_waiting() && !self.away.load(Ordering::SeqCst) {
            self.replay_for(SLICE, now).await;
        }
        if self.is_waiting() {
            return self.accept(group, None, now).await;
        }
        let (reached, error) = match self.reached().await {
            Err(error) => (None, error.before_commit()),
            Ok(reached) => match self.inner.commit(group, now).await {
                Ok(answers) => {
                    if let Some(groups) = GOING.ended() {
                        tracing::info!(groups, "writes go to the store again");
                    }
                    UNKEPT.ended();
                    self.away.store(false, Ordering::SeqCst);
                    self.remember(&answers).await;
                    return Ok(answers);
                }
                Err(error) => (Some(reached), error),
            },
        };
        if !error.is_outage() {
            return Err(error);
        }
        if let Some(groups) = GOING.happened() {
            tracing::warn!(%error, groups, "writes go to the fallback journal");
        }
        self.away.store(true, Ordering::SeqCst);
        if error.nothing_was_written() {
            return self.accept(group, None, now).await;
        }
        // What cannot be kept here either stays as unknown as it is.
        self.accept(group, reached, now).await.map_err(|fault| {
            if let Some(groups) = UNKEPT.happened() {
                tracing::error!(%fault, groups, "nor could the fallback journal keep it");
            }
            error
        })
    }

    async fn keep_up(&self, now: Timestamp) -> Result<bool> {
        self.inner.keep_up(now).await
    }
}

forward_admin! { FallbackStore: ping status facts take_pool_peak bell;
   fn alarms(&self) -> Vec<Raised> {
       let mut alarms = self.inner.alarms();
       if self.journal().fault().is_none() {
           alarms.iter_mut().for_each(stands_in);
       }
       alarms.extend(self.alarms.list());
       alarms
   }

   async fn close(&self) {
       self.stop.cancel();
       let _turn = self.turn.lock().await;
       self.events().take();
       self.journal().close();
       self.save_heads(Vec::new()).await;
       self.inner.close().await;
   }
}
