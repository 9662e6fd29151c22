//! What a session holds of the log at a time: a few events, or a single large one, and room for what it holds.

use std::sync::Arc;

use statehouse_core::model::Seq;

use super::{EventLog, LoggedEvent};
use crate::budget::{Budget, Class, Held};
use crate::store::Result;

/// Events read at a time, at first and at most.
const FIRST: usize = 16;
const MOST: usize = 256;
/// Bytes of data that a session holds, or one event that is larger.
const BYTES: usize = 128 << 10;
/// An event of more is held once for all who send it.
const LARGE: usize = 64 << 10;

/// Reads the log for one session: no more at a time than it may hold.
#[derive(Debug)]
pub(crate) struct Pages {
    /// How many events are read next: more when they are small, fewer when they are large.
    limit: usize,
}

/// Events in order, with the room that they take.
#[derive(Debug)]
pub(crate) struct EventsHeld {
    /// The events.
    pub(crate) events: Vec<Arc<LoggedEvent>>,
    /// Goes where the events go.
    pub(crate) held: Option<Arc<Held>>,
}

impl Default for Pages {
    fn default() -> Self {
        Self { limit: FIRST }
    }
}

impl Pages {
    /// The next events after a seq, once there is room for them. While there is none, nothing is held.
    pub(crate) async fn after(
        &mut self,
        log: &EventLog,
        budget: &Arc<Budget>,
        seq: Seq,
    ) -> Result<EventsHeld> {
        let mut waited: Option<Held> = None;
        loop {
            let (mut events, own) = log.stretch_after(seq, self.limit).await?;
            self.cut(&mut events);
            let Some(first) = events.first() else { return Ok(EventsHeld { events, held: None }) };
            // A message is made of each, as large as its data.
            let bytes: usize = 2 * events.iter().map(|event| event.version().size()).sum::<usize>();
            let large = first.version().size() > LARGE;
            if !own && !large {
                // They lie in memory for everybody.
                return Ok(EventsHeld { events, held: None });
            }
            let known = if large { first.lent() } else { None };
            let room = match waited.take() {
                Some(held) if held.bytes() >= bytes || known.is_some() => Some(held),
                _ if known.is_some() => None,
                _ => budget.take_now(Class::Streams, bytes),
            };
            let held = match (known, room) {
                (Some(known), _) => Some(known),
                (None, Some(room)) if large => Some(first.lend(room)),
                (None, Some(room)) => Some(Arc::new(room)),
                (None, None) => None,
            };
            if held.is_some() {
                return Ok(EventsHeld { events, held });
            }
            drop(events);
            waited = Some(budget.take_in_turn(Class::Streams, bytes).await);
        }
    }

    /// Keeps as many events as may be held, and learns how many to read.
    fn cut(&mut self, events: &mut Vec<Arc<LoggedEvent>>) {
        let mut bytes = 0;
        let fit = events.iter().take_while(|event| {
            let before = bytes;
            bytes += event.version().size();
            before == 0 || bytes <= BYTES
        });
        let fit = fit.count();
        if fit < events.len() {
            self.limit = fit;
        } else if fit == self.limit {
            self.limit = (self.limit * 2).min(MOST);
        }
        events.truncate(fit);
    }
}
