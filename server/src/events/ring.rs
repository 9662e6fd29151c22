//! The most recent events, in memory.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use statehouse_core::api::{Event, VersionView};
use statehouse_core::model::{Seq, Version};

const MAX_EVENTS: usize = 16_384;
const MAX_BYTES: usize = 64 << 20;

/// One version as an event. Its JSON is made once, however many sessions send it.
#[derive(Debug)]
pub struct LoggedEvent {
    version: Version,
    /// When it was committed, if that happened while this server ran.
    committed: Option<Instant>,
    with_data: OnceLock<String>,
    without_data: OnceLock<String>,
}

impl LoggedEvent {
    pub(super) fn new(version: Version, committed: Option<Instant>) -> Arc<Self> {
        Arc::new(Self { version, committed, with_data: OnceLock::new(), without_data: OnceLock::new() })
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Its place in the store.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.version.seq
    }

    /// When it was committed, if that happened while this server ran and is recent.
    #[must_use]
    pub fn committed(&self) -> Option<Instant> {
        self.committed
    }

    /// The event for the API.
    #[must_use]
    pub fn event(&self, with_data: bool) -> Event {
        let data = if with_data { self.version.data.clone() } else { None };
        Event { version: VersionView::of(&self.version), data }
    }

    /// The event as JSON: `{"state_id":...}`.
    #[must_use]
    pub fn json(&self, with_data: bool) -> &str {
        let cell = if with_data { &self.with_data } else { &self.without_data };
        // An event is made of texts, numbers and a document that was read before: writing it cannot fail.
        cell.get_or_init(|| serde_json::to_string(&self.event(with_data)).unwrap_or_default())
    }

    /// The event as the message of a WebSocket: `{"type":"state_update","state_id":...}`.
    #[must_use]
    pub fn message(&self, with_data: bool) -> String {
        let fields = self.json(with_data).get(1..).unwrap_or_default();
        format!("{{\"type\":\"state_update\",{fields}")
    }

    fn weight(&self) -> usize {
        // The JSON text holds the data a second time.
        self.version.size() * 2 + 1024
    }
}

/// Consecutive events up to the last one, bounded in number and bytes.
#[derive(Debug, Default)]
pub(super) struct Ring {
    events: VecDeque<Arc<LoggedEvent>>,
    bytes: usize,
}

impl Ring {
    pub(super) fn push(&mut self, event: Arc<LoggedEvent>) {
        self.bytes += event.weight();
        self.events.push_back(event);
        while self.events.len() > MAX_EVENTS || (self.bytes > MAX_BYTES && self.events.len() > 1) {
            if let Some(gone) = self.events.pop_front() {
                self.bytes -= gone.weight();
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.bytes = 0;
    }

    pub(super) fn last(&self) -> Option<&LoggedEvent> {
        self.events.back().map(AsRef::as_ref)
    }

    /// The seq that the next event must have to follow; `None` when the ring is empty.
    pub(super) fn next_seq(&self) -> Option<Seq> {
        self.events.back().map(|event| event.seq().next())
    }

    /// At most `limit` events after a seq, if the ring reaches back that far.
    pub(super) fn after(&self, seq: Seq, limit: usize) -> Option<Vec<Arc<LoggedEvent>>> {
        let first = self.events.front()?.seq();
        if seq.next() < first {
            return None;
        }
        let skip = usize::try_from(seq.next().0 - first.0).unwrap_or(usize::MAX);
        Some(self.events.iter().skip(skip).take(limit).cloned().collect())
    }
}
