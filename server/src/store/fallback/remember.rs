//! What is known of the store when it is away: heads, also those of before a restart, and how far the log went.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use stateloft_core::model::{Seq, StateKey, Timestamp, Version};

use super::heads_file::Seen;
use super::{BEFORE_THE_START, FallbackStore};
use crate::store::cached::{CacheSettings, HeadCache, Ticket};
use crate::store::{LogEnd, Result, WriteRefusal, Written};

/// Heads that are remembered for the time when the store is away.
const REMEMBERED: usize = 10_000;

/// What was known when the program ended: which is now, and what time it is.
pub(super) fn known(seen: Vec<Seen>, now: Duration, today: Timestamp) -> HeadCache {
    let long = Duration::MAX;
    let remembered = CacheSettings { max_size: REMEMBERED, ttl: long, cleanup_interval: long };
    let mut known = HeadCache::new(remembered, LogEnd::START);
    for Seen { version, at } in seen {
        let age = u64::try_from(today.micros() - at.micros()).unwrap_or_default();
        let (ticket, key) = (known.ticket(&version.key), version.key.clone());
        known.keep(&key, Some(version), ticket, now.saturating_sub(Duration::from_micros(age)));
    }
    known
}

impl FallbackStore {
    /// The last head that was seen of a state, and how long ago; the inner `None` is a state that did not exist.
    #[must_use]
    pub fn last_known(&self, key: &StateKey) -> Option<(Option<Version>, Duration)> {
        let now = self.now();
        let (head, seen) = self.known().find(key, now)?;
        Some((head, now.saturating_sub(seen)))
    }

    /// All heads that were seen, and how long ago each; those of states that did not exist are not among them.
    #[must_use]
    pub fn all_known(&self) -> Vec<(Version, Duration)> {
        let now = self.now();
        self.known().heads().map(|(head, seen)| (head.clone(), now.saturating_sub(seen))).collect()
    }

    pub(super) fn now(&self) -> Duration {
        BEFORE_THE_START + self.ticks.now()
    }

    pub(super) fn known(&self) -> MutexGuard<'_, HeadCache> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seq that the log has reached; asked for only once.
    pub(super) async fn reached(&self) -> Result<Seq> {
        let reached = self.reached.load(Ordering::SeqCst);
        if reached > 0 {
            return Ok(Seq(reached));
        }
        let tip = self.inner.tip().await?.seq;
        self.reached.fetch_max(tip.0, Ordering::SeqCst);
        Ok(tip)
    }

    /// Remembers what was written, also for after a restart, before anybody is told.
    pub(super) async fn remember(&self, answers: &[std::result::Result<Written, WriteRefusal>]) {
        let outcomes = answers.iter().flatten().flat_map(Written::outcomes);
        let versions: Vec<_> = outcomes.map(|outcome| outcome.version().clone()).collect();
        self.remember_all(&versions);
        let at = self.clock.now();
        self.save_heads(versions.into_iter().map(|version| Seen { version, at }).collect()).await;
    }

    pub(super) fn remember_all(&self, versions: &[Version]) {
        let now = self.now();
        let mut known = self.known();
        for version in versions {
            known.written(version, now);
            self.reached.fetch_max(version.seq.0, Ordering::SeqCst);
        }
    }

    /// Remembers a head that was read. It is put into the file with the next others.
    pub(super) fn seen(&self, key: &StateKey, head: Option<&Version>, ticket: Ticket) {
        let now = self.now();
        let mut known = self.known();
        let before = known.find(key, now).and_then(|(before, _)| Some(before?.version));
        known.keep(key, head.cloned(), ticket, now);
        drop(known);
        if let Some(head) = head.filter(|head| before != Some(head.version)) {
            self.unsaved().insert(key.clone(), Seen { version: head.clone(), at: self.clock.now() });
        }
    }

    /// Puts heads into the file, with those that were read since the last time. A file that cannot be written costs what
    /// is known after a restart, never a save.
    pub(super) async fn save_heads(&self, written: Vec<Seen>) {
        let mut heads: Vec<Seen> = std::mem::take(&mut *self.unsaved()).into_values().collect();
        heads.extend(written);
        if heads.is_empty() {
            return;
        }
        let file = Arc::clone(&self.heads);
        let saved = tokio::task::spawn_blocking(move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.append(&heads);
            file.is_long()
        });
        if saved.await.unwrap_or(false) {
            self.rewrite_heads().await;
        }
    }

    async fn rewrite_heads(&self) {
        let (now, today) = (self.now(), self.clock.now());
        let seen_at = |(version, seen): (&Version, Duration)| {
            let age = i64::try_from(now.saturating_sub(seen).as_micros()).unwrap_or(i64::MAX);
            let at = Timestamp::from_micros(today.micros().saturating_sub(age));
            Seen { version: version.clone(), at }
        };
        let heads: Vec<Seen> = self.known().heads().map(seen_at).collect();
        let file = Arc::clone(&self.heads);
        let rewritten = tokio::task::spawn_blocking(move || {
            file.lock().unwrap_or_else(PoisonError::into_inner).rewrite(&heads);
        });
        if let Err(error) = rewritten.await {
            tracing::warn!(%error, "the file of the last known heads was not tidied up");
        }
    }

    /// Whether heads wait to be put into the file.
    pub(super) fn has_unsaved(&self) -> bool {
        !self.unsaved().is_empty()
    }

    fn unsaved(&self) -> MutexGuard<'_, HashMap<StateKey, Seen>> {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
