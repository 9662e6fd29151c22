//! The log of versions in pages of events.

use statehouse_core::api::{Event, EventPage, Topic, Unreadable, VersionView};
use statehouse_core::model::{Seq, Version};

use super::read::page_size;
use super::{Result, Service, ServiceError};
use crate::store::{DamagedVersion, StoreError};

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

fn told(damaged: &DamagedVersion) -> Unreadable {
    Unreadable { seq: damaged.seq, reason: damaged.what.to_string() }
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
        let mut events: Vec<Event> = Vec::new();
        let mut unreadable = Vec::new();
        let mut next_after = after;
        let mut looked_at = 0;
        while events.len() + unreadable.len() < limit && looked_at < SCAN_MAX {
            let step = if filter.topics.is_empty() { limit - events.len() } else { SCAN_STEP };
            let stretch = match self.events.read_after(next_after, step).await {
                Err(StoreError::DamagedVersion(damaged)) => {
                    (next_after, looked_at) = (damaged.seq, looked_at + 1);
                    unreadable.push(told(&damaged));
                    continue;
                }
                other => other?,
            };
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
        Ok(EventPage { events, unreadable, next_after, seq: seq.max(self.events.last_seq()) })
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
        let mut cursor = before.unwrap_or_else(|| seq.next());
        let (mut events, mut unreadable) = (Vec::<Event>::new(), Vec::new());
        let mut looked_at = 0;
        while events.len() + unreadable.len() < limit && looked_at < SCAN_MAX {
            let step = if filter.topics.is_empty() { limit - events.len() } else { SCAN_STEP };
            let stretch = match self.store.before(cursor, step).await {
                Err(StoreError::DamagedVersion(damaged)) => {
                    (cursor, looked_at) = (damaged.seq, looked_at + 1);
                    unreadable.push(told(&damaged));
                    continue;
                }
                other => other?,
            };
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
        Ok(EventPage { events, unreadable, next_after: cursor, seq })
    }
}
