//! What a session holds of the log at a time: a few events, or a single large one, and room for what it holds.

use std::sync::Arc;

use stateloft_core::model::Seq;

use super::{EventLog, LoggedEvent};
use crate::budget::{Budget, Class, Held};
use crate::store::Result;

/// Events read at a time, at first and at most.
const FIRST: usize = 16;
const MOST: usize = 256;
/// Bytes of data that a session holds, or one event that is larger.
const BYTES: usize = 128 << 10;
/// An event of more is read and held once for all who send it.
const LARGE: usize = 64 << 10;

/// Reads the log for one session: no more at a time than it may hold.
#[derive(Debug)]
pub(crate) struct Pages {
    /// How many events are read next: more when they are small, fewer when they are large.
    limit: usize,
    /// Whether to look how large events are before they are read. Where the last ones were small, the next are likely to be.
    careful: bool,
}

/// Events in order, with the room that they take.
#[derive(Debug, Default)]
pub(crate) struct EventsHeld {
    /// The events.
    pub(crate) events: Vec<Arc<LoggedEvent>>,
    /// Goes where the events go.
    pub(crate) held: Option<Arc<Held>>,
}

impl Default for Pages {
    fn default() -> Self {
        Self { limit: FIRST, careful: true }
    }
}

impl Pages {
    /// The next events after a seq, once there is room for them. While there is none, nothing is read for this session.
    pub(crate) async fn after(
        &mut self,
        log: &EventLog,
        budget: &Arc<Budget>,
        seq: Seq,
    ) -> Result<EventsHeld> {
        if let Some(events) = log.recent_after(seq, self.limit) {
            return self.recent(events, budget).await;
        }
        if !self.careful {
            let events = log.read_after(seq, self.limit).await?;
            let sizes: Vec<usize> = events.iter().map(|event| event.version().size()).collect();
            if self.fits(&sizes) == sizes.len()
                && let Some(held) = budget.take_now(Class::Streams, weight(&sizes))
            {
                return Ok(EventsHeld { events, held: Some(Arc::new(held)) });
            }
            drop(events);
        }
        self.older(log, budget, seq).await
    }

    /// Events that lie in memory for everybody. Only large ones are counted: they may be in the way when all others have
    /// gone on.
    async fn recent(
        &mut self,
        mut events: Vec<Arc<LoggedEvent>>,
        budget: &Arc<Budget>,
    ) -> Result<EventsHeld> {
        let sizes: Vec<usize> = events.iter().map(|event| event.version().size()).collect();
        events.truncate(self.fits(&sizes));
        let held = match events.first() {
            Some(event) if event.version().size() > LARGE => Some(match event.lent() {
                Some(held) => held,
                None => event.lend(budget.take_in_turn(Class::Streams, weight(&sizes[..1])).await),
            }),
            _ => None,
        };
        Ok(EventsHeld { events, held })
    }

    /// Events that only the store has: how large they are is asked first, then there is room, then they are read.
    async fn older(&mut self, log: &EventLog, budget: &Arc<Budget>, seq: Seq) -> Result<EventsHeld> {
        let sizes: Vec<usize> =
            log.views_after(seq, self.limit).await?.iter().map(|view| view.size).collect();
        let fit = self.fits(&sizes);
        self.careful = fit < sizes.len() || sizes.iter().any(|size| *size > LARGE);
        let sizes = &sizes[..fit];
        let Some(first) = sizes.first() else { return Ok(EventsHeld::default()) };
        if *first > LARGE {
            if let Some((event, held)) =
                log.shared(seq.next()).and_then(|event| Some((event.clone(), event.lent()?)))
            {
                return Ok(EventsHeld { events: vec![event], held: Some(held) });
            }
            let room = budget.take_in_turn(Class::Streams, weight(&sizes[..1])).await;
            let Some(event) = log.share(seq).await? else { return Ok(EventsHeld::default()) };
            let held = event.lend(room);
            return Ok(EventsHeld { events: vec![event], held: Some(held) });
        }
        let room = budget.take_in_turn(Class::Streams, weight(sizes)).await;
        let events = log.read_after(seq, fit).await?;
        Ok(EventsHeld { events, held: Some(Arc::new(room)) })
    }

    /// How many events of these sizes may be held at once; learns how many to read.
    fn fits(&mut self, sizes: &[usize]) -> usize {
        let mut bytes = 0;
        let fit = sizes.iter().take_while(|size| {
            let before = bytes;
            bytes += **size;
            before == 0 || bytes <= BYTES
        });
        let fit = fit.count();
        if fit < sizes.len() {
            self.limit = fit;
        } else if fit == self.limit {
            self.limit = (self.limit * 2).min(MOST);
        }
        fit
    }
}

/// Bytes of events of these sizes: a message is made of each, as large as its data.
fn weight(sizes: &[usize]) -> usize {
    2 * sizes.iter().sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_few_small_events_or_one_large_one() {
        let mut pages = Pages::default();
        assert_eq!(pages.fits(&[100; FIRST]), FIRST);
        assert_eq!(pages.limit, 2 * FIRST, "small ones: more the next time");
        assert_eq!(pages.fits(&[4 << 20, 100, 100]), 1);
        assert_eq!(pages.fits(&[100, 4 << 20, 100]), 1);
        assert_eq!(pages.fits(&[60 << 10, 60 << 10, 60 << 10]), 2);
        assert_eq!(pages.fits(&[]), 0);
    }
}
