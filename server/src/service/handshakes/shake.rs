//! Leading a handshake: waiting, and what is written with what the runs were asked for.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use stateloft_core::api::{Handshake, HandshakeStatus, HandshakeTerms, Pause, PauseStatus, WithoutWord};
use stateloft_core::commit::Write;
use stateloft_core::model::{RunId, StateKey};
use tokio::time::Instant;

use super::super::runs::must_say;
use super::super::{Result, Service, ServiceError, once};
use super::keeper::Keeper;
use super::kept::{Kept, step, was_later};
use super::orders::Sent;
use crate::budget;
use crate::store::Told;

/// How long the runs' word is waited for where nobody says how long, and at most, in seconds.
const WAIT_SECONDS: u64 = 10;
const WAIT_MAX_SECONDS: u64 = 600;
/// How often it is looked whether a run is still live, and whether another server has moved the handshake on.
const LOOK: Duration = Duration::from_millis(250);
/// How often it is looked at most.
const OFTEN: Duration = Duration::from_millis(20);

/// What is to be written, for those who are asked.
pub(in crate::service) struct About<'a> {
    pub(in crate::service) plan: &'a str,
    pub(in crate::service) purpose: Purpose<'a>,
    pub(in crate::service) reason: &'a str,
    pub(in crate::service) author: Option<&'a str>,
    /// The run that writes it, if one does: it knows, and is not asked.
    pub(in crate::service) by_run: Option<&'a str>,
}

/// What runs are asked for.
pub(in crate::service) enum Purpose<'a> {
    /// A restore to this target.
    Restore(String),
    /// The positions of this run are reconciled with its broker's.
    Reconcile(&'a RunId),
}

/// What is to be written.
pub(in crate::service) struct Touched<'a> {
    /// All of it.
    pub(in crate::service) keys: HashSet<&'a StateKey>,
    /// Those that nobody has written yet, and the run for whose instance they are begun: it is to look for them there.
    pub(in crate::service) begun: Option<(&'a RunId, HashSet<&'a StateKey>)>,
}

/// What live runs have agreed to.
pub(in crate::service) struct Agreement {
    /// What has to be written together with it.
    pub(in crate::service) beside: Vec<Write>,
    /// Who knows of it.
    pub(in crate::service) told: Told,
}

impl<'a> Touched<'a> {
    /// These states, whoever has written them.
    pub(in crate::service) fn of(keys: HashSet<&'a StateKey>) -> Self {
        Self { keys, begun: None }
    }
}

/// What is about to be written, and the runs that were asked for it.
pub(in crate::service) struct Shake {
    /// The id of the handshake, and of the restore, or of the batch.
    pub(in crate::service) id: Arc<str>,
    pub(super) wait: Duration,
    without_word: Option<WithoutWord>,
    pub(super) asked: BTreeSet<String>,
    pub(super) keeper: Option<Keeper>,
    /// The request for it, which can be sent once more; of one that older clients send nothing is remembered.
    pub(super) sent: Option<Sent>,
}

impl Shake {
    /// On these terms.
    pub(in crate::service) fn new(
        service: &Service,
        terms: Option<HandshakeTerms>,
        sent: Option<Sent>,
    ) -> Result<Self> {
        let HandshakeTerms { wait_seconds, without_word } = terms.unwrap_or_default();
        let wait = wait_of(wait_seconds, "/handshake/wait_seconds")?;
        if let Some(WithoutWord { reason, by }) = &without_word {
            must_say("/handshake/without_word/reason", reason)?;
            must_say("/handshake/without_word/by", by)?;
        }
        let id = service.settings.ids.new_id(service.now()).into();
        Ok(Self { id, wait, without_word, asked: BTreeSet::new(), keeper: None, sent })
    }

    /// Whether it has asked anybody.
    pub(in crate::service) fn has_asked(&self) -> bool {
        !self.asked.is_empty()
    }
}

impl Service {
    /// What has to be written together with what is to be written: nothing where no live run holds that. Where one does that has
    /// not been asked yet, it is asked, and its word waited for; then the answer is an empty conflict, as the plan has to be worked out
    /// again on what there is then. Whoever comes later is found by the commit.
    pub(in crate::service) async fn in_agreement(
        &self,
        shake: &mut Shake,
        about: &About<'_>,
        touched: &Touched<'_>,
    ) -> Result<Agreement> {
        let seq = self.store.tip().await?.seq;
        let mut holders = self.held_by(touched).await?;
        holders.retain(|holder| {
            about.by_run != Some(holder.run_id.as_str()) && !shake.asked.contains(&holder.run_id)
        });
        if !holders.is_empty() {
            self.ask(shake, about, &holders, touched.keys.len()).await?;
            self.wait(shake).await?;
            return Err(ServiceError::Conflict(Vec::new()));
        }
        let by_run = about.by_run.map(str::to_owned);
        let told = Told { seq, runs: shake.asked.iter().cloned().chain(by_run).collect() };
        let beside = if shake.asked.is_empty() { Vec::new() } else { self.agreed(shake).await? };
        Ok(Agreement { beside, told })
    }

    /// Waits until all have given their word or are not live any more. The time is this server's own, and nobody else's.
    async fn wait(&self, shake: &Shake) -> Result<()> {
        let deadline = Instant::now() + shake.wait;
        let mut doorbell = self.events.doorbell();
        loop {
            let kept = self.kept_handshake(&shake.id).await?;
            let asking =
                kept.value.clone().ok_or_else(|| ServiceError::HandshakeNotFound(shake.id.to_string()))?;
            if asking.status != HandshakeStatus::Asking {
                return Err(stopped(&asking));
            }
            if self.note_ended(&kept, asking.clone()).await? {
                continue;
            }
            let owing = asking.waits_for();
            if owing.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let handshake = asking.handshake;
                return if shake.without_word.is_some() {
                    Ok(())
                } else {
                    Err(ServiceError::NoWord { handshake, runs: owing })
                };
            }
            let look = deadline.min(Instant::now() + LOOK);
            tokio::select! {
                rung = doorbell.changed() => {
                    // Others may write all the time: it is not looked more often than that.
                    let next = if rung.is_ok() { look.min(Instant::now() + OFTEN) } else { look };
                    tokio::time::sleep_until(next).await;
                }
                () = tokio::time::sleep_until(look) => {}
            }
        }
    }

    /// Notes which of the runs are not live any more. Says whether there were any.
    async fn note_ended(&self, kept: &Kept<Handshake>, mut asking: Handshake) -> Result<bool> {
        let now = self.now();
        let mut ended = false;
        for row in asking.runs.iter_mut().filter(|row| row.ended_at.is_none()) {
            let Ok(run) = row.run_id.parse::<RunId>() else { continue };
            if self.live(&run).await?.is_none() {
                row.ended_at = Some(now);
                ended = true;
            }
        }
        if !ended {
            return Ok(false);
        }
        match self.commit_step(vec![kept.becomes(&asking, &step(None, "a run has ended"))?]).await {
            Err(error) if was_later(&error) => Ok(true),
            other => other.map(|_| true),
        }
    }

    /// What is written with it: that it is, and that the runs have to read it.
    async fn agreed(&self, shake: &Shake) -> Result<Vec<Write>> {
        let kept = self.kept_handshake(&shake.id).await?;
        let asking =
            kept.value.clone().ok_or_else(|| ServiceError::HandshakeNotFound(shake.id.to_string()))?;
        if asking.status != HandshakeStatus::Asking {
            return Err(stopped(&asking));
        }
        let now = self.now();
        let without = shake.without_word.clone().filter(|_| !asking.waits_for().is_empty());
        let mut written = Handshake {
            status: HandshakeStatus::Written,
            ended_at: Some(now),
            without_word: without,
            ..asking
        };
        let what = format!("the {} is written, and has to be read", written.purpose());
        let who = step(written.user_id.as_deref(), &what);
        let mut pauses = Vec::new();
        for row in written.runs.iter_mut().filter(|row| row.ended_at.is_none()) {
            row.told_at = Some(now);
            let Ok(run) = row.run_id.parse::<RunId>() else { continue };
            let pause = self.kept_pause(&run).await?;
            let Some(asked) = pause.value.clone().filter(|asked| asked.handshake == *shake.id) else {
                // Another server has let it go, and the handshake with it.
                return Err(ServiceError::Conflict(Vec::new()));
            };
            let told = Pause { status: PauseStatus::Written, until: None, unread: None, ..asked };
            pauses.push(pause.becomes(&told, &who)?);
        }
        let record = kept.becomes(&written, &who)?;
        Ok(std::iter::once(record).chain(pauses).collect())
    }

    /// Ends a handshake with what it was for: where that was not written, the runs are told to go on.
    pub(in crate::service) async fn end_shake<T>(&self, shake: Shake, done: Result<T>) -> Result<T> {
        if !shake.has_asked() {
            return done;
        }
        match &done {
            Ok(_) => self.lead_no_more(&shake.id).await,
            Err(error) => {
                let status = match error {
                    ServiceError::NoWord { .. } => HandshakeStatus::NoWord,
                    _ => HandshakeStatus::Refused,
                };
                if let Err(failed) = self.let_go(&shake.id, status, &error.to_string(), None).await {
                    tracing::warn!(error = %failed, handshake = %shake.id, "runs that were asked to pause are told to go on when the handshake's lease is over");
                }
            }
        }
        done
    }
}

/// Does this to its end, whether anybody still waits for it or not.
pub(in crate::service) async fn carry_on<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let work = tokio::spawn(once::carried(budget::carried(work)));
    work.await.map_err(|error| ServiceError::Internal(error.to_string()))?
}

/// How long the runs' word is waited for.
pub(super) fn wait_of(seconds: Option<u64>, place: &str) -> Result<Duration> {
    let seconds = seconds.unwrap_or(WAIT_SECONDS);
    if (1..=WAIT_MAX_SECONDS).contains(&seconds) {
        return Ok(Duration::from_secs(seconds));
    }
    let message = format!("the wait is 1 to {WAIT_MAX_SECONDS} seconds long");
    Err(ServiceError::body(place, "range", message))
}

/// What to say to whoever waits for a handshake that has ended.
pub(super) fn stopped(handshake: &Handshake) -> ServiceError {
    ServiceError::HandshakeStopped {
        handshake: handshake.handshake.clone(),
        because: handshake.because.clone().unwrap_or_else(|| "it has ended".to_owned()),
    }
}
