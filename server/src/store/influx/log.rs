//! Reading the past: the index says which versions, InfluxDB holds them.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use stateloft_core::api::{ActivityBucket, StateSummary, VersionView};
use stateloft_core::model::{Seq, StateKey, StateType, Timestamp, Version, VersionNumber};

use super::InfluxStore;
use super::index::{Entry, Index, Whence};
use crate::store::cursor::{Mark, Place, next};
use crate::store::{Activity, HistoryQuery, Imports, Log, PAGE_BYTES, Page, Result, StoreError};

/// Of these seqs the first so many, fewer if they are large, one at least if there is one.
fn cut(index: &Index, seqs: impl Iterator<Item = Seq>, limit: usize) -> Vec<Seq> {
    let mut bytes = 0;
    let room = |seq: &Seq| {
        let before = bytes;
        bytes += index.entry(*seq).map_or(0, |entry| entry.size as usize);
        before == 0 || bytes <= PAGE_BYTES
    };
    seqs.take(limit).take_while(room).collect()
}

impl InfluxStore {
    async fn in_order(&self, seqs: Vec<Seq>) -> Result<Vec<Version>> {
        let mut versions = self.fetch().versions(seqs.iter().copied()).await?;
        Ok(seqs.iter().filter_map(|seq| versions.remove(seq)).collect())
    }

    async fn described(&self, seqs: Vec<Seq>) -> Result<Vec<VersionView>> {
        let mut views = self.fetch().views(seqs.iter().copied()).await?;
        Ok(seqs.iter().filter_map(|seq| views.remove(seq)).collect())
    }

    async fn one(&self, seq: Option<Seq>) -> Result<Option<Version>> {
        match seq {
            Some(seq) => Ok(self.fetch().versions([seq]).await?.remove(&seq)),
            None => Ok(None),
        }
    }
}

#[async_trait]
impl Log for InfluxStore {
    async fn after(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        let seqs = {
            let index = self.index()?;
            let newer = seq.0.saturating_add(1)..=index.tip.seq.0;
            cut(&index, newer.map(Seq), limit)
        };
        self.in_order(seqs).await
    }

    async fn before(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        let seqs = {
            let index = self.index()?;
            let older = 1..=index.tip.seq.0.min(seq.0.saturating_sub(1));
            cut(&index, older.rev().map(Seq), limit)
        };
        self.in_order(seqs).await
    }

    async fn views_after(&self, seq: Seq, limit: usize) -> Result<Vec<VersionView>> {
        let tip = self.index()?.tip.seq.0;
        self.described((seq.0.saturating_add(1)..=tip).map(Seq).take(limit).collect()).await
    }

    async fn views_before(&self, seq: Seq, limit: usize) -> Result<Vec<VersionView>> {
        let last = self.index()?.tip.seq.0.min(seq.0.saturating_sub(1));
        self.described((1..=last).rev().map(Seq).take(limit).collect()).await
    }

    async fn version(&self, key: &StateKey, version: VersionNumber) -> Result<Option<Version>> {
        let seq = {
            let index = self.index()?;
            let place = usize::try_from(version.0).ok().and_then(|number| number.checked_sub(1));
            let seqs = index.states.get(key).map(|state| &state.seqs);
            seqs.zip(place).and_then(|(seqs, place)| seqs.get(place)).copied()
        };
        self.one(seq).await
    }

    async fn by_seq(&self, seq: Seq) -> Result<Option<Version>> {
        let seq = self.index()?.entry(seq).map(|_| seq);
        self.one(seq).await
    }

    async fn as_of(&self, key: &StateKey, seq: Seq) -> Result<Option<Version>> {
        let seq = self.index()?.as_of(key, seq);
        self.one(seq).await
    }

    async fn standing(
        &self,
        keys: &[StateKey],
        seq: Seq,
    ) -> Result<HashMap<StateKey, (VersionNumber, bool)>> {
        let index = self.index()?;
        let of = |key: &StateKey| {
            let seqs = &index.states.get(key)?.seqs;
            let count = seqs.partition_point(|s| *s <= seq);
            let last = index.entry(*seqs.get(count.checked_sub(1)?)?)?;
            // Only a tombstone has no data.
            Some((key.clone(), (VersionNumber(count as u64), last.size > 0)))
        };
        Ok(keys.iter().filter_map(of).collect())
    }

    async fn seq_at(&self, time: Timestamp) -> Result<Seq> {
        Ok(Seq(self.index()?.log.partition_point(|entry| entry.recorded_at <= time) as u64))
    }

    async fn then(&self, key: &StateKey, time: Timestamp) -> Result<Option<Version>> {
        let seq = self.index()?.then(key, time);
        self.one(seq).await
    }

    async fn imports(&self, after: Seq, time: Timestamp) -> Result<Imports> {
        Ok(self.index()?.imports(after, time))
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<StateSummary>> {
        let (seqs, total, next, tip) = {
            let index = self.index()?;
            let whence = Whence::wanted(&query.origin);
            let within = |seq: &&Seq| {
                index.effective_at(**seq).is_some_and(|at| {
                    query.from.is_none_or(|from| at >= from) && query.to.is_none_or(|to| at <= to)
                }) && index.comes_from(**seq, whence)
            };
            let all = index.states.get(&query.key).map(|state| state.seqs.as_slice()).unwrap_or_default();
            let mut found: Vec<Seq> = all.iter().rev().filter(within).copied().collect();
            let mut total = found.len() as u64;
            if let Some(cursor) = &query.cursor {
                let mark = Mark::read(cursor)?;
                total = mark.total;
                let Place::History(seq) = mark.place else { return Err(StoreError::BadCursor) };
                found.retain(|found| *found < seq);
            }
            let more = found.len() > query.limit;
            found.truncate(query.limit);
            let next = next(&found, more, total, |seq| Place::History(*seq));
            (found, total, next, index.tip.seq)
        };
        let rows = self.fetch().summaries(&seqs, query.with_data).await?;
        Ok(Page { rows, total, next, seq: tip })
    }

    async fn activity(&self, since: Timestamp, bucket_micros: i64) -> Result<Activity> {
        Ok(activity(&*self.index()?, since, bucket_micros.max(1)))
    }
}

fn activity(index: &Index, since: Timestamp, bucket_micros: i64) -> Activity {
    let start = index.log.partition_point(|entry| entry.recorded_at < since);
    let mut buckets: BTreeMap<(u32, Option<String>), ActivityBucket> = BTreeMap::new();
    let mut last: BTreeMap<Option<String>, Timestamp> = BTreeMap::new();
    let mut by_type: BTreeMap<StateType, u64> = BTreeMap::new();
    let recent = index.log.get(start..).unwrap_or_default();
    let seq_of = |place: usize| Seq((start + place + 1) as u64);
    let note = |(place, entry): (usize, &Entry)| {
        let author = index.author_of(entry).map(ToString::to_string);
        let age = entry.recorded_at.micros() - since.micros();
        let bucket_index = u32::try_from(age / bucket_micros).unwrap_or(u32::MAX);
        let bucket = buckets.entry((bucket_index, author.clone())).or_insert(ActivityBucket {
            index: bucket_index,
            author: author.clone(),
            count: 0,
            last_seq: seq_of(place),
        });
        bucket.count += 1;
        bucket.last_seq = seq_of(place);
        last.insert(author, entry.recorded_at);
        if let Some(key) = index.key_of(entry) {
            *by_type.entry(key.state_type.clone()).or_default() += 1;
        }
    };
    recent.iter().enumerate().for_each(note);
    Activity {
        buckets: buckets.into_values().collect(),
        last_by_author: last.into_iter().collect(),
        by_type: by_type.into_iter().collect(),
    }
}
