//! Data read from the server: kept with its age, read again when its key changes, tried again when the store is away.

use std::future::Future;
use std::rc::Rc;

use futures::future::{AbortHandle, LocalBoxFuture, abortable};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::model::Timestamp;

use super::follower::Follower;
use super::live;
use crate::api::ApiError;
use crate::model::inbox::Event;
use crate::model::link::backoff_ms;
use crate::model::still::Which;
use crate::parts::Stand;
use crate::shell::{Clock, Session, clock, session};

/// Why the last attempt to read failed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// What happened.
    pub(crate) error: ApiError,
    /// When it is tried again; `None` if nothing but another request can help.
    pub(crate) next_try: Option<Timestamp>,
}

/// Data read from the server. Copy; lives as long as the owner that made it.
pub(crate) struct Remote<T: Send + Sync + 'static> {
    /// The last answer; stays while it is read again and when that fails.
    pub(crate) value: RwSignal<Option<T>>,
    /// What is wrong, if the last attempt failed.
    pub(crate) fault: RwSignal<Option<Fault>>,
    /// When the value was asked for: what it says was so then or later.
    pub(crate) read_at: RwSignal<Option<Timestamp>>,
    /// Whether an answer is awaited.
    pub(crate) loading: RwSignal<bool>,
    /// Counts the answers.
    loads: RwSignal<u64>,
    again: RwSignal<u64>,
    /// Whether events keep it up to date.
    followed: RwSignal<bool>,
    /// What holds the list still that shows it.
    stand: RwSignal<Option<Stand>>,
    clock: Clock,
}

impl<T: Send + Sync + 'static> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Send + Sync + 'static> Copy for Remote<T> {}

/// Reads what `fetch` gives for `key`, now and whenever the key changes; nothing while the key is `None`. A request
/// that is no longer wanted is aborted. Everything is read again when the live connection starts over.
pub(crate) fn remote<T, K, F, Fut>(key: impl Fn() -> Option<K> + 'static, fetch: F) -> Remote<T>
where
    T: Send + Sync + 'static,
    K: Clone + 'static,
    F: Fn(K) -> Fut + 'static,
    Fut: Future<Output = Result<T, ApiError>> + 'static,
{
    let remote = Remote {
        value: RwSignal::new(None),
        fault: RwSignal::new(None),
        read_at: RwSignal::new(None),
        loading: RwSignal::new(false),
        loads: RwSignal::new(0),
        again: RwSignal::new(0),
        followed: RwSignal::new(false),
        stand: RwSignal::new(None),
        clock: clock(),
    };
    let fetch = Rc::new(fetch);
    // What is typed ends here: the rest is compiled once for all data.
    let start = move || {
        let (key, fetch) = (key()?, Rc::clone(&fetch));
        let attempt: Attempt = Box::new(move || {
            let (answer, asked) = (fetch(key.clone()), remote.clock.read());
            Box::pin(async move { answer.await.map(|value| remote.arrived(value, asked)) })
        });
        Some(attempt)
    };
    keep(Signals::of(remote), Box::new(start));
    remote
}

/// One request, which brings its answer to where it belongs.
type Attempt = Box<dyn Fn() -> LocalBoxFuture<'static, Result<(), ApiError>>>;

/// What is known about data besides the data.
#[derive(Clone, Copy)]
pub(crate) struct Signals {
    /// What is wrong, if the last attempt failed.
    pub(crate) fault: RwSignal<Option<Fault>>,
    read_at: RwSignal<Option<Timestamp>>,
    followed: RwSignal<bool>,
    loading: RwSignal<bool>,
    again: RwSignal<u64>,
    stand: RwSignal<Option<Stand>>,
}

impl Signals {
    fn of<T: Send + Sync>(remote: Remote<T>) -> Self {
        let Remote { fault, read_at, followed, loading, again, stand, .. } = remote;
        Self { fault, read_at, followed, loading, again, stand }
    }

    /// What holds still what is shown, if something does and something is shown.
    fn held_by(self) -> Option<Stand> {
        let stand = self.stand.get_untracked().filter(|stand| stand.is_still())?;
        (self.read_at.with_untracked(Option::is_some) && !self.is_behind()).then_some(stand)
    }

    /// Reads again now.
    pub(crate) fn reload(self) {
        self.again.try_update(|again| *again += 1);
    }

    /// Reads again, unless an answer is awaited that may still come: asking anew again and again would never let it.
    fn refresh(self) {
        let awaited = self.loading.try_get_untracked().unwrap_or(true)
            && self.fault.try_with_untracked(Option::is_none).unwrap_or(true);
        if !awaited {
            self.reload();
        }
    }

    /// The last moment at which what is shown was certainly so; `None` where nothing is.
    pub(crate) fn seen_at(self) -> Option<Timestamp> {
        let read = self.read_at.get()?;
        Some(if self.followed.get() { live().heard_to().map_or(read, |heard| heard.max(read)) } else { read })
    }

    /// The last attempt failed, or is not answered yet.
    fn is_behind(self) -> bool {
        self.loading.get_untracked() || self.fault.with_untracked(Option::is_some)
    }
}

/// Starts over whenever what `start` reads changes; `start` gives nothing while nothing is wanted.
fn keep(signals: Signals, start: Box<dyn Fn() -> Option<Attempt>>) {
    let task = StoredValue::new(None::<AbortHandle>);
    let stop = move || {
        if let Some(handle) = task.try_update_value(Option::take).flatten() {
            handle.abort();
        }
    };
    let (clock, session) = (clock(), session());
    Effect::new(move || {
        signals.again.track();
        let attempt = start();
        stop();
        let Some(attempt) = attempt else {
            signals.loading.set(false);
            return;
        };
        signals.loading.set(true);
        let (work, handle) = abortable(read(signals, clock, session, attempt));
        task.set_value(Some(handle));
        spawn_local(async move {
            // Aborted means that nobody waits for it any more.
            let _ = work.await;
        });
    });
    on_cleanup(stop);
    // Events were missed: everything is read again, what stands still as soon as it may move.
    let epoch = live().epoch;
    Effect::new(move |first: Option<()>| {
        epoch.track();
        match signals.held_by() {
            Some(stand) if first.is_some() => stand.note_untold(),
            None if first.is_some() => signals.reload(),
            _ => {}
        }
    });
    // What could not be read is read as soon as server and store are heard again, whenever its own turn would be.
    let back = live().back;
    Effect::new(move |first: Option<()>| {
        back.track();
        if first.is_some() && signals.is_behind() {
            signals.again.update(|again| *again += 1);
        }
    });
}

async fn read(signals: Signals, clock: Clock, session: Session, attempt: Attempt) {
    let mut failures = 2;
    loop {
        let Err(error) = attempt().await else { return };
        if error.needs_key() {
            session.ask();
        }
        if !error.passes() {
            signals.fault.try_set(Some(Fault { error, next_try: None }));
            signals.loading.try_set(false);
            return;
        }
        let wait = backoff_ms(failures, js_sys::Math::random());
        failures += 1;
        let next_try = Timestamp::from_micros(clock.read().micros() + i64::from(wait) * 1000);
        signals.fault.try_set(Some(Fault { error, next_try: Some(next_try) }));
        TimeoutFuture::new(wait).await;
    }
}

impl<T: Send + Sync + 'static> Remote<T> {
    fn arrived(self, value: T, asked: Timestamp) {
        self.fault.try_set(None);
        self.read_at.try_set(Some(asked));
        self.value.try_set(Some(value));
        self.loading.try_set(false);
        self.loads.try_update(|loads| *loads += 1);
    }

    /// Reads again now.
    pub(crate) fn reload(self) {
        self.signals().reload();
    }

    /// Reads again, unless an answer is awaited that may still come.
    pub(crate) fn refresh(self) {
        self.signals().refresh();
    }

    /// What is known about the data besides the data.
    pub(crate) fn signals(self) -> Signals {
        Signals::of(self)
    }

    /// Keeps the value up to date with the live connection: `seq_of` says what the value has seen, `apply` brings
    /// later events in (and must advance what `seq_of` says). Nothing that came while it was read is missed.
    pub(crate) fn follow(
        self,
        seq_of: impl Fn(&T) -> u64 + Copy + 'static,
        apply: impl Fn(&mut T, &[Event]) + 'static,
    ) {
        self.follow_with(None, seq_of, apply, |_, _| None);
    }

    /// The same for a list that may stand still: then nothing is brought in until it may move again or somebody asks
    /// for it. `which` says which row an event makes new, if it makes one.
    pub(crate) fn follow_standing(
        self,
        stand: Stand,
        seq_of: impl Fn(&T) -> u64 + Copy + 'static,
        apply: impl Fn(&mut T, &[Event]) + 'static,
        which: impl Fn(&T, &Event) -> Option<Which> + 'static,
    ) {
        self.stand.set(Some(stand));
        self.follow_with(Some(stand), seq_of, apply, which);
    }

    /// What is typed ends here: the rest is compiled once for all data.
    fn follow_with(
        self,
        stand: Option<Stand>,
        seq_of: impl Fn(&T) -> u64 + Copy + 'static,
        apply: impl Fn(&mut T, &[Event]) + 'static,
        which: impl Fn(&T, &Event) -> Option<Which> + 'static,
    ) {
        self.followed.set(true);
        let list = Follower {
            live: live(),
            stand,
            signals: self.signals(),
            loads: self.loads,
            // What is only remembered is as of no seq.
            seen: Box::new(move || {
                self.value.try_with_untracked(|value| value.as_ref().map(seq_of)).flatten()
            }),
            bring_in: Box::new(move |events| {
                self.value.try_update(|value| value.as_mut().map(|value| apply(value, events)));
            }),
            which: Box::new(move |event| {
                self.value.try_with_untracked(|value| which(value.as_ref()?, event)).flatten()
            }),
        };
        list.begin();
    }
}
