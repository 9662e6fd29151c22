//! Heads in memory: bounded in number, bytes and age, and never replaced by older ones.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use stateloft_core::api::CacheStatus;
use stateloft_core::json::Document;
use stateloft_core::model::{StateKey, Version};

use crate::store::LogEnd;

/// Bytes kept at most, about.
const BYTES: usize = 64 << 20;
/// Bytes of a head besides its data, about.
const OVERHEAD: usize = 600;
/// A head of more is not kept: it would take the place of everything else.
const LARGEST: usize = BYTES / 4;
const STAMPS: usize = 1024;

/// How much a cache keeps and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSettings {
    /// Entries at most; at least one.
    pub max_size: usize,
    /// An entry older than this is read again.
    pub ttl: Duration,
    /// How often entries that are too old are looked for.
    pub cleanup_interval: Duration,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self { max_size: 1000, ttl: Duration::from_mins(5), cleanup_interval: Duration::from_mins(1) }
    }
}

/// Heads by key; `None` is a state known not to exist.
#[derive(Debug)]
pub(in crate::store) struct HeadCache {
    settings: CacheSettings,
    entries: HashMap<StateKey, Entry>,
    /// The least recently used first.
    by_use: BTreeMap<u64, StateKey>,
    next_use: u64,
    bytes: usize,
    /// Grow when a key that falls into them moves, so that a read from before is not kept.
    stamps: Vec<u64>,
    hasher: RandomState,
    cleaned: Duration,
    /// Everything up to here is in the entries, or not in the cache at all.
    end: LogEnd,
    pub(super) hits: u64,
    pub(super) misses: u64,
    evictions: u64,
    expirations: u64,
    cleanup_runs: u64,
}

#[derive(Debug)]
struct Entry {
    head: Option<Version>,
    seen: Duration,
    used: u64,
}

/// What was the case when a read began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Ticket(u64);

impl HeadCache {
    pub(in crate::store) fn new(settings: CacheSettings, end: LogEnd) -> Self {
        Self {
            settings,
            entries: HashMap::new(),
            by_use: BTreeMap::new(),
            next_use: 0,
            bytes: 0,
            stamps: vec![0; STAMPS],
            hasher: RandomState::new(),
            cleaned: Duration::ZERO,
            end,
            hits: 0,
            misses: 0,
            evictions: 0,
            expirations: 0,
            cleanup_runs: 0,
        }
    }

    /// The head of a state and when it was seen, if it is here and young enough.
    pub(in crate::store) fn find(
        &mut self,
        key: &StateKey,
        now: Duration,
    ) -> Option<(Option<Version>, Duration)> {
        self.clean(now);
        let entry = self.entries.get_mut(key)?;
        if now.saturating_sub(entry.seen) >= self.settings.ttl {
            self.expirations += 1;
            self.forget(key);
            return None;
        }
        let used = self.next_use;
        self.next_use += 1;
        self.by_use.remove(&entry.used);
        entry.used = used;
        self.by_use.insert(used, key.clone());
        Some((entry.head.clone(), entry.seen))
    }

    /// The heads of states that exist, each with when it was seen.
    pub(in crate::store) fn heads(&self) -> impl Iterator<Item = (&Version, Duration)> {
        self.entries.values().filter_map(|entry| Some((entry.head.as_ref()?, entry.seen)))
    }

    /// To be taken before a head is read that is to be kept.
    pub(in crate::store) fn ticket(&self, key: &StateKey) -> Ticket {
        Ticket(self.stamps[self.stamp_of(key)])
    }

    /// Keeps what a read has found, unless the state may have moved since.
    pub(in crate::store) fn keep(
        &mut self,
        key: &StateKey,
        head: Option<Version>,
        ticket: Ticket,
        now: Duration,
    ) {
        if self.ticket(key) == ticket {
            self.put(key, head, now);
        }
    }

    /// Notes that a state moves now: what is being read of it is not kept.
    pub(in crate::store) fn moving(&mut self, key: &StateKey) {
        let stamp = self.stamp_of(key);
        self.stamps[stamp] += 1;
    }

    /// Keeps a version that has been written. One that was taken in before may have been followed by a newer one that
    /// had to make room since: it is not kept anew. Nor is one that is older than what is here: it comes late, or the log
    /// has lost what is here, and nobody knows which.
    pub(in crate::store) fn written(&mut self, version: &Version, now: Duration) {
        self.moving(&version.key);
        let here = self.entries.get(&version.key);
        if version.seq <= self.end.seq && here.is_none() {
            return;
        }
        if here.and_then(|here| here.head.as_ref()).is_some_and(|here| here.seq > version.seq) {
            self.forget(&version.key);
            return;
        }
        self.put(&version.key, Some(version.clone()), now);
    }

    /// Up to where everything is in the entries, or not in the cache at all.
    pub(super) fn end(&self) -> LogEnd {
        self.end
    }

    /// Notes that everything up to a version is.
    pub(super) fn reaches(&mut self, end: LogEnd) {
        if end.seq > self.end.seq {
            self.end = end;
        }
    }

    pub(in crate::store) fn forget(&mut self, key: &StateKey) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_use.remove(&entry.used);
            self.bytes -= weight(entry.head.as_ref());
        }
    }

    /// Forgets everything, and starts anew from a version, perhaps an earlier one: the store has lost the end of its log.
    pub(super) fn start_anew(&mut self, end: LogEnd) {
        self.entries.clear();
        self.by_use.clear();
        self.bytes = 0;
        self.stamps.iter_mut().for_each(|stamp| *stamp += 1);
        self.end = end;
    }

    pub(super) fn status(&self, name: &str) -> CacheStatus {
        let reads = self.hits + self.misses;
        // In hundredths of a percent, rounded, so that two decimals are exact.
        let rate = (self.hits * 10_000 + reads / 2).checked_div(reads).unwrap_or_default();
        CacheStatus {
            name: name.to_owned(),
            size: self.entries.len() as u64,
            max_size: self.settings.max_size as u64,
            ttl_seconds: self.settings.ttl.as_secs_f64(),
            hits: self.hits,
            misses: self.misses,
            hit_rate: f64::from(u32::try_from(rate).unwrap_or_default()) / 100.0,
            evictions: self.evictions,
            expirations: self.expirations,
            cleanup_runs: self.cleanup_runs,
        }
    }

    fn stamp_of(&self, key: &StateKey) -> usize {
        usize::try_from(self.hasher.hash_one(key) % STAMPS as u64).unwrap_or_default()
    }

    fn put(&mut self, key: &StateKey, head: Option<Version>, now: Duration) {
        // What is damaged is read again each time: somebody may have mended it.
        if head.as_ref().is_some_and(|head| head.damaged.is_some()) {
            self.forget(key);
            return;
        }
        self.forget(key);
        if weight(head.as_ref()) > LARGEST {
            return;
        }
        self.bytes += weight(head.as_ref());
        let used = self.next_use;
        self.next_use += 1;
        self.by_use.insert(used, key.clone());
        self.entries.insert(key.clone(), Entry { head, seen: now, used });
        while self.entries.len() > self.settings.max_size.max(1)
            || (self.bytes > BYTES && self.entries.len() > 1)
        {
            let Some((_, least)) = self.by_use.pop_first() else { break };
            self.evictions += 1;
            self.forget(&least);
        }
    }

    fn clean(&mut self, now: Duration) {
        if now.saturating_sub(self.cleaned) < self.settings.cleanup_interval {
            return;
        }
        self.cleaned = now;
        self.cleanup_runs += 1;
        let ttl = self.settings.ttl;
        let old: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| now.saturating_sub(entry.seen) >= ttl)
            .map(|(key, _)| key.clone())
            .collect();
        self.expirations += old.len() as u64;
        for key in &old {
            self.forget(key);
        }
    }
}

fn weight(head: Option<&Version>) -> usize {
    // The index of the data may be made after it was kept.
    head.map_or(OVERHEAD, |head| head.data.as_ref().map_or(0, Document::weight_at_most) + OVERHEAD)
}
