//! Reading the reference store.

use std::collections::BTreeMap;
use std::ops::Bound;

use async_trait::async_trait;
use stateloft_core::api::{
    ActivityBucket, AppliedRestore, DeletedFilter, RestoreRecord, Scope, Sort, StateSummary, ValidityFilter,
    VersionView,
};
use stateloft_core::commit::Tip;
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{
    Seq, Snapshot, SnapshotId, StateId, StateKey, StateType, Timestamp, Version, VersionNumber,
};
use stateloft_core::search::Needle;

use super::{Inner, MemoryStore};
use crate::heavy;
use crate::store::cursor::{Mark, Place, next};
use crate::store::{
    Activity, Cursor, Heads, HistoryQuery, Imports, ListQuery, Log, MovedState, Page, Points, Receipt,
    Result, StoreError, TypeTotals,
};

#[async_trait]
impl Heads for MemoryStore {
    async fn tip(&self) -> Result<Tip> {
        Ok(self.read().tip)
    }

    async fn head(&self, key: &StateKey) -> Result<Option<Version>> {
        Ok(self.read().head(key).cloned())
    }

    async fn types_of(&self, id: &StateId) -> Result<Vec<StateType>> {
        let inner = self.read();
        let types = inner.states.keys().filter(|key| key.state_id == *id);
        Ok(types.map(|key| key.state_type.clone()).collect())
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<StateSummary>> {
        let inner = self.read();
        let at = query.at.unwrap_or(inner.tip.seq).min(inner.tip.seq);
        let mut found: Vec<&Version> = inner
            .states
            .keys()
            .filter_map(|key| inner.as_of(key, at))
            .filter(|version| matches(version, query))
            .collect();
        if query.sort == Sort::Changed {
            found.sort_by_key(|version| std::cmp::Reverse(version.seq));
        }
        let mut total = found.len() as u64;
        if let Some(cursor) = &query.cursor {
            let mark = Mark::read(cursor)?;
            total = mark.total;
            match (mark.place, query.sort) {
                (Place::Changed(seq), Sort::Changed) => found.retain(|version| version.seq < seq),
                (Place::Id(key), Sort::Id) => found.retain(|version| version.key > key),
                _ => return Err(StoreError::BadCursor),
            }
        }
        let place = |version: &&Version| match query.sort {
            Sort::Changed => Place::Changed(version.seq),
            Sort::Id => Place::Id(version.key.clone()),
        };
        let more = cut(&mut found, query.limit);
        let next = next(&found, more, total, place);
        let rows = found.into_iter().map(|version| summary(version, query.with_data)).collect();
        Ok(Page { rows, total, next, seq: at })
    }

    async fn totals(&self) -> Result<Vec<TypeTotals>> {
        let inner = self.read();
        let mut totals: BTreeMap<StateType, TypeTotals> = BTreeMap::new();
        for head in inner.states.keys().filter_map(|key| inner.head(key)) {
            let state_type = head.key.state_type.clone();
            let sums = totals.entry(state_type.clone()).or_insert(TypeTotals {
                state_type,
                live: 0,
                deleted: 0,
                invalid: 0,
            });
            if head.is_deleted() {
                sums.deleted += 1;
            } else {
                sums.live += 1;
                sums.invalid += u64::from(head.verdict.is_invalid());
            }
        }
        Ok(totals.into_values().collect())
    }
}

/// Whether a state is one that a query asks for.
pub(crate) fn matches(version: &Version, query: &ListQuery) -> bool {
    let key = &version.key;
    let holds = |needle: &Needle| {
        needle.is_in(key.state_id.as_str())
            || needle.is_in(key.state_type.as_str())
            || version
                .data
                .as_ref()
                .is_some_and(|data| heavy::work(data.len(), || needle.is_in_document(data.text())))
    };
    let author = version.author.as_deref();
    (query.types.is_empty() || query.types.contains(&key.state_type))
        && query.prefix.as_ref().is_none_or(|prefix| key.state_id.as_str().starts_with(prefix.as_str()))
        && query.text.as_ref().is_none_or(holds)
        && query.validity.is_none_or(|validity| validity == ValidityFilter::of(&version.verdict))
        && match query.deleted {
            DeletedFilter::Exclude => !version.is_deleted(),
            DeletedFilter::Include => true,
            DeletedFilter::Only => version.is_deleted(),
        }
        && query.changed_since.is_none_or(|seq| version.seq > seq)
        && (query.authors.is_empty()
            || author.is_some_and(|author| query.authors.iter().any(|name| name == author)))
}

/// Keeps the rows of one page and says whether there are more.
fn cut<T>(rows: &mut Vec<T>, limit: usize) -> bool {
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}

/// A row of a list.
pub(crate) fn summary(version: &Version, with_data: bool) -> StateSummary {
    let data = if with_data { version.data.clone() } else { None };
    StateSummary { version: VersionView::of(version), data }
}

#[async_trait]
impl Log for MemoryStore {
    async fn after(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        let skip = usize::try_from(seq.0).unwrap_or(usize::MAX);
        Ok(self.read().versions.iter().skip(skip).take(limit).cloned().collect())
    }

    async fn before(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        let inner = self.read();
        let older = inner.versions.iter().rev().skip_while(|version| version.seq >= seq);
        Ok(older.take(limit).cloned().collect())
    }

    async fn views_after(&self, seq: Seq, limit: usize) -> Result<Vec<VersionView>> {
        let skip = usize::try_from(seq.0).unwrap_or(usize::MAX);
        Ok(self.read().versions.iter().skip(skip).take(limit).map(VersionView::of).collect())
    }

    async fn views_before(&self, seq: Seq, limit: usize) -> Result<Vec<VersionView>> {
        let inner = self.read();
        let older = inner.versions.iter().rev().skip_while(|version| version.seq >= seq);
        Ok(older.take(limit).map(VersionView::of).collect())
    }

    async fn version(&self, key: &StateKey, version: VersionNumber) -> Result<Option<Version>> {
        let inner = self.read();
        let seqs = inner.states.get(key);
        let index = usize::try_from(version.0).ok().and_then(|number| number.checked_sub(1));
        let seq = seqs.zip(index).and_then(|(seqs, index)| seqs.get(index));
        Ok(seq.and_then(|seq| inner.at(*seq)).cloned())
    }

    async fn by_seq(&self, seq: Seq) -> Result<Option<Version>> {
        Ok(self.read().at(seq).cloned())
    }

    async fn as_of(&self, key: &StateKey, seq: Seq) -> Result<Option<Version>> {
        Ok(self.read().as_of(key, seq).cloned())
    }

    async fn seq_at(&self, time: Timestamp) -> Result<Seq> {
        Ok(Seq(self.read().versions.partition_point(|version| version.recorded_at <= time) as u64))
    }

    async fn then(&self, key: &StateKey, time: Timestamp) -> Result<Option<Version>> {
        let inner = self.read();
        let seqs = inner.states.get(key).map(Vec::as_slice).unwrap_or_default();
        let mut versions = seqs.iter().rev().filter_map(|seq| inner.at(*seq));
        Ok(versions.find(|version| version.effective_at() <= time).cloned())
    }

    async fn imports(&self, after: Seq, time: Timestamp) -> Result<Imports> {
        let inner = self.read();
        let skip = usize::try_from(after.0).unwrap_or(usize::MAX);
        let saved = |version: &&Version| version.saved_at().is_some_and(|saved| saved <= time);
        let found: Vec<Seq> = inner.versions.iter().skip(skip).filter(saved).map(|v| v.seq).collect();
        Ok(Imports { count: found.len() as u64, last: found.last().copied().unwrap_or_default() })
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<StateSummary>> {
        let inner = self.read();
        let seqs = inner.states.get(&query.key).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<&Version> = seqs
            .iter()
            .rev()
            .filter_map(|seq| inner.at(*seq))
            .filter(|version| query.from.is_none_or(|from| version.effective_at() >= from))
            .filter(|version| query.to.is_none_or(|to| version.effective_at() <= to))
            .filter(|version| query.origin.matches(version.origin.as_deref()))
            .collect();
        let mut total = found.len() as u64;
        if let Some(cursor) = &query.cursor {
            let mark = Mark::read(cursor)?;
            total = mark.total;
            let Place::History(seq) = mark.place else { return Err(StoreError::BadCursor) };
            found.retain(|version| version.seq < seq);
        }
        let more = cut(&mut found, query.limit);
        let next = next(&found, more, total, |version| Place::History(version.seq));
        let rows = found.into_iter().map(|version| summary(version, query.with_data)).collect();
        Ok(Page { rows, total, next, seq: inner.tip.seq })
    }

    async fn activity(&self, since: Timestamp, bucket_micros: i64) -> Result<Activity> {
        let inner = self.read();
        let mut buckets: BTreeMap<(u32, Option<String>), ActivityBucket> = BTreeMap::new();
        let mut last: BTreeMap<Option<String>, Timestamp> = BTreeMap::new();
        let mut by_type: BTreeMap<StateType, u64> = BTreeMap::new();
        for version in inner.versions.iter().filter(|version| version.recorded_at >= since) {
            let author = version.author.as_deref().map(str::to_owned);
            let age = version.recorded_at.micros() - since.micros();
            let index = u32::try_from(age / bucket_micros.max(1)).unwrap_or(u32::MAX);
            let bucket = buckets.entry((index, author.clone())).or_insert(ActivityBucket {
                index,
                author: author.clone(),
                count: 0,
                last_seq: version.seq,
            });
            bucket.count += 1;
            bucket.last_seq = version.seq;
            last.insert(author, version.recorded_at);
            *by_type.entry(version.key.state_type.clone()).or_default() += 1;
        }
        Ok(Activity {
            buckets: buckets.into_values().collect(),
            last_by_author: last.into_iter().collect(),
            by_type: by_type.into_iter().collect(),
        })
    }
}

#[async_trait]
impl Points for MemoryStore {
    async fn snapshots(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<Snapshot>> {
        let inner = self.read();
        let total = inner.snapshots.len() as u64;
        let mut found: Vec<_> = inner.snapshots.iter().rev().collect();
        if let Some(cursor) = cursor {
            let Place::Snapshot(last) = Mark::read(cursor)?.place else { return Err(StoreError::BadCursor) };
            found.retain(|(number, _)| **number < last);
        }
        let more = cut(&mut found, limit);
        let next = next(&found, more, total, |(number, _)| Place::Snapshot(**number));
        let rows = found.into_iter().map(|(_, snapshot)| snapshot.clone()).collect();
        Ok(Page { rows, total, next, seq: inner.tip.seq })
    }

    async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>> {
        Ok(self.read().snapshots.values().find(|snapshot| snapshot.id == *id).cloned())
    }

    async fn receipt(&self, key: &RequestHash) -> Result<Option<Receipt>> {
        Ok(self.read().receipts.get(key).cloned())
    }

    async fn restores(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<RestoreRecord>> {
        let inner = self.read();
        let total = inner.restores.len() as u64;
        let mut found: Vec<_> = inner.restores.iter().rev().cloned().collect();
        if let Some(cursor) = cursor {
            let Place::Restore(last) = Mark::read(cursor)?.place else { return Err(StoreError::BadCursor) };
            found.retain(|record| record.last_seq < last);
        }
        let more = cut(&mut found, limit);
        let next = next(&found, more, total, |record| Place::Restore(record.last_seq));
        Ok(Page { rows: found, total, next, seq: inner.tip.seq })
    }

    async fn restore(&self, restore_id: &str) -> Result<Option<AppliedRestore>> {
        let inner = self.read();
        let record = inner.restores.iter().find(|record| record.restore_id == restore_id).cloned();
        Ok(record.map(|record| {
            let seqs = (record.first_seq.0..=record.last_seq.0).map(Seq);
            let versions = seqs.filter_map(|seq| inner.at(seq)).map(VersionView::of).collect();
            AppliedRestore { record, versions, handshake: None }
        }))
    }

    async fn moved_since(
        &self,
        seq: Seq,
        scope: &Scope,
        after: Option<&StateKey>,
        limit: usize,
    ) -> Result<Vec<MovedState>> {
        let inner = self.read();
        let heads =
            keys_in(&inner, scope, after).filter_map(|key| inner.head(key)).filter(|head| head.seq > seq);
        let moved =
            |head: &Version| MovedState { head: head.clone(), target: inner.as_of(&head.key, seq).cloned() };
        Ok(heads.take(limit).map(moved).collect())
    }

    async fn count_scope(&self, scope: &Scope) -> Result<u64> {
        Ok(keys_in(&self.read(), scope, None).count() as u64)
    }
}

/// The states of a scope behind one of them.
fn keys_in<'a>(
    inner: &'a Inner,
    scope: &'a Scope,
    after: Option<&StateKey>,
) -> impl Iterator<Item = &'a StateKey> {
    let within = scope.within();
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let states = inner.states.range::<StateKey, _>((from, Bound::Unbounded));
    states.map(|(key, _)| key).filter(move |key| within.has(key))
}
