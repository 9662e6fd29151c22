//! Data that was read, kept up to date with the live connection: new events are brought in, or wait while a list stands
//! still; what came while it was read is not missed.

use std::rc::Rc;

use leptos::prelude::*;

use super::Live;
use super::remote::Signals;
use crate::model::inbox::Event;
use crate::model::still::Which;
use crate::parts::Stand;
/// Brings events into the data.
type BringIn = Box<dyn Fn(&[Event])>;
/// Says which row an event makes new.
type MakesNew = Box<dyn Fn(&Event) -> Option<Which>>;

/// What keeps data up to date with the live connection.
pub(super) struct Follower {
    pub(super) live: Live,
    pub(super) stand: Option<Stand>,
    pub(super) signals: Signals,
    pub(super) loads: RwSignal<u64>,
    /// Up to which seq the data has seen everything.
    pub(super) seen: Box<dyn Fn() -> Option<u64>>,
    pub(super) bring_in: BringIn,
    pub(super) which: MakesNew,
}

impl Follower {
    pub(super) fn begin(self) {
        let this = Rc::new(self);
        let listening = Rc::clone(&this);
        this.live.on_events(move |events| listening.take(events));
        let read = Rc::clone(&this);
        Effect::new(move || {
            if read.loads.get() > 0 {
                read.has_been_read();
            }
        });
        let Some(stand) = this.stand else { return };
        Effect::new(move |before: Option<u64>| {
            let asked = stand.asked.get();
            let (called, free) = (before.is_some_and(|before| before != asked), !stand.still.get());
            if stand.is_behind() && (called || free) {
                this.catch_up();
            }
            asked
        });
    }

    /// New events have come.
    fn take(&self, events: &[Event]) {
        let Some(seen) = (self.seen)() else { return };
        let new = &events[events.partition_point(|event| event.seq.0 <= seen)..];
        match self.stand {
            _ if new.is_empty() => {}
            Some(stand) if stand.is_still() => self.wait(stand, new),
            // These are not the first that the list has not seen.
            Some(stand) if stand.is_behind() => self.catch_up(),
            _ => (self.bring_in)(new),
        }
    }

    fn wait(&self, stand: Stand, events: &[Event]) {
        for event in events {
            stand.note((self.which)(event));
        }
    }

    /// The data has been read, or is what was kept of it: what has come since is not in it.
    fn has_been_read(&self) {
        let (stand, seen) = (self.stand.filter(|stand| stand.is_still()), (self.seen)());
        match (stand, seen.filter(|seen| *seen < u64::MAX)) {
            (Some(stand), Some(seen)) => {
                stand.caught_up();
                match self.live.after(seen) {
                    Some(missed) => self.wait(stand, &missed),
                    None => stand.note_untold(),
                }
            }
            _ => self.catch_up(),
        }
    }

    /// Brings in everything that the data has not seen.
    fn catch_up(&self) {
        if let Some(stand) = self.stand {
            stand.caught_up();
        }
        let Some(seen) = (self.seen)().filter(|seen| *seen < u64::MAX) else { return };
        match self.live.after(seen) {
            Some(missed) if missed.is_empty() => {}
            Some(missed) => (self.bring_in)(&missed),
            // Before the connection's memory starts: read again, which will be after it.
            None => self.signals.reload(),
        }
    }
}
