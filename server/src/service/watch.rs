//! Looking at the store as a whole: events, status, overview, verification.

use std::collections::BTreeMap;

use statehouse_core::api::{
    AuthorActivity, Event, EventPage, Health, Mark, MarkKind, Overview, Status, Topic, TypeCount,
    VerifyReport, VersionView,
};
use statehouse_core::model::{Seq, StateType, Timestamp, Version};

use super::read::{PAGE_MAX, page_size};
use super::{Result, Service, ServiceError};
use crate::store::TypeTotals;
use crate::store::verify_stretch;

/// Versions looked at for one page of events at most, so that a filter that matches little answers in time.
const SCAN_MAX: usize = 10_000;
const SCAN_STEP: usize = 1_000;

/// Which events a page holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only events of one of these topics; empty means all.
    pub topics: Vec<Topic>,
    /// Whether events carry their data.
    pub with_data: bool,
}

impl EventFilter {
    fn covers(&self, version: &Version) -> bool {
        self.topics.is_empty() || self.topics.iter().any(|topic| topic.covers(&version.key))
    }

    fn event(&self, version: &Version) -> Event {
        let data = if self.with_data { version.data.clone() } else { None };
        Event { version: VersionView::of(version), data }
    }
}

impl Service {
    /// Events after a seq, oldest first. With a filter the page may be empty though the log goes on: `next_after` says
    /// how far it was looked at.
    pub async fn events_after(&self, after: Seq, limit: usize, filter: &EventFilter) -> Result<EventPage> {
        let limit = page_size(limit)?;
        let mut events: Vec<Event> = Vec::new();
        let mut next_after = after;
        let mut looked_at = 0;
        while events.len() < limit && looked_at < SCAN_MAX {
            let step = if filter.topics.is_empty() { limit - events.len() } else { SCAN_STEP };
            let stretch = self.events.read_after(next_after, step).await?;
            if stretch.is_empty() {
                break;
            }
            looked_at += stretch.len();
            for event in stretch {
                if events.len() == limit {
                    break;
                }
                next_after = event.seq();
                if filter.covers(event.version()) {
                    events.push(filter.event(event.version()));
                }
            }
        }
        Ok(EventPage { events, next_after, seq: self.events.last_seq() })
    }

    /// Events before a seq (`None`: from the newest), newest first. `next_after` is the seq to hand in as `before` for
    /// the page of older ones; 1 or less means that there are none.
    pub async fn events_before(
        &self,
        before: Option<Seq>,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<EventPage> {
        let limit = page_size(limit)?;
        let seq = self.events.last_seq();
        let mut cursor = before.unwrap_or_else(|| seq.next());
        let mut events: Vec<Event> = Vec::new();
        let mut looked_at = 0;
        while events.len() < limit && looked_at < SCAN_MAX {
            let step = if filter.topics.is_empty() { limit - events.len() } else { SCAN_STEP };
            let stretch = self.store.before(cursor, step).await?;
            if stretch.is_empty() {
                break;
            }
            looked_at += stretch.len();
            for version in stretch {
                if events.len() == limit {
                    break;
                }
                cursor = version.seq;
                if filter.covers(&version) {
                    events.push(filter.event(&version));
                }
            }
        }
        Ok(EventPage { events, next_after: cursor, seq })
    }

    /// Whether the store answers, as old clients ask it.
    pub async fn health(&self) -> Health {
        let store = self.store.status().await;
        Health {
            status: if store.up { "healthy" } else { "degraded" }.to_owned(),
            timestamp: self.now(),
            database_connected: store.up,
            database_type: store.kind,
        }
    }

    /// Everything about the server and its store.
    pub async fn status(&self) -> Result<Status> {
        let totals = self.store.totals().await?;
        let sum = |part: fn(&TypeTotals) -> u64| totals.iter().map(part).sum();
        let verified = *self.verified.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(Status {
            version: self.settings.version.clone(),
            started_at: self.started_at,
            now: self.now(),
            store: self.store.status().await,
            seq: self.store.tip().await?.seq,
            states_live: sum(|t| t.live),
            states_deleted: sum(|t| t.deleted),
            states_invalid: sum(|t| t.invalid),
            snapshots: self.store.snapshots(1, None).await?.total,
            commit: self.writer.latency().status(),
            event_lag: self.events.lag(),
            listeners: self.events.listeners(),
            verified_seq: (verified > Seq::ZERO).then_some(verified),
            key_required: self.settings.key_required,
        })
    }

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
        let since = Timestamp::from_micros(until.micros() - bucket_micros * i64::from(buckets));
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
            buckets: activity.buckets,
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

    /// Checks one stretch of the chain: at most `limit` versions after a seq.
    pub async fn verify(&self, after: Seq, limit: usize) -> Result<VerifyReport> {
        let report = verify_stretch(self.store.as_ref(), after, limit.clamp(1, SCAN_MAX)).await?;
        let mut verified = self.verified.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if report.ok && after <= *verified {
            *verified = (*verified).max(report.verified_to);
        }
        Ok(report)
    }
}
