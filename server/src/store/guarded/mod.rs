//! A store that answers in time: time-outs, a few careful retries, and a circuit breaker in front of another store.

mod admin;
mod breaker;
mod leases;
mod patience;
mod record;
mod settings;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use stateloft_core::api::{BreakerState, BreakerStatus, ForcedState, StoreStatus};
use stateloft_core::model::{StateKey, Timestamp, Version};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::deadline;
use super::forward::forward_reads;
use super::longest::{Long, Longest};
use super::{
    Commits, Result, Rung, StateStore, StoreError, StoreFacts, Ticks, WriteRefusal, WriteRequest, Written,
};
use breaker::{Breaker, Pass};

pub use patience::as_one_request;
pub use record::{Outage, Turn};
pub use settings::GuardSettings;

/// How long a store may take to say that it is there at all, of which a commit failed or a read takes long.
const PING: Duration = Duration::from_secs(2);
/// How often a commit looks whether the breaker lets it through.
const LOOK: Duration = Duration::from_millis(50);
/// How long it may take to tell of its sizes.
const FACTS: Duration = Duration::from_secs(5);
/// The slowest read is looked for so far back.
const SLOW_WINDOW: Duration = Duration::from_hours(1);

/// Another store, guarded. Only an engine that fails or does not answer counts as a failure; refusals, conflicts and
/// damage are answers. A store that has not been reached since the start is not asked, so that it has not failed either:
/// it is used the moment it is there.
pub struct GuardedStore {
    inner: Arc<dyn StateStore>,
    settings: GuardSettings,
    breaker: Arc<Breaker>,
    clock: Arc<dyn Ticks>,
    slow: Longest<&'static str>,
    /// What the store last said of itself.
    described: Mutex<StoreStatus>,
    facts: Mutex<StoreFacts>,
}

impl GuardedStore {
    /// Guards a store.
    pub async fn new(inner: Arc<dyn StateStore>, settings: GuardSettings, clock: Arc<dyn Ticks>) -> Self {
        let breaker = Breaker::new(settings.failure_threshold, settings.recovery_timeout, Arc::clone(&clock));
        let breaker = Arc::new(breaker);
        if let Some(bell) = inner.bell() {
            tokio::spawn(hear_from(bell, Arc::downgrade(&breaker)));
        }
        let described = Mutex::new(inner.status().await);
        let (slow, facts) = (Longest::of(SLOW_WINDOW), Mutex::default());
        Self { inner, settings, breaker, clock, slow, described, facts }
    }

    /// How the breaker is.
    #[must_use]
    pub fn breaker(&self) -> BreakerStatus {
        self.breaker.status()
    }

    /// The breaker's changes of the last 24 hours, the oldest first; the first says how it was before.
    #[must_use]
    pub fn breaker_turns(&self) -> Vec<Turn> {
        self.breaker.turns()
    }

    /// When the store failed, as far as calls have told.
    #[must_use]
    pub fn outage(&self) -> Outage {
        self.breaker.outage()
    }

    /// The read that took longest in the last hour: what was read, how long it took, how long ago that was.
    #[must_use]
    pub fn slowest_read(&self) -> Option<(&'static str, Duration, Duration)> {
        let now = self.clock.now();
        self.slow.get(now).map(|Long { took, at, what }| (what, took, now.saturating_sub(at)))
    }

    /// Closes the breaker and forgets every failure.
    pub fn reset_breaker(&self) {
        self.breaker.reset();
    }

    /// Keeps the breaker open or closed until it is reset.
    pub fn force_breaker(&self, state: ForcedState) {
        self.breaker.force(state);
    }

    /// Until when a call may take. An error if the request that makes it has met a store that fails, and has no time left.
    fn deadline(&self) -> Result<Instant> {
        let (now, until) = (Instant::now(), patience::failing_until());
        match until {
            Some(until) if until <= now => Err(self.late()),
            _ => {
                Ok(until.map_or(now + self.settings.timeout, |until| until.min(now + self.settings.timeout)))
            }
        }
    }

    fn late(&self) -> StoreError {
        let seconds = self.settings.timeout.as_secs_f32();
        StoreError::Unavailable(format!("it did not answer within {seconds} s"))
    }

    fn too_long(&self) -> StoreError {
        let seconds = self.settings.timeout.as_secs_f32();
        StoreError::Busy(format!("it took too long, {seconds} s at most, though the store answers"))
    }

    /// Waits before the next attempt; `false` if there is no time for one.
    async fn wait(&self, pause: Duration, deadline: Instant) -> bool {
        let pause = pause.mul_f64(0.5 + fastrand::f64() / 2.0);
        if Instant::now() + pause >= deadline {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }

    async fn read<'a, T: Send, F>(
        &'a self,
        what: &'static str,
        call: impl Fn(&'a dyn StateStore) -> F + Send + Sync,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let deadline = self.deadline()?;
        let attempts = if patience::failing_until().is_some() { 1 } else { self.settings.attempts };
        let answer = self.try_to_read(what, call, attempts, deadline).await;
        note(&answer, deadline);
        answer
    }

    async fn try_to_read<'a, T: Send, F>(
        &'a self,
        what: &'static str,
        call: impl Fn(&'a dyn StateStore) -> F + Send + Sync,
        attempts: u32,
        deadline: Instant,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let mut failure = None;
        for attempt in 1..=attempts {
            let pass = match self.breaker.enter() {
                Ok(pass) => pass,
                // What opened the breaker says more than that it is open.
                Err(refused) => return Err(failure.unwrap_or(refused)),
            };
            let begun = Instant::now();
            let (answer, answers_others) = self.watch(call(self.inner.as_ref()), deadline).await;
            match answer {
                Some(Err(error @ StoreError::NotReached(_))) => {
                    pass.was_not_there();
                    return Err(error);
                }
                // It says nothing about the store, for better or for worse.
                Some(Err(error @ StoreError::Busy(_))) => return Err(error),
                Some(Err(error)) if error.is_outage() => {
                    // What failed at once tells of the store; what failed after a while may tell of what was asked.
                    let there = answers_others || (begun.elapsed() >= PING && self.answers(deadline).await);
                    failure = Some(if there { self.too_long() } else { error });
                    if there { pass.succeeded() } else { pass.failed() }
                }
                Some(answer) => {
                    pass.succeeded();
                    self.slow.note(self.clock.now(), begun.elapsed(), what);
                    return answer;
                }
                None if answers_others => {
                    pass.succeeded();
                    return Err(self.too_long());
                }
                None => {
                    pass.failed();
                    return Err(self.late());
                }
            }
            if attempt == attempts || !self.wait(self.settings.pause_of_read(attempt), deadline).await {
                break;
            }
        }
        Err(failure.unwrap_or_else(|| self.late()))
    }

    async fn read_head(&self, key: &StateKey) -> Result<Option<Version>> {
        self.read("head", |inner| inner.head(key)).await
    }

    /// Waits for a read until its time is over. Shortly before, the store is asked whether it is there at all: then the read
    /// is long, or waits for others of ours, and the store has not failed.
    async fn watch<T>(
        &self,
        call: impl Future<Output = Result<T>>,
        deadline: Instant,
    ) -> (Option<Result<T>>, bool) {
        let mut call = std::pin::pin!(call);
        let left = deadline.saturating_duration_since(Instant::now());
        if let Ok(answer) = timeout_at(deadline - PING.min(left / 2), call.as_mut()).await {
            return (Some(answer), false);
        }
        let mut answers_others = false;
        let mut ping = std::pin::pin!(async { self.inner.ping().await.is_ok() });
        let mut asked = true;
        loop {
            tokio::select! {
                biased;
                answer = call.as_mut() => return (Some(answer), answers_others),
                there = ping.as_mut(), if asked => (answers_others, asked) = (there, false),
                () = tokio::time::sleep_until(deadline) => return (None, answers_others),
            }
        }
    }

    /// Whether the store is there, though it could not write (full, or read-only) or gave up over what was read.
    async fn answers(&self, deadline: Instant) -> bool {
        let deadline = deadline.min(Instant::now() + PING);
        matches!(timeout_at(deadline, self.inner.ping()).await, Ok(Ok(())))
    }

    fn describe(&self) -> StoreStatus {
        self.described.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a call has shown the request that made it.
fn note<T>(answer: &Result<T>, deadline: Instant) {
    match answer {
        Err(error) if error.is_outage() => patience::failed(deadline),
        Err(StoreError::Busy(_)) => {}
        _ => patience::succeeded(),
    }
}

/// A store that answers its own bell need not be left alone any longer.
async fn hear_from(mut bell: watch::Receiver<Rung>, breaker: Weak<Breaker>) {
    let mut before = bell.borrow_and_update().answers;
    while bell.changed().await.is_ok() {
        let answers = bell.borrow_and_update().answers;
        let Some(breaker) = breaker.upgrade() else { return };
        if std::mem::replace(&mut before, answers) != answers {
            breaker.heard_from();
        }
    }
}

forward_reads!(GuardedStore);

#[async_trait]
impl Commits for GuardedStore {
    /// A commit is tried again only where nothing of it can have been written.
    async fn commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let deadline = self.deadline().map_err(StoreError::before_commit)?;
        let answer = self.try_to_commit(group, now, deadline).await;
        note(&answer, deadline);
        answer
    }

    /// Says nothing about whether the store answers: nobody waits for this.
    async fn keep_up(&self, now: Timestamp) -> Result<bool> {
        if self.breaker.status().state != BreakerState::Closed {
            return Ok(false);
        }
        timeout_at(self.deadline()?, self.inner.keep_up(now)).await.unwrap_or_else(|_| Err(self.late()))
    }
}

impl GuardedStore {
    async fn try_to_commit(
        &self,
        group: &[WriteRequest],
        now: Timestamp,
        deadline: Instant,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let mut failure = None;
        for attempt in 1..=self.settings.commit_attempts {
            let pass = match self.enter_to_commit(deadline).await {
                Ok(pass) => pass,
                Err(refused) => return Err(failure.unwrap_or(refused)),
            };
            let commit = deadline::by(deadline, self.inner.commit(group, now));
            let error = match timeout_at(deadline, commit).await {
                Ok(Err(error @ StoreError::NotReached(_))) => {
                    pass.was_not_there();
                    return Err(error);
                }
                Ok(Err(error @ StoreError::Busy(_))) => return Err(error),
                Ok(Err(error)) if error.is_outage() => error,
                Ok(answer) => {
                    pass.succeeded();
                    return answer;
                }
                Err(_) => {
                    pass.failed();
                    return Err(self.late());
                }
            };
            if self.answers(deadline).await {
                pass.succeeded();
                return Err(error);
            }
            pass.failed();
            if !error.nothing_was_written() {
                return Err(error);
            }
            failure = Some(error);
            let pause = self.settings.pause_of_commit(attempt);
            if attempt == self.settings.commit_attempts || !self.wait(pause, deadline).await {
                break;
            }
        }
        Err(failure.unwrap_or_else(|| self.late().before_commit()))
    }

    /// A store that restarts is away for a moment, and reads soon open the breaker: a commit waits for as long as it would
    /// have been tried again.
    async fn enter_to_commit(&self, deadline: Instant) -> Result<Pass<'_>> {
        while self.breaker.is_shut_and_failing_for_less_than(self.settings.bridge)
            && Instant::now() + LOOK < deadline
        {
            tokio::time::sleep(LOOK).await;
        }
        self.breaker.enter()
    }
}
