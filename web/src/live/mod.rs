//! The one live connection of the console, and what pages do with its events.

mod follower;
mod remote;
mod socket;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use stateloft_core::api::{StorePulse, VersionView};
use stateloft_core::model::Timestamp;

use crate::api;
use crate::model::age;
use crate::model::contact::{Contact, Heard};
use crate::model::inbox::{Event, Inbox, Resumed};
use crate::model::link::Link;
use crate::shell::{Clock, clock};

pub(crate) use remote::{Fault, Remote, Signals, remote};

/// Events that arrive within this time are handed to the pages together.
const GATHER: Duration = Duration::from_millis(40);

type Listener = Rc<dyn Fn(&[Event])>;

#[derive(Default)]
struct Inner {
    /// `None` until the store has said where it stands.
    inbox: Option<Inbox>,
    opened: bool,
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
    /// What was heard of the server and its store.
    heard: RwSignal<Heard>,
    /// How fresh what is shown is: the one answer to that for every page.
    pub(crate) contact: Memo<Contact>,
    /// Changes when server and store are heard again after a silence: what could not be read is read now.
    pub(crate) back: RwSignal<u64>,
    /// Changes when everything must be read again: events were missed that cannot be replayed.
    pub(crate) epoch: RwSignal<u64>,
    /// Changes when snapshots or restores were made or deleted: read their lists again.
    pub(crate) lists: RwSignal<u64>,
    /// Changes when somebody asks to connect at once.
    hurry: RwSignal<u64>,
    clock: Clock,
    inner: StoredValue<Inner, LocalStorage>,
}

/// The live connection.
pub(crate) fn live() -> Live {
    expect_context()
}

impl Live {
    /// Makes the (still unconnected) connection known to all pages.
    pub(crate) fn install() -> Self {
        let clock = clock();
        let heard = RwSignal::new(Heard::nothing(clock.read()));
        let live = Self {
            link: RwSignal::new(Link::Connecting),
            seq: RwSignal::new(0),
            held: RwSignal::new(None),
            paused_at: RwSignal::new(None),
            last_event: RwSignal::new(None),
            last_contact: RwSignal::new(None),
            heard,
            contact: Memo::new(move |_| heard.get().contact(clock.now.get())),
            back: RwSignal::new(0),
            epoch: RwSignal::new(0),
            lists: RwSignal::new(0),
            hurry: RwSignal::new(0),
            clock,
            inner: StoredValue::new_local(Inner::default()),
        };
        provide_context(live);
        api::hear(move |sent, error| live.answered(clock.at(sent), error));
        live
    }

    /// Connects, and stays connected. Events come as soon as it is known from where on.
    pub(crate) fn connect(self) {
        let before = self.inner.try_update_value(|inner| std::mem::replace(&mut inner.opened, true));
        if before == Some(false) {
            socket::run(self);
        }
    }

    /// Events after `seq` will come.
    pub(crate) fn start_at(self, seq: u64) {
        self.seq.set(seq);
        self.inner.update_value(|inner| inner.inbox = Some(Inbox::starting_at(seq)));
        self.connect();
    }

    /// The moment of what is shown: the present while all is well.
    pub(crate) fn seen(self) -> Timestamp {
        self.contact.get().as_of().unwrap_or_else(|| self.clock.now.get())
    }

    /// The end of a strip of time: `now`, or the minute up to which something was heard.
    pub(crate) fn until(self) -> String {
        self.contact.get().as_of().map_or_else(|| "now".to_owned(), age::minute)
    }

    /// The last moment up to which events have certainly come.
    pub(crate) fn heard_to(self) -> Option<Timestamp> {
        self.heard.with(|heard| heard.beat)
    }

    /// The server has said how its store was at that time.
    pub(crate) fn says(self, pulse: StorePulse, at: Timestamp) {
        self.heard.try_update(|heard| heard.says(pulse, at));
    }

    /// Everything heard so far was so much later than it was taken for: the clock has been set.
    pub(crate) fn shift(self, micros: i64) {
        self.heard.try_update(|heard| heard.shift(micros));
    }

    /// The page may have slept, or the device has changed its network. What is shown says its age at once.
    pub(crate) fn look_again(self, online: bool) {
        self.heard.try_update(|heard| heard.offline = !online);
        self.clock.tick();
        if self.contact.try_get_untracked().is_some_and(Contact::is_stale) {
            self.try_now();
        }
    }

    fn beat(self, sent: Timestamp, pulse: StorePulse) {
        let now = self.clock.read();
        self.heard.try_update(|heard| heard.beat(sent, pulse, now));
    }

    fn ponged(self, asked: Timestamp) {
        self.heard.try_update(|heard| heard.beat(asked, heard.pulse, asked));
    }

    /// A request has ended that was sent at that time.
    fn answered(self, sent: Timestamp, error: Option<&api::ApiError>) {
        if error.is_none_or(api::ApiError::is_answer) {
            self.heard.try_update(|heard| {
                heard.answered(sent);
                // Until the next heartbeat says more.
                if error.is_some_and(api::ApiError::is_of_store) && heard.pulse == StorePulse::Up {
                    heard.pulse = StorePulse::Away;
                }
            });
        }
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
        self.inner.try_with_value(|inner| inner.inbox.as_ref()?.after(seq)).flatten()
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
            match self.inner.try_update_value(|inner| inner.inbox.as_mut().map(Inbox::resume)).flatten() {
                Some(Resumed::Deliver(events)) => self.deliver(&events),
                Some(Resumed::Reload) => self.reload(),
                None => {}
            }
        } else {
            self.inner.try_update_value(|inner| inner.inbox.as_mut().map(Inbox::pause));
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
            let inbox = inner.inbox.as_mut()?;
            Some((inbox.receive(arrived), inbox.held()))
        });
        let Some((events, held)) = events.flatten() else { return };
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
            inner.inbox = Some(Inbox::starting_at(seq));
            inner.arrived.clear();
        });
        if self.held.try_get_untracked().flatten().is_some() {
            self.inner.try_update_value(|inner| inner.inbox.as_mut().map(Inbox::pause));
            self.held.try_set(Some(0));
        }
        self.seq.try_set(seq);
        self.reload();
    }

    /// The seq to resume from: everything up to it has been received. `None` while the store has not said where it stands.
    fn position(self) -> Option<u64> {
        self.inner
            .try_with_value(|inner| {
                let last = inner.inbox.as_ref()?.last();
                Some(inner.arrived.iter().map(|event| event.seq.0).max().unwrap_or(0).max(last))
            })
            .flatten()
    }
}
