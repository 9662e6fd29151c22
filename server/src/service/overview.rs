//! What the console's first page draws.

use std::collections::BTreeMap;

use stateloft_core::api::{ActivityBucket, AuthorActivity, Mark, MarkKind, Overview, TypeCount};
use stateloft_core::model::{StateType, Timestamp};

use super::read::PAGE_MAX;
use super::{Result, Service, ServiceError};
use crate::store::TypeTotals;

impl Service {
    /// What the console's first page draws: the last `window_seconds`, in `buckets` parts.
    pub async fn overview(&self, window_seconds: u64, buckets: u32) -> Result<Overview> {
        const YEAR: u64 = 366 * 86_400;
        if !(1..=YEAR).contains(&window_seconds) || !(1..=1_000).contains(&buckets) {
            let message = "the window must be 1 second to 366 days and have 1 to 1000 buckets";
            return Err(ServiceError::Parameter(message.into()));
        }
        let until = self.now();
        let bucket_seconds = window_seconds.div_ceil(u64::from(buckets)).max(1);
        let bucket_micros = i64::try_from(bucket_seconds).unwrap_or(i64::MAX) * 1_000_000;
        // Buckets begin at round times, so that they stay what they are while time goes on; the last one is not over.
        let last_bucket = until.micros() - until.micros().rem_euclid(bucket_micros);
        let since = Timestamp::from_micros(last_bucket - bucket_micros * (i64::from(buckets) - 1));
        let activity = self.store.activity(since, bucket_micros).await?;
        let mut authors: BTreeMap<Option<String>, AuthorActivity> = BTreeMap::new();
        for (author, last_at) in activity.last_by_author {
            authors.insert(author.clone(), AuthorActivity { author, count: 0, last_at });
        }
        for bucket in &activity.buckets {
            if let Some(author) = authors.get_mut(&bucket.author) {
                author.count += bucket.count;
            }
        }
        let mut authors: Vec<_> = authors.into_values().collect();
        authors.sort_by(|a, b| b.count.cmp(&a.count).then(b.last_at.cmp(&a.last_at)));
        Ok(Overview {
            seq: self.store.tip().await?.seq,
            since,
            until,
            bucket_seconds,
            buckets: within(activity.buckets, buckets),
            marks: self.marks_since(since).await?,
            authors,
            types: self.type_counts(&activity.by_type).await?,
        })
    }

    async fn marks_since(&self, since: Timestamp) -> Result<Vec<Mark>> {
        let snapshots = self.store.snapshots(PAGE_MAX, None).await?.rows.into_iter().map(|s| Mark {
            kind: MarkKind::Snapshot,
            id: s.id.to_string(),
            seq: s.seq,
            time: s.created_at,
        });
        let restores = self.store.restores(PAGE_MAX, None).await?.rows.into_iter().map(|r| Mark {
            kind: MarkKind::Restore,
            id: r.restore_id,
            seq: r.last_seq,
            time: r.timestamp,
        });
        let mut marks: Vec<_> = snapshots.chain(restores).filter(|mark| mark.time >= since).collect();
        marks.sort_by_key(|mark| (mark.seq, mark.time));
        Ok(marks)
    }

    async fn type_counts(&self, versions: &[(StateType, u64)]) -> Result<Vec<TypeCount>> {
        let versions: BTreeMap<_, _> = versions.iter().cloned().collect();
        let built_in = |t: &StateType| StateType::BUILT_IN.iter().position(|name| *name == t.as_str());
        let mut totals = self.store.totals().await?;
        totals.sort_by_key(|t| (built_in(&t.state_type).unwrap_or(usize::MAX), t.state_type.clone()));
        let count = |t: TypeTotals| TypeCount {
            versions: versions.get(&t.state_type).copied().unwrap_or_default(),
            mode: self.settings.modes.mode(&t.state_type),
            state_type: t.state_type.to_string(),
            live: t.live,
            deleted: t.deleted,
            invalid: t.invalid,
        };
        Ok(totals.into_iter().map(count).collect())
    }
}

/// A version that was recorded after the overview's time was taken belongs to the last bucket.
fn within(activity: Vec<ActivityBucket>, buckets: u32) -> Vec<ActivityBucket> {
    let mut sums: BTreeMap<(u32, Option<String>), ActivityBucket> = BTreeMap::new();
    for bucket in activity {
        let index = bucket.index.min(buckets - 1);
        let place = (index, bucket.author.clone());
        let sum = sums.entry(place).or_insert(ActivityBucket { index, count: 0, ..bucket.clone() });
        sum.count += bucket.count;
        sum.last_seq = sum.last_seq.max(bucket.last_seq);
    }
    sums.into_values().collect()
}
