//! The log of versions in pages of events.

use stateloft_core::api::{Event, EventPage, Topic, Unreadable, VersionFilter, VersionView};
use stateloft_core::model::{Seq, StateKey, Version};

use super::read::page_size;
use super::{Result, Service, ServiceError, weight};
use crate::store::{DamagedVersion, StoreError};

/// Versions looked at for one page of events at most, so that a filter that matches little answers in time.
const SCAN_MAX: usize = 10_000;
const SCAN_STEP: usize = 1_000;
/// Bytes of data after which a page ends, and of what is looked at for one.
const PAGE_BYTES: usize = 8 << 20;
const SCAN_BYTES: usize = 32 << 20;

/// Which events a page holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only events of one of these topics; empty means all.
    pub topics: Vec<Topic>,
    /// And only versions like these.
    pub versions: VersionFilter,
    /// Whether events carry their data.
    pub with_data: bool,
}

impl EventFilter {
    fn is_any(&self) -> bool {
        !self.topics.is_empty() || self.versions.is_any()
    }

    fn covers(&self, key: &StateKey, run: Option<&str>, version: impl FnOnce() -> VersionView) -> bool {
        (self.topics.is_empty() || self.topics.iter().any(|topic| topic.covers(key, run)))
            && (!self.versions.is_any() || self.versions.matches(&version()))
    }
}

fn told(damaged: &DamagedVersion) -> Unreadable {
    Unreadable { seq: damaged.seq, reason: damaged.what.to_string() }
}

/// A page in the making: it ends with its rows, its bytes, or what is looked at for it.
struct Gathered<'a> {
    filter: &'a EventFilter,
    limit: usize,
    events: Vec<Event>,
    /// Versions of which not even the name can be read.
    unreadable: Vec<Unreadable>,
    bytes: usize,
    /// The last version that was looked at.
    last: Option<Seq>,
    looked_at: usize,
    bytes_looked_at: usize,
}

impl<'a> Gathered<'a> {
    fn new(filter: &'a EventFilter, limit: usize) -> Self {
        let (events, unreadable) = (Vec::new(), Vec::new());
        Self { filter, limit, events, unreadable, bytes: 0, last: None, looked_at: 0, bytes_looked_at: 0 }
    }

    /// How many versions to look at next; `None` when the page ends.
    fn step(&self) -> Option<usize> {
        let goes_on = self.events.len() + self.unreadable.len() < self.limit
            && self.looked_at < SCAN_MAX
            && self.bytes < PAGE_BYTES
            && self.bytes_looked_at < SCAN_BYTES;
        let step = if self.filter.is_any() { SCAN_STEP } else { self.limit - self.events.len() };
        goes_on.then_some(step)
    }

    /// Looks at the next version; `false` if it belongs to another page.
    fn take(&mut self, seq: Seq, size: usize, covered: bool, event: impl FnOnce() -> Event) -> bool {
        if self.events.len() == self.limit || self.bytes >= PAGE_BYTES {
            return false;
        }
        self.last = Some(seq);
        self.looked_at += 1;
        self.bytes_looked_at += size;
        if covered {
            self.events.push(event());
            self.bytes += size;
        }
        true
    }

    /// Takes in what a read found: versions, or that the next one cannot be read, behind which the page goes on.
    fn take_read<T>(
        &mut self,
        read: std::result::Result<T, StoreError>,
        take: impl FnOnce(&mut Self, T),
    ) -> Result<()> {
        match read {
            Ok(stretch) => take(self, stretch),
            Err(StoreError::DamagedVersion(damaged)) => {
                (self.last, self.looked_at) = (Some(damaged.seq), self.looked_at + 1);
                self.unreadable.push(told(&damaged));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// The page, and the last version that was looked at; it weighs until it is answered.
    async fn finished(self, otherwise: Seq, seq: Seq) -> Result<EventPage> {
        let Self { events, unreadable, last, .. } = self;
        weight::hold_events(&events).await?;
        Ok(EventPage { events, unreadable, next_after: last.unwrap_or(otherwise), seq })
    }

    fn take_all<'v>(&mut self, versions: impl Iterator<Item = &'v Version>) {
        for version in versions {
            let event = || Event { version: VersionView::of(version), data: version.data.clone() };
            let run = version.origin.as_deref().and_then(|origin| origin.run_id.as_deref());
            let covered = self.filter.covers(&version.key, run, || VersionView::of(version));
            if !self.take(version.seq, version.size(), covered, event) {
                return;
            }
        }
    }

    fn take_views(&mut self, views: Vec<VersionView>) {
        for version in views {
            let key = StateKey { state_type: version.state_type.clone(), state_id: version.state_id.clone() };
            let covered = self.filter.covers(&key, version.run_id.as_deref(), || version.clone());
            // What was not read does not count.
            if !self.take(version.seq, 0, covered, || Event { version, data: None }) {
                return;
            }
        }
    }
}

impl Service {
    /// Events after a seq, oldest first. With a filter the page may be empty though the log goes on: `next_after` says
    /// how far it was looked at.
    pub async fn events_after(&self, after: Seq, limit: usize, filter: &EventFilter) -> Result<EventPage> {
        let limit = page_size(limit)?;
        let seq = self.events.catch_up().await?;
        if after > seq {
            return Err(ServiceError::CannotReplay { after, last: seq });
        }
        let mut page = Gathered::new(filter, limit);
        while let Some(step) = page.step() {
            let (from, before) = (page.last.unwrap_or(after), page.looked_at);
            if filter.with_data {
                let stretch = self.events.read_after(from, step).await;
                page.take_read(stretch, |page, stretch| {
                    page.take_all(stretch.iter().map(|event| event.version()));
                })?;
            } else {
                page.take_read(self.events.views_after(from, step).await, Gathered::take_views)?;
            }
            if page.looked_at == before {
                break;
            }
        }
        page.finished(after, seq.max(self.events.last_seq())).await
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
        let seq = self.events.catch_up().await?;
        let cursor = before.unwrap_or_else(|| seq.next());
        let mut page = Gathered::new(filter, limit);
        while let Some(step) = page.step() {
            let (from, before) = (page.last.unwrap_or(cursor), page.looked_at);
            if filter.with_data {
                page.take_read(self.store.before(from, step).await, |page, stretch| {
                    page.take_all(stretch.iter());
                })?;
            } else {
                page.take_read(self.store.views_before(from, step).await, Gathered::take_views)?;
            }
            if page.looked_at == before {
                break;
            }
        }
        page.finished(cursor, seq).await
    }
}
