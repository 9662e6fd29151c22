//! One server at a time owns the bucket. InfluxDB has no compare-and-set, so ownership is agreed on by waiting (Fischer's
//! algorithm): who finds the lease free writes its name, waits longer than anybody may take from finding it free to
//! having written, and owns the bucket if the name is still its own. Nobody's clock is compared with another's: a
//! lease is taken to be free when it did not change for as long as it is good.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::LeaseTimes;
use super::client::Client;
use super::layout::{LEASE, Lines, Records, query};
use crate::store::{Result, StoreError};

/// Attempts to write a name in time.
const ATTEMPTS: usize = 5;
/// There is one lease: it has a place like everything else.
const PLACE: u64 = 0;
const EPOCH: &str = "0";

/// What the lease says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    owner: String,
    turn: u64,
    held: bool,
}

/// This server's part in the lease.
#[derive(Debug)]
pub(super) struct Lease {
    client: Client,
    times: LeaseTimes,
    owner: String,
    state: Mutex<State>,
    /// One write at a time, so that an older one does not come after a newer one.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    turn: u64,
    good: Option<Good>,
}

/// When the lease was asked for that InfluxDB confirmed, by two clocks: the steady one stands still while the machine
/// sleeps, the other may be set.
#[derive(Debug, Clone, Copy)]
struct Good {
    steady: Instant,
    wall: SystemTime,
}

impl Good {
    #[expect(clippy::disallowed_methods, reason = "an age is taken of it; nothing is recorded")]
    fn now() -> Self {
        Self { steady: Instant::now(), wall: SystemTime::now() }
    }

    /// The time that has passed: by the clock that says more.
    fn age(&self) -> Duration {
        self.steady.elapsed().max(self.wall.elapsed().unwrap_or_default())
    }
}

impl Lease {
    pub(super) fn new(client: &Client, times: LeaseTimes, owner: String) -> Self {
        // An answer must come well before the lease ends.
        let client = client.within(times.good / 4);
        Self { client, times, owner, state: Mutex::default(), writing: tokio::sync::Mutex::default() }
    }

    /// How often to renew.
    pub(super) fn pace(&self) -> Duration {
        self.times.good / 5
    }

    /// Whether the bucket is this server's now, with time to spare.
    pub(super) fn is_good(&self) -> bool {
        // A fifth is kept back for what is under way when it ends.
        self.age().is_some_and(|age| age < self.times.good * 4 / 5)
    }

    /// As an error for who needs it.
    pub(super) fn check(&self) -> Result<()> {
        if self.is_good() {
            return Ok(());
        }
        Err(StoreError::Unavailable("this server does not own the bucket now: its lease has run out".into()))
    }

    fn age(&self) -> Option<Duration> {
        self.state().good.map(|good| good.age())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Becomes the owner, or says who is.
    pub(super) async fn acquire(&self) -> Result<()> {
        let _writing = self.writing.lock().await;
        let run_out = self.wait_until_free().await?;
        for _ in 0..ATTEMPTS {
            let found_free = Good::now();
            let now = self.read().await?;
            if self.is_others(now.as_ref()) && now != run_out {
                return Err(taken());
            }
            let claim = self.next(true);
            self.write(&claim).await?;
            if found_free.age() > self.times.settle * 3 / 4 {
                // Too slow: somebody else may have waited for us in vain. Nothing is believed, and it is tried again.
                continue;
            }
            tokio::time::sleep(self.times.settle).await;
            if self.read().await?.as_ref() != Some(&claim) {
                return Err(taken());
            }
            self.state().good = Some(found_free);
            return Ok(());
        }
        let text = "InfluxDB answers too slowly to agree on who owns the bucket";
        Err(StoreError::Unavailable(text.into()))
    }

    fn is_others(&self, claim: Option<&Claim>) -> bool {
        claim.is_some_and(|claim| claim.held && claim.owner != self.owner)
    }

    /// Waits for a lease that somebody holds to run out, and returns it; an error as soon as it is renewed.
    async fn wait_until_free(&self) -> Result<Option<Claim>> {
        let first = self.read().await?;
        if !self.is_others(first.as_ref()) {
            return Ok(None);
        }
        tracing::info!("the bucket was left without a word; waiting until its lease has run out");
        let seen = Instant::now();
        loop {
            tokio::time::sleep(self.pace() / 4).await;
            let now = self.read().await?;
            if !self.is_others(now.as_ref()) {
                return Ok(None);
            }
            if now != first {
                return Err(taken());
            }
            if seen.elapsed() > self.times.good {
                return Ok(first);
            }
        }
    }

    /// Keeps the bucket for another while, if it is still this server's.
    pub(super) async fn renew(&self) -> Result<()> {
        let _writing = self.writing.lock().await;
        let started = Good::now();
        // A renewal that could arrive after the lease has run out would overwrite that of the next owner.
        if self.age().is_none_or(|age| age + self.times.good / 4 >= self.times.good * 4 / 5) {
            return self.check();
        }
        let claim = self.next(true);
        self.write(&claim).await?;
        self.state().good = Some(started);
        Ok(())
    }

    /// Gives the bucket up.
    pub(super) async fn release(&self) {
        let _writing = self.writing.lock().await;
        let was_good = self.is_good();
        self.state().good = None;
        if was_good {
            let claim = self.next(false);
            if let Err(error) = self.write(&claim).await {
                tracing::warn!(%error, "the lease was not given back; the next server waits until it has run out");
            }
        }
    }

    fn next(&self, held: bool) -> Claim {
        let mut state = self.state();
        state.turn += 1;
        Claim { owner: self.owner.clone(), turn: state.turn, held }
    }

    async fn write(&self, claim: &Claim) -> Result<()> {
        let bytes = serde_json::to_vec(claim).map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let mut lines = Lines::default();
        lines.push(LEASE, EPOCH, PLACE, &bytes)?;
        self.client.write(lines.into_text()).await
    }

    async fn read(&self) -> Result<Option<Claim>> {
        read(&self.client).await
    }
}

fn taken() -> StoreError {
    StoreError::InUse("the InfluxDB bucket".into())
}

async fn read(client: &Client) -> Result<Option<Claim>> {
    let points = client.read(&query(&[LEASE], std::slice::from_ref(&(PLACE..PLACE + 1)))).await?;
    let Some(bytes) = Records::of(points)?.get(LEASE, PLACE, EPOCH)? else { return Ok(None) };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| StoreError::Damaged(format!("the lease cannot be read: {error}")))
}
