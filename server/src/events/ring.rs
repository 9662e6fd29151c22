//! The most recent events, in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Instant;

use bytes::Bytes;
use stateloft_core::api::{Event, VersionView};
use stateloft_core::model::{Seq, Version};

use crate::budget::Held;
use crate::heavy;
use crate::store::LogEnd;

const MAX_EVENTS: usize = 16_384;
const MAX_BYTES: usize = 32 << 20;

/// Documents of more bytes are kept without their index: events are sent, not looked into.
const INDEXED: usize = 64 << 10;

/// How the message of a WebSocket begins; with SSE the rest is sent behind an opening brace.
const TYPE: &str = "{\"type\":\"state_update\",";

/// One version as an event. Its message is made once, however many sessions send it.
#[derive(Debug)]
pub struct LoggedEvent {
    version: Version,
    /// When it was committed, if that happened while this server ran.
    committed: Option<Instant>,
    with_data: OnceLock<Bytes>,
    without_data: OnceLock<Bytes>,
    /// The room that sessions hold together for a large one.
    lent: Mutex<Weak<Held>>,
}

impl LoggedEvent {
    pub(super) fn new(mut version: Version, committed: Option<Instant>) -> Arc<Self> {
        version.data =
            version.data.map(|data| if data.len() < INDEXED { data } else { data.without_index() });
        let (with_data, without_data) = (OnceLock::new(), OnceLock::new());
        Arc::new(Self { version, committed, with_data, without_data, lent: Mutex::default() })
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

    /// The event as the message of a WebSocket: `{"type":"state_update","state_id":...}`, in UTF-8. All who ask share it.
    #[must_use]
    pub fn message(&self, with_data: bool) -> Bytes {
        let cell = if with_data { &self.with_data } else { &self.without_data };
        let room = if with_data { self.version.size() } else { 0 } + 1024;
        cell.get_or_init(|| heavy::work(room, || self.written(with_data, room))).clone()
    }

    fn written(&self, with_data: bool, room: usize) -> Bytes {
        let mut text = Vec::with_capacity(room);
        text.extend_from_slice(TYPE.as_bytes());
        let start = text.len();
        // An event is made of texts, numbers and a document that was read before: writing it cannot fail.
        let _ = serde_json::to_writer(&mut text, &self.event(with_data));
        // Its own opening brace.
        text.remove(start);
        text.into()
    }

    /// What stands in the event's JSON behind the opening brace: `"state_id":...}`. Shared like [`message`](Self::message).
    #[must_use]
    pub fn fields(&self, with_data: bool) -> Bytes {
        self.message(with_data).slice(TYPE.len()..)
    }

    /// The room that others hold for this event now.
    pub(crate) fn lent(&self) -> Option<Arc<Held>> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }

    /// Holds room for this event together with all who send it.
    pub(crate) fn lend(&self, held: Held) -> Arc<Held> {
        let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        lent.upgrade().unwrap_or_else(|| {
            let held = Arc::new(held);
            *lent = Arc::downgrade(&held);
            held
        })
    }

    fn weight(&self) -> usize {
        // The message holds the data a second time.
        self.version.size() * 2 + 1024
    }
}

/// Consecutive events up to the last one, bounded in number and bytes, and where the log ends.
#[derive(Debug)]
pub(super) struct Ring {
    events: VecDeque<Arc<LoggedEvent>>,
    bytes: usize,
    end: LogEnd,
}

impl Ring {
    /// No events of a log that ends here.
    pub(super) fn at(end: LogEnd) -> Self {
        Self { events: VecDeque::new(), bytes: 0, end }
    }

    pub(super) fn push(&mut self, event: Arc<LoggedEvent>) {
        self.reaches(LogEnd::of(event.version()));
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

    /// Where the log ended when it was heard of last.
    pub(super) fn end(&self) -> LogEnd {
        self.end
    }

    /// Notes that the log goes as far as that.
    pub(super) fn reaches(&mut self, end: LogEnd) {
        if end.seq > self.end.seq {
            self.end = end;
        }
    }

    /// What is known of the version that has this seq.
    pub(super) fn known(&self, seq: Seq) -> Option<LogEnd> {
        if seq == self.end.seq {
            return Some(self.end);
        }
        let first = self.events.front()?.seq();
        let place = usize::try_from(seq.0.checked_sub(first.0)?).ok()?;
        Some(LogEnd::of(self.events.get(place)?.version()))
    }

    /// The version before the first of these which are not of the log that was heard of: the store lost the end of its log,
    /// and has perhaps grown beyond it since.
    pub(super) fn fork(&self, versions: &[Version]) -> Option<LogEnd> {
        let strange = versions.iter().find(|version| {
            if version.seq == self.end.seq.next() {
                return self.end.is_not_before(version);
            }
            self.known(version.seq).is_some_and(|known| known.differs(&LogEnd::of(version)))
        })?;
        let before = Seq(strange.seq.0.saturating_sub(1));
        Some(self.known(before).unwrap_or_else(|| LogEnd::somewhere(before)))
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
