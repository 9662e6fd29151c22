//! What the frame and several pages know of the whole store: its status, its last day.

use std::time::Duration;

use leptos::prelude::*;
use stateloft_core::api::{Overview, StorePulse};
use stateloft_core::model::Operation;

use super::{clock, toasts};
use crate::api;
use crate::live::{Live, Remote, live, remote};
use crate::model::age;
use crate::model::contact::Contact;
use crate::model::day;
use crate::model::inbox::Event;
use crate::model::link::Link;
use crate::model::standing::Standing;

/// Figures that events alone cannot give (such as how many states are invalid) are read again after events, but not
/// more often than this.
const STATUS_EVERY: Duration = Duration::from_secs(2);
/// The same for the day's overview, which events keep right in almost everything.
const OVERVIEW_EVERY: Duration = Duration::from_secs(20);
/// Latencies and the like change without events.
const STATUS_ANYWAY: Duration = Duration::from_secs(15);
/// While something is away it is looked so often whether it is back.
const STATUS_AWAY: Duration = Duration::from_secs(3);

/// What is known of the whole store.
#[derive(Clone, Copy)]
pub(crate) struct Desk {
    /// How the server and its store are.
    pub(crate) status: Remote<Standing>,
    /// The last 24 hours.
    pub(crate) overview: Remote<Overview>,
    /// The store has said where it stands, and events after that will come: pages may read their lists.
    pub(crate) ready: RwSignal<bool>,
}

/// What is known of the whole store.
pub(crate) fn desk() -> Desk {
    expect_context()
}

impl Desk {
    /// Starts reading, and connects when the store has said where it stands.
    pub(crate) fn install() -> Self {
        let (clock, live) = (clock(), live());
        let status = remote(|| Some(()), move |()| api::status());
        let ready = RwSignal::new(false);
        let look_again = once_after(move || status.reload());
        Effect::new(move || {
            let known = status.value.with(|status| status.as_ref().map(|s| (s.seq, s.now, pulse(s))));
            let Some((seq, now, pulse)) = known else { return };
            if let Some(asked) = status.read_at.get_untracked() {
                live.shift(clock.set(now, asked));
            }
            live.says(pulse, now);
            match seq {
                Some(seq) if !ready.get_untracked() => {
                    live.start_at(seq.0);
                    ready.set(true);
                }
                None => {
                    live.connect();
                    look_again(STATUS_EVERY);
                }
                Some(_) => {}
            }
        });
        let overview = remote(move || ready.get().then_some(()), move |()| api::overview(24));
        overview.follow(|overview| overview.seq.0, day::add);
        let desk = Self { status, overview, ready };
        desk.stay_fresh(live);
        desk.come_back(live);
        provide_context(desk);
        desk
    }

    fn stay_fresh(self, live: Live) {
        let status_again = once_after(move || self.status.reload());
        let overview_again = once_after(move || self.overview.reload());
        live.on_events(move |events: &[Event]| {
            status_again(STATUS_EVERY);
            let counts_moved = events.iter().any(|event| event.operation != Operation::Update);
            overview_again(if counts_moved { STATUS_EVERY } else { OVERVIEW_EVERY });
        });
        Effect::new(move |first: Option<()>| {
            live.lists.track();
            live.epoch.track();
            if first.is_some() {
                self.status.reload();
                self.overview.reload();
            }
        });
        // A lost connection may be the store's end: ask at once, so that the page can say so.
        let lost = Memo::new(move |_| live.link.get().is_lost());
        Effect::new(move |before: Option<bool>| {
            if before == Some(!lost.get()) {
                self.status.reload();
            }
            lost.get()
        });
        set_interval(move || self.status.refresh(), STATUS_ANYWAY);
        set_interval(
            move || {
                if live.contact.get_untracked().is_stale() {
                    self.status.refresh();
                }
            },
            STATUS_AWAY,
        );
        // The day moves on even when nothing is written.
        set_interval(move || self.overview.refresh(), OVERVIEW_EVERY * 3);
    }

    /// When server and store are heard again after a silence, everything is brought up to date, and that is said.
    fn come_back(self, live: Live) {
        let (clock, toasts) = (clock(), toasts());
        Effect::new(move |away: Option<Option<_>>| {
            let away = away.flatten();
            let contact = live.contact.get();
            if contact.is_stale() {
                return away.or_else(|| Some(contact.as_of().unwrap_or_else(|| clock.read())));
            }
            let live_again = contact == Contact::Fresh && live.link.get() == Link::Live;
            let Some(since) = away.filter(|_| live_again) else { return away };
            live.back.update(|back| *back += 1);
            self.status.reload();
            self.overview.reload();
            let long = age::short(age::seconds_between(since, clock.read()));
            toasts.done("Up to date again.", format!("After {long} without news."));
            None
        });
    }
}

/// What a status says of the store, in the words of a heartbeat.
fn pulse(status: &Standing) -> StorePulse {
    match status.fallback.as_ref() {
        _ if status.store.up && status.counts_as_of.is_none() => StorePulse::Up,
        Some(journal) if journal.fault.is_none() => StorePulse::Journal,
        _ => StorePulse::Away,
    }
}

/// Works after a while. Whoever asks meanwhile asks for the same: it is done once, so that what is asked for by several
/// does not become more and more.
fn once_after(work: impl Fn() + Copy + 'static) -> impl Fn(Duration) + Copy {
    let due = StoredValue::new(false);
    move |after: Duration| {
        if !due.try_get_value().unwrap_or(true) {
            due.set_value(true);
            set_timeout(
                move || {
                    due.try_set_value(false);
                    work();
                },
                after,
            );
        }
    }
}
