//! Who listens: sessions as they are, and what became of those that are gone.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stateloft_core::model::Seq;

/// An hour in minutes, of which the first is only partly over.
const MINUTES: usize = 61;

/// How a session listens, and how it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduction {
    /// `websocket` or `sse`.
    pub kind: &'static str,
    /// The name that the client gave itself.
    pub client: Option<String>,
    /// Where it comes from.
    pub address: Option<String>,
}

/// One session at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// How it listens and is called.
    pub who: Introduction,
    /// What it listens to.
    pub topics: Vec<String>,
    /// It has been sent everything up to here.
    pub seq: Seq,
    /// Versions sent to it in the last hour.
    pub sent_last_hour: u64,
    /// How long it has been connected.
    pub age: Duration,
}

/// What became of sessions since the server started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionTotals {
    /// Closed because they took nothing.
    pub too_slow: u64,
    /// The last of these.
    pub last_too_slow: Option<Introduction>,
    /// Subscriptions that began with what was missed.
    pub replays: u64,
    /// Those that could not.
    pub impossible: u64,
}

/// All sessions of one server.
#[derive(Debug, Default)]
pub struct Listeners {
    next: AtomicU64,
    sessions: Mutex<HashMap<u64, Arc<Session>>>,
    totals: Mutex<SessionTotals>,
}

#[derive(Debug)]
struct Session {
    who: Introduction,
    connected: Instant,
    seq: AtomicU64,
    topics: Mutex<Vec<String>>,
    sent: Mutex<Sent>,
}

/// What was sent, by minute.
#[derive(Debug)]
struct Sent([(u64, u32); MINUTES]);

impl Sent {
    fn add(&mut self, minute: u64, count: u32) {
        let slot = &mut self.0[usize::try_from(minute).unwrap_or_default() % MINUTES];
        *slot = if slot.0 == minute { (minute, slot.1.saturating_add(count)) } else { (minute, count) };
    }

    fn last_hour(&self, minute: u64) -> u64 {
        let recent = self.0.iter().filter(|(at, _)| at + MINUTES as u64 > minute);
        recent.map(|(_, count)| u64::from(*count)).sum()
    }
}

impl Session {
    fn minute(&self) -> u64 {
        self.connected.elapsed().as_secs() / 60
    }
}

impl Listeners {
    /// A session begins; it is listed until what this gives is dropped.
    pub(super) fn join(self: &Arc<Self>, who: Introduction) -> Listener {
        let session = Arc::new(Session {
            who,
            connected: Instant::now(),
            seq: AtomicU64::new(0),
            topics: Mutex::default(),
            sent: Mutex::new(Sent([(0, 0); MINUTES])),
        });
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.sessions).insert(id, Arc::clone(&session));
        Listener { all: Arc::clone(self), id, session }
    }

    /// How many sessions there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        lock(&self.sessions).len() as u64
    }

    /// Every session, in no order.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionView> {
        let sessions: Vec<_> = lock(&self.sessions).values().cloned().collect();
        let view = |session: Arc<Session>| SessionView {
            who: session.who.clone(),
            topics: lock(&session.topics).clone(),
            seq: Seq(session.seq.load(Ordering::Relaxed)),
            sent_last_hour: lock(&session.sent).last_hour(session.minute()),
            age: session.connected.elapsed(),
        };
        sessions.into_iter().map(view).collect()
    }

    /// What became of sessions.
    #[must_use]
    pub fn totals(&self) -> SessionTotals {
        lock(&self.totals).clone()
    }
}

/// A session's place in the list.
#[derive(Debug)]
pub struct Listener {
    all: Arc<Listeners>,
    id: u64,
    session: Arc<Session>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        lock(&self.all.sessions).remove(&self.id);
    }
}

impl Listener {
    /// It listens to these topics from now on.
    pub fn listens_to(&self, topics: Vec<String>) {
        *lock(&self.session.topics) = topics;
    }

    /// It has been sent everything up to a seq, so many versions just now.
    pub fn is_at(&self, seq: Seq, sent: usize) {
        self.session.seq.store(seq.0, Ordering::Relaxed);
        if sent > 0 {
            let count = u32::try_from(sent).unwrap_or(u32::MAX);
            lock(&self.session.sent).add(self.session.minute(), count);
        }
    }

    /// A subscription begins with what was missed.
    pub fn replays(&self) {
        lock(&self.all.totals).replays += 1;
    }

    /// A subscription cannot begin with what was missed.
    pub fn cannot_replay(&self) {
        lock(&self.all.totals).impossible += 1;
    }

    /// It is closed because it took nothing.
    pub fn was_too_slow(&self) {
        let mut totals = lock(&self.all.totals);
        totals.too_slow += 1;
        totals.last_too_slow = Some(self.session.who.clone());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_in_the_last_hour_forgets() {
        let mut sent = Sent([(0, 0); MINUTES]);
        sent.add(0, 5);
        sent.add(0, 2);
        sent.add(59, 10);
        assert_eq!((sent.last_hour(59), sent.last_hour(60), sent.last_hour(61)), (17, 17, 10));
        sent.add(61, 1);
        assert_eq!((sent.last_hour(61), sent.last_hour(200)), (11, 0));
    }

    #[test]
    fn a_session_is_listed_as_long_as_it_lives() {
        let listeners = Arc::new(Listeners::default());
        let who = Introduction { kind: "sse", client: Some("risk-guard".into()), address: None };
        let listener = listeners.join(who.clone());
        listener.listens_to(vec!["states".into()]);
        listener.is_at(Seq(7), 3);
        let sessions = listeners.sessions();
        let [session] = sessions.as_slice() else { panic!("{sessions:?}") };
        assert_eq!((session.seq, session.sent_last_hour, &session.who), (Seq(7), 3, &who));
        listener.was_too_slow();
        drop(listener);
        assert_eq!((listeners.count(), listeners.totals().last_too_slow), (0, Some(who)));
    }
}
