//! Asking runs to pause.

use stateloft_core::api::{
    Handshake, HandshakeRun, HandshakeStatus, HeldBy, Pause, PauseStatus, UnreadRestore,
};
use stateloft_core::model::{RunId, Timestamp};

use super::super::runs::later;
use super::super::{Result, Service, ServiceError};
use super::kept::{ATTEMPTS, Kept, never, step, was_later};
use super::shake::{About, Purpose, Shake, stopped};

/// States of a run that the handshake names. It is written anew with each run's word, so it counts the others; the run itself is told more.
const RECORDED: usize = 20;

impl Service {
    /// Asks these runs to pause, all in one commit.
    pub(super) async fn ask(
        &self,
        shake: &mut Shake,
        about: &About<'_>,
        holders: &[HeldBy],
        writes: usize,
    ) -> Result<()> {
        if shake.keeper.is_none() {
            shake.keeper = Some(self.lead(&shake.id).await?);
        }
        let what = match about.purpose {
            Purpose::Restore(_) => "a restore",
            Purpose::Reconcile(_) => "what is reconciled",
        };
        let who = step(about.author, &format!("asked to pause for {what}: {}", about.reason));
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let until = later(now, shake.wait);
            let kept = self.kept_handshake(&shake.id).await?;
            let begun = kept.value.clone().unwrap_or_else(|| begun(shake, about, writes as u64, now));
            let mut asking = Handshake { until, ..begun };
            if asking.status != HandshakeStatus::Asking {
                return Err(stopped(&asking));
            }
            let mut pauses = Vec::with_capacity(holders.len());
            for holder in holders {
                let (pause, row) = self.asked(shake, holder, (now, until), about.reason).await?;
                pauses.push(pause.0.becomes(&pause.1, &who)?);
                asking.runs.push(row);
            }
            asking.runs.sort_by(|one, other| one.run_id.cmp(&other.run_id));
            let record = kept.becomes(&asking, &who)?;
            match self.commit_step(std::iter::once(record).chain(pauses).collect()).await {
                Err(error) if was_later(&error) => {}
                other => {
                    other?;
                    if let Some(sent) = shake.sent.take() {
                        self.orders.keep(&shake.id, &sent);
                    }
                    shake.asked.extend(holders.iter().map(|holder| holder.run_id.clone()));
                    return Ok(());
                }
            }
        }
        Err(never())
    }

    /// What one run is asked. One that has not read an earlier restore yet, or that an operator has paused, writes nothing anyway, and
    /// need not be waited for.
    async fn asked(
        &self,
        shake: &Shake,
        holder: &HeldBy,
        (now, until): (Timestamp, Timestamp),
        reason: &str,
    ) -> Result<((Kept<Pause>, Pause), HandshakeRun)> {
        let run: RunId =
            holder.run_id.parse().map_err(|_| ServiceError::RunNotFound(holder.run_id.clone()))?;
        let kept = self.kept_pause(&run).await?;
        let (mut unread, mut held) = (None, None);
        if let Some(pause) = &kept.value {
            held = pause.held.clone();
            let makes_way = pause.status == PauseStatus::Paused && pause.is_the_operators();
            if matches!(pause.status, PauseStatus::Asked | PauseStatus::Paused) && !makes_way {
                self.is_free(&pause.handshake, &holder.run_id).await?;
            }
            if pause.status == PauseStatus::Written {
                let earlier = UnreadRestore { handshake: pause.handshake.clone(), seq: kept.seq };
                unread = Some(pause.unread.clone().unwrap_or(earlier));
            }
        }
        let note = match (&unread, &held) {
            (Some(_), _) => Some("it has not read an earlier restore yet, and writes nothing"),
            (None, Some(_)) => Some("an operator has it paused already"),
            (None, None) => None,
        };
        let status = if note.is_some() { PauseStatus::Paused } else { PauseStatus::Asked };
        let row = HandshakeRun {
            run_id: holder.run_id.clone(),
            host: holder.host.clone(),
            states: holder.states.iter().take(RECORDED).cloned().collect(),
            more: holder.more + holder.states.len().saturating_sub(RECORDED) as u64,
            asked_at: now,
            heard_at: None,
            heard_by: None,
            paused_at: note.map(|_| now),
            note: note.map(str::to_owned),
            ended_at: None,
            told_at: None,
            reloaded_at: None,
            seq: None,
        };
        let pause = Pause {
            handshake: shake.id.to_string(),
            status,
            states: holder.states.clone(),
            more: holder.more,
            until: Some(until),
            reason: Some(reason.to_owned()),
            held,
            unread,
        };
        Ok(((kept, pause), row))
    }

    /// Refuses to ask a run that somebody else asks.
    pub(super) async fn is_free(&self, handshake: &str, run_id: &str) -> Result<()> {
        let other = self.kept_handshake(handshake).await?.value;
        if other.is_none_or(|other| !other.status.is_open()) {
            return Ok(());
        }
        Err(ServiceError::HandshakeOpen { handshake: handshake.to_owned(), run_id: run_id.to_owned() })
    }
}

fn begun(shake: &Shake, about: &About<'_>, writes: u64, now: Timestamp) -> Handshake {
    let (target, reconciles) = match &about.purpose {
        Purpose::Restore(target) => (Some(target.clone()), None),
        Purpose::Reconcile(run) => (None, Some(run.to_string())),
    };
    Handshake {
        handshake: shake.id.to_string(),
        plan: Some(about.plan.to_owned()),
        target,
        reconciles,
        writes,
        reason: about.reason.to_owned(),
        user_id: about.author.map(str::to_owned),
        status: HandshakeStatus::Asking,
        asked_at: now,
        wait_seconds: shake.wait.as_secs(),
        until: later(now, shake.wait),
        without_word: None,
        runs: Vec::new(),
        ended_at: None,
        because: None,
    }
}
