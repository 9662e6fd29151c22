//! What the owner of the bucket keeps in memory: every head, and for every version where it belongs (24 bytes, 8 for
//! its state, and 16 if it was imported, 24 if it says where it comes from), so that only what is asked for is read from InfluxDB.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::num::NonZero;
use std::sync::Arc;

use stateloft_core::api::RestoreRecord;
use stateloft_core::commit::Tip;
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{
    Origin, Seq, Snapshot, StateKey, StateType, Timestamp, Version, VersionNumber, effective_at, is_session,
};

use super::epoch::Epochs;
use crate::store::closing::{self, Asked, Living, ToClose};
use crate::store::decide::{Known, Needs, SnapshotChange};
use crate::store::newcomers::{LOOKED_THROUGH, Passed};
use crate::store::receipt::{Receipts, oldest};
use crate::store::{Imports, OriginFilter, Receipt, TypeTotals};

/// One version, as far as it is in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) recorded_at: Timestamp,
    pub(super) state: u32,
    pub(super) author: u32,
    /// Bytes of data.
    pub(super) size: u32,
}

/// What the index notes of a version.
#[derive(Debug)]
pub(super) struct Noted {
    pub(super) recorded_at: Timestamp,
    pub(super) saved_at: Option<Timestamp>,
    pub(super) author: Option<Arc<str>>,
    /// Bytes of data.
    pub(super) size: u64,
    pub(super) origin: Option<Arc<Origin>>,
}

/// Where a version comes from, as far as that is looked for: hashes of the texts, of which there may be millions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Whence {
    run: Option<NonZero<u64>>,
    correlation: Option<NonZero<u64>>,
}

impl Whence {
    fn of(run: Option<&str>, correlation: Option<&str>) -> Self {
        let hash = |text: &str| {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            NonZero::new(hasher.finish()).unwrap_or(NonZero::<u64>::MAX)
        };
        Self { run: run.map(hash), correlation: correlation.map(hash) }
    }

    /// What a filter looks for.
    pub(super) fn wanted(filter: &OriginFilter) -> Self {
        Self::of(filter.run_id.as_deref(), filter.correlation_id.as_deref())
    }
}

/// One state.
#[derive(Debug)]
pub(super) struct State {
    number: u32,
    /// The seqs of its versions.
    pub(super) seqs: Vec<Seq>,
    pub(super) head: Version,
}

#[derive(Debug)]
pub(super) struct Index {
    pub(super) tip: Tip,
    /// The number of the last commit.
    pub(super) commit: u64,
    pub(super) epochs: Arc<Epochs>,
    /// The version with seq n is at n-1.
    pub(super) log: Vec<Entry>,
    /// When older systems saved what was imported, by seq.
    imported: Vec<(Seq, Timestamp)>,
    /// Where versions come from, of those that say so, by seq.
    origins: Vec<(Seq, Whence)>,
    pub(super) states: BTreeMap<Arc<StateKey>, State>,
    /// The states by number.
    keys: Vec<Arc<StateKey>>,
    /// The states by the seq of their heads.
    pub(super) changed: BTreeMap<Seq, u32>,
    authors: Vec<Option<Arc<str>>>,
    author_numbers: HashMap<Option<Arc<str>>, u32>,
    pub(super) totals: BTreeMap<StateType, TypeTotals>,
    pub(super) snapshots: BTreeMap<u64, Snapshot>,
    next_snapshot: u64,
    pub(super) restores: Vec<RestoreRecord>,
    pub(super) receipts: HashMap<RequestHash, Receipt>,
    /// How many of them counted when they were last looked through.
    receipts_kept: usize,
}

/// What a commit brought besides versions.
#[derive(Debug)]
pub(super) struct Brought {
    pub(super) snapshots: Vec<SnapshotChange>,
    pub(super) restores: Vec<RestoreRecord>,
    pub(super) receipts: Vec<Receipt>,
}

/// Fewer receipts are not looked through.
const RECEIPTS_MIN: usize = 1024;

impl Default for Index {
    fn default() -> Self {
        Self {
            tip: Tip::START,
            commit: 0,
            epochs: Arc::default(),
            log: Vec::new(),
            imported: Vec::new(),
            origins: Vec::new(),
            states: BTreeMap::new(),
            keys: Vec::new(),
            changed: BTreeMap::new(),
            authors: Vec::new(),
            author_numbers: HashMap::new(),
            totals: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            next_snapshot: 1,
            restores: Vec::new(),
            receipts: HashMap::new(),
            receipts_kept: RECEIPTS_MIN,
        }
    }
}

/// The place of a version in the log.
fn place(seq: Seq) -> Option<usize> {
    usize::try_from(seq.0).ok()?.checked_sub(1)
}

impl Index {
    pub(super) fn entry(&self, seq: Seq) -> Option<&Entry> {
        self.log.get(place(seq)?)
    }

    pub(super) fn key_of(&self, entry: &Entry) -> Option<&Arc<StateKey>> {
        self.keys.get(entry.state as usize)
    }

    /// The number of the version with this seq, which is one of this state.
    pub(super) fn number_at(&self, key: &StateKey, seq: Seq) -> Option<VersionNumber> {
        let place = self.states.get(key)?.seqs.binary_search(&seq).ok()?;
        Some(VersionNumber(place as u64 + 1))
    }

    pub(super) fn author_of(&self, entry: &Entry) -> Option<&Arc<str>> {
        self.authors.get(entry.author as usize)?.as_ref()
    }

    /// The version with this seq, if it is a head.
    pub(super) fn head_at(&self, seq: Seq) -> Option<&Version> {
        let key = self.key_of(self.entry(seq)?)?;
        self.states.get(key).map(|state| &state.head).filter(|head| head.seq == seq)
    }

    /// The heads, last changed first.
    pub(super) fn heads_by_change(&self) -> impl Iterator<Item = &Version> {
        self.changed.keys().rev().filter_map(|seq| self.head_at(*seq))
    }

    pub(super) fn head(&self, key: &StateKey) -> Option<&Version> {
        self.states.get(key).map(|state| &state.head)
    }

    /// The seq of the last version of a state at or before a seq.
    pub(super) fn as_of(&self, key: &StateKey, seq: Seq) -> Option<Seq> {
        self.states.get(key)?.as_of(seq)
    }

    pub(super) fn known(&self, needs: &Needs<'_>) -> Known {
        let mut closing = ToClose::default();
        needs.closings.iter().for_each(|asked| closing.add(asked, self.living(asked)));
        let head = |key: &StateKey| self.head(key).map(|head| (key.clone(), head.clone()));
        Known {
            tip: self.tip,
            heads: needs.heads.iter().copied().chain(&closing.heads).filter_map(head).collect(),
            crowded: closing.crowded,
            snapshots: self.snapshots.values().map(|s| (s.id.clone(), s.clone())).collect(),
            receipts: Receipts::of(needs.receipts.iter().filter_map(|key| self.receipts.get(*key).cloned())),
            passed: needs.passed_since().map_or_else(|| Some(Vec::new()), |seq| self.passed(needs, seq)),
        }
    }

    /// What runs have written after a seq, and which have begun.
    fn passed(&self, needs: &Needs<'_>, after: Seq) -> Option<Vec<Passed>> {
        let told: HashMap<_, &String> = needs
            .told
            .iter()
            .flat_map(|told| &told.runs)
            .map(|run| (Whence::of(Some(run.as_str()), None).run, run))
            .collect();
        let seqs = (after.0 + 1)..=self.tip.seq.0;
        if seqs.clone().count() > LOOKED_THROUGH {
            return None;
        }
        let row = |seq: u64| {
            let seq = Seq(seq);
            let key = self.key_of(self.entry(seq)?)?;
            let place = self.origins.binary_search_by_key(&seq, |(seq, _)| *seq);
            let run = place.ok().and_then(|place| self.origins.get(place)).and_then(|(_, whence)| whence.run);
            // Only hashes are known here. One that is of nobody who was asked is of somebody else.
            let run_id = run.map(|run| told.get(&Some(run)).map_or_else(String::new, |run| (*run).clone()));
            let first = self.number_at(key, seq) == Some(VersionNumber(1));
            let counts = run_id.is_some() || is_session(key);
            counts.then(|| Passed { seq, key: (**key).clone(), first, run_id })
        };
        Some(seqs.filter_map(row).collect())
    }

    /// The living states of which a request closes some.
    fn living<'s>(&'s self, asked: &'s Asked<'_>) -> impl Iterator<Item = Living> + 's {
        let each = asked.closings.iter().flat_map(|closing| closing.types.iter().map(move |t| (closing, t)));
        each.flat_map(move |(closing, state_type)| {
            let begin = closing::first(closing, state_type);
            let states = begin.into_iter().flat_map(|first| self.states.range::<StateKey, _>(first..));
            let there = states.take_while(move |(key, _)| closing::reaches(closing, state_type, key));
            let live = there.filter(|(_, state)| !state.head.is_deleted()).take(asked.limit());
            live.map(|(key, state)| Living { key: (**key).clone(), size: state.head.size() as u64 })
        })
    }

    /// Adds the next version. `tip` moves with it.
    pub(super) fn keep(&mut self, version: Version) {
        let key = Arc::new(version.key.clone());
        let number = self.number(&key);
        let noted = Noted {
            recorded_at: version.recorded_at,
            saved_at: version.saved_at(),
            author: version.author.clone(),
            size: version.size() as u64,
            origin: version.origin.clone(),
        };
        self.note(noted, number);
        self.tip = Tip { seq: version.seq, chain_hash: version.chain_hash, recorded_at: version.recorded_at };
        self.set_head(&key, number, vec![version.seq], version);
    }

    /// The number of a state, or the one that it gets.
    pub(super) fn number(&self, key: &StateKey) -> u32 {
        let number = self.states.get(key).map_or(self.keys.len(), |state| state.number as usize);
        // Four thousand million states do not fit into memory.
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// Moves the head of a state, whose versions since it was moved last have these seqs.
    pub(super) fn set_head(&mut self, key: &Arc<StateKey>, number: u32, seqs: Vec<Seq>, head: Version) {
        self.changed.insert(head.seq, number);
        self.count(&head, true);
        if let Some(state) = self.states.get_mut(key) {
            state.seqs.extend(seqs);
            let before = std::mem::replace(&mut state.head, head);
            self.changed.remove(&before.seq);
            self.count(&before, false);
        } else {
            self.keys.push(Arc::clone(key));
            self.states.insert(Arc::clone(key), State { number, seqs, head });
        }
    }

    /// Adds the place of the next version.
    pub(super) fn note(&mut self, noted: Noted, state: u32) {
        let Noted { recorded_at, saved_at, author, size, origin } = noted;
        let author = self.author(author);
        self.log.push(Entry { recorded_at, state, author, size: u32::try_from(size).unwrap_or(u32::MAX) });
        let seq = Seq(self.log.len() as u64);
        self.imported.extend(saved_at.map(|saved| (seq, saved)));
        if let Some(origin) = origin {
            self.origins.push((seq, Whence::of(origin.run_id.as_deref(), origin.correlation_id.as_deref())));
        }
    }

    /// Whether a version comes from where it is wanted from. By hashes: one in millions of millions may only seem to.
    pub(super) fn comes_from(&self, seq: Seq, wanted: Whence) -> bool {
        let place = self.origins.binary_search_by_key(&seq, |(seq, _)| *seq);
        let whence = place.ok().and_then(|place| self.origins.get(place)).map(|(_, whence)| *whence);
        let whence = whence.unwrap_or_default();
        (wanted.run.is_none() || wanted.run == whence.run)
            && (wanted.correlation.is_none() || wanted.correlation == whence.correlation)
    }

    /// When an older system saved the version with this seq.
    fn saved_at(&self, seq: Seq) -> Option<Timestamp> {
        let place = self.imported.binary_search_by_key(&seq, |(seq, _)| *seq).ok()?;
        self.imported.get(place).map(|(_, saved)| *saved)
    }

    /// The time by which a version is found.
    pub(super) fn effective_at(&self, seq: Seq) -> Option<Timestamp> {
        Some(effective_at(self.entry(seq)?.recorded_at, self.saved_at(seq)))
    }

    /// The seq of the last version of a state that there was at a time. What was imported comes first, in the order of its
    /// times, so it is found by halving.
    pub(super) fn then(&self, key: &StateKey, time: Timestamp) -> Option<Seq> {
        let seqs = &self.states.get(key)?.seqs;
        let count = seqs.partition_point(|seq| self.effective_at(*seq).is_some_and(|at| at <= time));
        seqs.get(count.checked_sub(1)?).copied()
    }

    /// What was imported after a seq and had been saved by a time.
    pub(super) fn imports(&self, after: Seq, time: Timestamp) -> Imports {
        let start = self.imported.partition_point(|(seq, _)| *seq <= after);
        let later = self.imported.get(start..).unwrap_or_default();
        let found = later.iter().filter(|(_, saved)| *saved <= time);
        found.fold(Imports::default(), |sum, (seq, _)| Imports { count: sum.count + 1, last: *seq })
    }

    fn author(&mut self, author: Option<Arc<str>>) -> u32 {
        if let Some(number) = self.author_numbers.get(&author) {
            return *number;
        }
        let number = u32::try_from(self.authors.len()).unwrap_or(u32::MAX);
        self.authors.push(author.clone());
        self.author_numbers.insert(author, number);
        number
    }

    fn count(&mut self, head: &Version, added: bool) {
        let state_type = &head.key.state_type;
        let sums = self.totals.entry(state_type.clone()).or_insert_with(|| TypeTotals {
            state_type: state_type.clone(),
            live: 0,
            deleted: 0,
            invalid: 0,
        });
        let step = |sum: &mut u64| *sum = if added { *sum + 1 } else { sum.saturating_sub(1) };
        if head.is_deleted() {
            step(&mut sums.deleted);
        } else {
            step(&mut sums.live);
            if head.verdict.is_invalid() {
                step(&mut sums.invalid);
            }
        }
    }

    /// Adds what a commit brought besides versions.
    pub(super) fn keep_records(&mut self, brought: Brought) {
        for change in brought.snapshots {
            match change {
                SnapshotChange::Made(snapshot) => {
                    self.snapshots.insert(self.next_snapshot, snapshot);
                    self.next_snapshot += 1;
                }
                SnapshotChange::Forgotten(id) => self.snapshots.retain(|_, snapshot| snapshot.id != id),
            }
        }
        self.restores.extend(brought.restores);
        for receipt in brought.receipts {
            let oldest = oldest(receipt.at);
            self.receipts.insert(receipt.key.key, receipt);
            // Looked through only now and then.
            if self.receipts.len() > 2 * self.receipts_kept {
                self.receipts.retain(|_, receipt| receipt.at > oldest);
                self.receipts_kept = self.receipts.len().max(RECEIPTS_MIN);
            }
        }
    }
}

impl State {
    /// The seq of its last version at or before a seq.
    pub(super) fn as_of(&self, seq: Seq) -> Option<Seq> {
        let count = self.seqs.partition_point(|s| *s <= seq);
        self.seqs.get(count.checked_sub(1)?).copied()
    }
}
