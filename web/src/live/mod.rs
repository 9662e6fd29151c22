//! The one live connection of the console, and what pages do with its events.

mod remote;
mod socket;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use statehouse_core::api::VersionView;
use statehouse_core::model::Timestamp;

use crate::model::inbox::{Event, Inbox, Resumed};
use crate::model::link::Link;

pub(crate) use remote::{Fault, Remote, remote};

/// Events that arrive within this time are handed to the pages together.
const GATHER: Duration = Duration::from_millis(40);

type Listener = Rc<dyn Fn(&[Event])>;

#[derive(Default)]
struct Inner {
    inbox: Inbox,
    arrived: Vec<Event>,
    gathering: bool,
    listeners: HashMap<u64, Listener>,
    next_id: u64,
}

/// The live connection.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    /// How the connection is.
    pub(crate) link: RwSignal<Link>,
    /// The store's last seq as far as known here.
    pub(crate) seq: RwSignal<u64>,
    /// How many events wait; `None` while not paused.
    pub(crate) held: RwSignal<Option<u64>>,
    /// When the pause began.
    pub(crate) paused_at: RwSignal<Option<Timestamp>>,
    /// When the last event was received.
    pub(crate) last_event: RwSignal<Option<Timestamp>>,
    /// When anything was last heard from the server on this connection.
    pub(crate) last_contact: RwSignal<Option<Timestamp>>,
    /// Changes when everything must be read again: events were missed that cannot be replayed.
    pub(crate) epoch: RwSignal<u64>,
    /// Changes when snapshots or restores were made or deleted: read their lists again.
    pub(crate) lists: RwSignal<u64>,
    /// Changes when somebody asks to connect at once.
    hurry: RwSignal<u64>,
    inner: StoredValue<Inner, LocalStorage>,
}

/// The live connection.
pub(crate) fn live() -> Live {
    expect_context()
}

impl Live {
    /// Makes the (still unconnected) connection known to all pages.
    pub(crate) fn install() -> Self {
        let live = Self {
            link: RwSignal::new(Link::Connecting),
            seq: RwSignal::new(0),
            held: RwSignal::new(None),
            paused_at: RwSignal::new(None),
            last_event: RwSignal::new(None),
            last_contact: RwSignal::new(None),
            epoch: RwSignal::new(0),
            lists: RwSignal::new(0),
            hurry: RwSignal::new(0),
            inner: StoredValue::new_local(Inner::default()),
        };
        provide_context(live);
        live
    }

    /// Connects, and stays connected; events after `seq` will come.
    pub(crate) fn connect(self, seq: u64) {
        self.seq.set(seq);
        self.inner.update_value(|inner| inner.inbox = Inbox::starting_at(seq));
        socket::run(self);
    }

    /// Calls `listener` with new events, in order, as long as the present owner lives.
    pub(crate) fn on_events(self, listener: impl Fn(&[Event]) + 'static) {
        let id = self.inner.try_update_value(|inner| {
            inner.next_id += 1;
            inner.listeners.insert(inner.next_id, Rc::new(listener));
            inner.next_id
        });
        let Some(id) = id else { return };
        on_cleanup(move || {
            self.inner.try_update_value(|inner| inner.listeners.remove(&id));
        });
    }

    /// The events after a seq that pages were already given; `None` when they do not reach back that far.
    pub(crate) fn after(self, seq: u64) -> Option<Vec<Event>> {
        self.inner.try_with_value(|inner| inner.inbox.after(seq)).flatten()
    }

    /// Whether pages stand still.
    pub(crate) fn is_paused(self) -> bool {
        self.held.with(Option::is_some)
    }

    /// Holds events back, or lets them through again.
    pub(crate) fn toggle_pause(self, now: Timestamp) {
        if self.held.with_untracked(Option::is_some) {
            self.held.set(None);
            self.paused_at.set(None);
            match self.inner.try_update_value(|inner| inner.inbox.resume()) {
                Some(Resumed::Deliver(events)) => self.deliver(&events),
                Some(Resumed::Reload) => self.reload(),
                None => {}
            }
        } else {
            self.inner.try_update_value(|inner| inner.inbox.pause());
            self.held.set(Some(0));
            self.paused_at.set(Some(now));
        }
    }

    /// Connects at once instead of waiting for the next attempt.
    pub(crate) fn try_now(self) {
        self.hurry.update(|count| *count += 1);
    }

    /// Makes every page read its data again.
    pub(crate) fn reload(self) {
        self.epoch.try_update(|epoch| *epoch += 1);
    }

    /// An event has arrived.
    fn arrived(self, version: VersionView) {
        self.seq.try_update(|seq| *seq = (*seq).max(version.seq.0));
        let start = self.inner.try_update_value(|inner| {
            inner.arrived.push(Arc::new(version));
            !std::mem::replace(&mut inner.gathering, true)
        });
        if start == Some(true) {
            set_timeout(move || self.hand_over(), GATHER);
        }
    }

    fn hand_over(self) {
        let events = self.inner.try_update_value(|inner| {
            inner.gathering = false;
            let arrived = std::mem::take(&mut inner.arrived);
            (inner.inbox.receive(arrived), inner.inbox.held())
        });
        let Some((events, held)) = events else { return };
        if held.is_some() {
            self.held.try_set(held);
        }
        self.deliver(&events);
    }

    fn deliver(self, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        // Copied out first: a listener may add or remove listeners.
        let listeners =
            self.inner.try_with_value(|inner| inner.listeners.values().cloned().collect::<Vec<_>>());
        for listener in listeners.unwrap_or_default() {
            listener(events);
        }
    }

    /// The connection starts over at this seq because what lies between cannot be replayed.
    fn start_over(self, seq: u64) {
        self.inner.try_update_value(|inner| {
            inner.inbox = Inbox::starting_at(seq);
            inner.arrived.clear();
        });
        if self.held.try_get_untracked().flatten().is_some() {
            self.inner.try_update_value(|inner| inner.inbox.pause());
            self.held.try_set(Some(0));
        }
        self.seq.try_set(seq);
        self.reload();
    }

    /// The seq to resume from: everything up to it has been received.
    fn position(self) -> u64 {
        let position = self.inner.try_with_value(|inner| {
            inner.arrived.iter().map(|event| event.seq.0).max().unwrap_or(0).max(inner.inbox.last())
        });
        position.unwrap_or(0)
    }
}
