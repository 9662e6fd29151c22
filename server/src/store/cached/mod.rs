//! Heads in memory in front of another store, never older than a write that was acknowledged.
//!
//! Where this server is the only one that writes, every commit passes here, so that what is kept is true. Where several
//! servers share a database, each read first asks how far the log is (readers at the same time share one question) and
//! reads what others have added.

mod heads;
mod tip;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use stateloft_core::api::CacheStatus;
use stateloft_core::commit::Outcome;
use stateloft_core::model::{StateKey, Timestamp, Version};

use super::forward::{forward_admin, forward_leases, forward_reads};
use super::{Commits, LogEnd, Result, StateStore, StoreError, Ticks, WriteRefusal, WriteRequest, Written};
use tip::SharedTip;

pub use heads::CacheSettings;
pub(in crate::store) use heads::{HeadCache, Ticket};

/// Versions of other servers read at a time.
const STRETCH: usize = 256;
/// Who is behind more versions than this starts anew.
const FAR: u64 = 2_048;

/// Who writes to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// Only this server.
    Sole,
    /// Other servers too.
    Shared,
}

/// A read that is under way: locked for as long as it is, and why it failed.
type Flight = tokio::sync::Mutex<Option<StoreError>>;

/// Another store with its heads in memory.
pub struct CachedStore {
    inner: Arc<dyn StateStore>,
    ownership: Ownership,
    cache: Mutex<HeadCache>,
    clock: Arc<dyn Ticks>,
    tip: SharedTip,
    /// A commit ended without saying whether it was written: it may still be, behind our back.
    suspect: AtomicBool,
    /// Reads of the same state wait for the one that is under way, and fail with it.
    flights: Mutex<HashMap<StateKey, Weak<Flight>>>,
}

impl CachedStore {
    /// Puts a cache in front of a store.
    pub async fn open(
        inner: Arc<dyn StateStore>,
        ownership: Ownership,
        settings: CacheSettings,
        clock: Arc<dyn Ticks>,
    ) -> Result<Self> {
        let end = match inner.tip().await {
            Ok(tip) => LogEnd::at(&tip),
            // It is not there yet, so that nothing is known either.
            Err(StoreError::NotReached(_)) => LogEnd::START,
            Err(error) => return Err(error),
        };
        Ok(Self {
            inner,
            ownership,
            cache: Mutex::new(HeadCache::new(settings, end)),
            clock,
            tip: SharedTip::default(),
            suspect: AtomicBool::new(false),
            flights: Mutex::default(),
        })
    }

    /// What it holds and how well it does.
    #[must_use]
    pub fn cache_status(&self) -> CacheStatus {
        self.cache().status("heads")
    }

    fn cache(&self) -> MutexGuard<'_, HeadCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
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
        if self.ownership == Ownership::Shared || self.suspect.load(Ordering::SeqCst) {
            self.catch_up().await?;
        }
        if let Some((head, _)) = self.hit(key) {
            return Ok(head);
        }
        let flight = self.flight(key);
        let mut failed = flight.lock().await;
        if let Some(error) = failed.as_ref() {
            return Err(StoreError::clone(error));
        }
        if let Some((head, _)) = self.hit(key) {
            return Ok(head);
        }
        let ticket = {
            let mut cache = self.cache();
            cache.misses += 1;
            cache.ticket(key)
        };
        match self.inner.head(key).await {
            Ok(head) => {
                self.cache().keep(key, head.clone(), ticket, self.clock.now());
                Ok(head)
            }
            Err(error) => {
                // Whoever comes from now on asks anew.
                self.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
                *failed = Some(error.clone());
                Err(error)
            }
        }
    }

    /// What the cache knows of a state, and since when.
    fn hit(&self, key: &StateKey) -> Option<(Option<Version>, Duration)> {
        let mut cache = self.cache();
        let found = cache.find(key, self.clock.now())?;
        cache.hits += 1;
        Some(found)
    }

    fn flight(&self, key: &StateKey) -> Arc<Flight> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(key).and_then(Weak::upgrade) {
            return flight;
        }
        flights.retain(|_, flight| flight.strong_count() > 0);
        let flight = Arc::default();
        flights.insert(key.clone(), Arc::downgrade(&flight));
        flight
    }

    /// Takes in what was written up to now, by whomever.
    async fn catch_up(&self) -> Result<()> {
        let known = self.cache().end();
        // Asked for afterwards, the end can only be behind what was known, or another version, if the store has lost it.
        let tip = self.tip.read(self.inner.as_ref()).await?;
        if known.is_lost_in(&tip) {
            self.cache().start_anew(tip);
            return Ok(());
        }
        loop {
            let end = self.cache().end();
            if tip.seq <= end.seq {
                return Ok(());
            }
            if tip.seq.0 - end.seq.0 > FAR {
                self.start_anew_from(tip);
                return Ok(());
            }
            let versions = match self.inner.tail(end.seq, STRETCH).await {
                // What others wrote cannot be had from the log, so nothing is known any more.
                Err(StoreError::DamagedVersion(_)) => Vec::new(),
                other => other?,
            };
            let (Some(first), Some(last)) = (versions.first(), versions.last()) else {
                self.start_anew_from(tip);
                return Ok(());
            };
            if end.is_not_before(first) {
                self.start_anew_from(tip);
                return Ok(());
            }
            let mut cache = self.cache();
            for version in &versions {
                cache.written(version, self.clock.now());
            }
            cache.reaches(LogEnd::of(last));
        }
    }

    /// Forgets everything up to a version, unless more has been taken in meanwhile.
    fn start_anew_from(&self, tip: LogEnd) {
        let mut cache = self.cache();
        let end = cache.end();
        cache.start_anew(if end.seq > tip.seq { end } else { tip });
    }

    fn take_in(&self, answers: &[std::result::Result<Written, WriteRefusal>]) {
        let now = self.clock.now();
        let mut cache = self.cache();
        let outcomes = answers.iter().flatten().flat_map(Written::outcomes);
        let mut written = outcomes.clone().filter(|outcome| outcome.is_written()).map(Outcome::version);
        let first = written.next();
        let end = cache.end();
        if first.is_some_and(|first| end.seq.next() == first.seq && end.is_not_before(first)) {
            // The log lost its end, and has grown as far again.
            cache.start_anew(LogEnd::somewhere(end.seq));
        }
        for outcome in outcomes {
            cache.written(outcome.version(), now);
        }
        let Some(first) = first else { return };
        let last = LogEnd::of(written.next_back().unwrap_or(first));
        if cache.end().seq.next() == first.seq {
            cache.reaches(last);
        } else if self.ownership == Ownership::Sole && first.seq > cache.end().seq {
            // Something was written that no commit has acknowledged.
            cache.start_anew(last);
        }
        // What had ended without an answer was before this commit, or never.
        self.suspect.store(false, Ordering::SeqCst);
    }
}

forward_reads!(CachedStore);
forward_leases!(CachedStore);

/// Makes a cache suspicious unless the commit's end is known.
struct Watch<'a> {
    store: &'a CachedStore,
    group: &'a [WriteRequest],
    known: bool,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.known {
            self.store.suspect.store(true, Ordering::SeqCst);
            let mut cache = self.store.cache();
            for key in keys(self.group) {
                cache.moving(key);
                cache.forget(key);
            }
            if self.group.iter().any(WriteRequest::closes) {
                // Nobody knows which.
                let end = cache.end();
                cache.start_anew(end);
            }
        }
    }
}

fn keys(group: &[WriteRequest]) -> impl Iterator<Item = &StateKey> {
    group
        .iter()
        .flat_map(|request| match request.parts().0 {
            WriteRequest::Batch { writes, .. }
            | WriteRequest::OnTerms { writes, .. }
            | WriteRequest::Import { writes, .. } => writes.as_slice(),
            _ => &[],
        })
        .map(|write| &write.key)
}

#[async_trait]
impl Commits for CachedStore {
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        {
            let mut cache = self.cache();
            keys(group).for_each(|key| cache.moving(key));
        }
        let mut watch = Watch { store: self, group, known: false };
        let answers = self.inner.commit(group, now).await;
        match &answers {
            Ok(answers) => {
                watch.known = true;
                self.take_in(answers);
            }
            Err(error) => watch.known = error.nothing_was_written(),
        }
        answers
    }

    async fn keep_up(&self, now: Timestamp) -> Result<bool> {
        self.inner.keep_up(now).await
    }
}

forward_admin! { CachedStore: ping status facts take_pool_peak bell alarms close }
