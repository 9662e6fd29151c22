//! Following the log.

use std::time::Duration;

use stateloft_core::hash::ChainHash;
use stateloft_core::model::Seq;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Mirror;
use super::fields::{Tally, nanos};
use crate::events::EventLog;
use crate::repeats::Repeats;
use crate::store::influx::mark_line;
use crate::store::{Result, StateStore, StoreError};

/// InfluxDB refused points.
static REFUSED: Repeats = Repeats::new();

/// Versions looked at in one step.
const STEP: u64 = 2_000;
/// Bytes of lines after which a request is large enough.
const BYTES: usize = 512 << 10;
/// Versions without numbers after which a mark is written all the same.
const MARK: u64 = 20_000;
/// How long points are gathered after a request before the next, when there is no hurry.
const GATHER: Duration = Duration::from_millis(100);
/// The first pause after a failure, and the longest.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Where the mirror is.
struct Place {
    /// The last version that was dealt with.
    seq: Seq,
    /// The last that InfluxDB has been told of.
    marked: Seq,
}

/// The last version of a stretch.
struct Last {
    seq: Seq,
    chain_hash: ChainHash,
    nanos: i64,
}

impl Last {
    fn mark(&self) -> String {
        mark_line(&format!("{}:{}", self.seq, self.chain_hash), self.nanos)
    }
}

/// What a stretch of the log became.
#[derive(Default)]
struct Stretch {
    last: Option<Last>,
    lines: String,
    tally: Tally,
}

/// Whether a mark is one of this store. One that is at a damaged version is believed: nothing says that it is not.
async fn is_of(store: &dyn StateStore, seq: Seq, hash: &str) -> Result<bool> {
    match store.by_seq(seq).await {
        Err(StoreError::DamagedVersion(_)) => Ok(true),
        Ok(None) => Ok(false),
        Ok(Some(version)) => Ok(version.damaged.is_some() || version.chain_hash.to_string() == hash),
        Err(error) => Err(error),
    }
}

/// How long to wait for what does not answer: longer each time, more or less by chance.
struct Patience(Duration);

impl Patience {
    async fn wait(&mut self) {
        tokio::time::sleep(self.0.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        self.0 = (self.0 * 2).min(PAUSE_MAX);
    }
}

impl Mirror {
    /// Mirrors what is committed, until it is stopped. What it has not written then is written after the next start.
    pub async fn follow(&self, events: &EventLog, store: &dyn StateStore, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.keep_following(events, store) => {}
        }
    }

    async fn keep_following(&self, events: &EventLog, store: &dyn StateStore) {
        let mut turns = events.turns();
        loop {
            turns.borrow_and_update();
            let mut patience = Patience(PAUSE);
            let seq = loop {
                match self.resume(store).await {
                    Ok(seq) => break seq,
                    Err(error) => self.failed(error),
                }
                patience.wait().await;
            };
            tracing::info!("the mirror goes on after seq {seq}, to {}", self.settings.bucket);
            self.gauge.done(seq, Tally::default(), 0);
            self.gauge.works();
            self.follow_from(seq, events, &turns).await;
        }
    }

    /// Follows the log until it turns: then the place in it means nothing any more.
    async fn follow_from(&self, seq: Seq, events: &EventLog, turns: &watch::Receiver<u64>) {
        let mut place = Place { seq, marked: seq };
        let mut patience = Patience(PAUSE);
        let mut bell = events.doorbell();
        while !turns.has_changed().unwrap_or(true) {
            let end = *bell.borrow_and_update();
            match self.step(events, &mut place, end).await {
                Ok(()) => patience = Patience(PAUSE),
                Err(error) => {
                    self.failed(error);
                    patience.wait().await;
                    continue;
                }
            }
            if place.seq >= end {
                // It rings when the log turns, too.
                let _ = bell.changed().await;
                tokio::time::sleep(GATHER).await;
            }
        }
    }

    fn failed(&self, error: StoreError) {
        let why = match error {
            // Not of the store that the server is for, which may be well.
            StoreError::Unavailable(text) | StoreError::NotWritten(text) => text,
            other => other.to_string(),
        };
        if self.gauge.fails(why.clone()) {
            tracing::warn!("the mirror stands still and tries again: {why}");
        }
    }

    /// Where to go on: at the mark, if it is one of this store; else as far back as the mirror may be behind.
    async fn resume(&self, store: &dyn StateStore) -> Result<Seq> {
        let mark = self.bucket.mark().await?;
        // The stream may not have heard yet where the log of a store ends that came late.
        let last = store.tip().await?.seq;
        let mark = mark.as_deref().and_then(|mark| mark.split_once(':'));
        if let Some((seq, hash)) = mark
            && let Some(seq) = seq.parse().ok().map(Seq).filter(|seq| *seq <= last)
            && is_of(store, seq, hash).await?
        {
            return Ok(seq);
        }
        Ok(Seq(last.0.saturating_sub(self.settings.queue_size)))
    }

    /// One request at most. What is too far behind is left out first.
    async fn step(&self, events: &EventLog, place: &mut Place, end: Seq) -> Result<()> {
        self.leave_out(events, place).await?;
        let mut stretch = Stretch::default();
        while stretch.lines.len() < BYTES {
            let after = stretch.last.as_ref().map_or(place.seq, |last| last.seq);
            let far = after.0 - place.seq.0 >= MARK;
            if after >= end || far {
                break;
            }
            match self.read(events, after, STEP, &mut stretch).await {
                Ok(true) => {}
                Ok(false) => break,
                // It has no numbers that anybody can read. What was read before it is written first.
                Err(StoreError::DamagedVersion(damaged)) => {
                    if stretch.last.is_none() {
                        tracing::warn!("the mirror leaves a version out: {damaged}");
                        place.seq = damaged.seq;
                        self.gauge.done(place.seq, Tally::default(), 0);
                    }
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        let Stretch { last: Some(reached), mut lines, tally } = stretch else { return Ok(()) };
        let mut lost = 0;
        if tally.points > 0 || reached.seq.0 - place.marked.0 >= MARK {
            lines.push_str(&reached.mark());
            if let Some(refused) = self.bucket.write(lines).await? {
                lost = refused.points.unwrap_or(tally.points).min(tally.points);
                if let Some(times) = REFUSED.happened() {
                    tracing::warn!(times, "InfluxDB refused {lost} points of the mirror: {}", refused.why);
                }
                self.gauge.refused(refused.why);
            }
            place.marked = reached.seq;
        }
        if self.gauge.works() {
            tracing::info!("the mirror works again");
        }
        place.seq = reached.seq;
        self.gauge.done(place.seq, tally, lost);
        Ok(())
    }

    /// Gives up what is further behind than the mirror may be. It is read all the same, to say how many points are missing.
    async fn leave_out(&self, events: &EventLog, place: &mut Place) -> Result<()> {
        loop {
            let too_many =
                events.last_seq().0.saturating_sub(place.seq.0).saturating_sub(self.settings.queue_size);
            if too_many == 0 {
                return Ok(());
            }
            let mut stretch = Stretch::default();
            match self.read(events, place.seq, too_many.min(STEP), &mut stretch).await {
                Err(StoreError::DamagedVersion(damaged)) => {
                    place.seq = damaged.seq;
                    continue;
                }
                other => other?,
            };
            let Some(last) = stretch.last else { return Ok(()) };
            place.seq = last.seq;
            self.gauge.done(last.seq, stretch.tally, stretch.tally.points);
        }
    }

    /// Reads on; `false` if there is nothing.
    async fn read(&self, events: &EventLog, after: Seq, most: u64, stretch: &mut Stretch) -> Result<bool> {
        let read = events.read_after(after, usize::try_from(most).unwrap_or(usize::MAX)).await?;
        for event in &read {
            self.settings.fields.add_line(event.version(), &mut stretch.lines, &mut stretch.tally);
        }
        let Some(last) = read.last().map(|event| event.version()) else { return Ok(false) };
        stretch.last = Some(Last { seq: last.seq, chain_hash: last.chain_hash, nanos: nanos(last) });
        Ok(true)
    }
}
