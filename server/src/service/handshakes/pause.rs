//! An operator asks a run to pause, and nothing is restored.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use stateloft_core::api::{
    Handshake, HandshakeRun, HandshakeStatus, HandshakeView, OperatorsPause, Pause, PauseRun, PauseStatus,
};
use stateloft_core::model::{RunId, Timestamp};

use super::super::once::Repeatable;
use super::super::runs::{Known, later, must_say, run_id};
use super::super::signature::Signature;
use super::super::{Result, Service, ServiceError};
use super::keeper::lease_of;
use super::kept::{ATTEMPTS, Kept, never, step, was_later};
use super::shake::wait_of;
use crate::store::Did;

impl Service {
    /// Asks a run to pause: `POST /runs/{run_id}/pause`. That it is asked is the answer; its word is not waited for.
    pub async fn pause_run(&self, id: &str, request: PauseRun) -> Result<HandshakeView> {
        let id = run_id(id)?;
        let wait = wait_of(request.wait_seconds, "/wait_seconds")?;
        must_say("/reason", &request.reason)?;
        Signature::reason(&request.reason)?;
        let author = Signature::new(request.user_id.clone(), None)?.author;
        let who = step(author.as_deref(), "asked to pause by an operator");
        for _ in 0..ATTEMPTS {
            let run = self.run(&id).await?;
            if !run.is_live() {
                return Err(self.not_live(&run).await);
            }
            let kept = self.kept_pause(&id).await?;
            self.may_be_paused(&id, &kept).await?;
            let now = self.now();
            let handshake = self.begun_for(&run, &request, (now, wait), kept.value.as_ref());
            let held =
                OperatorsPause { handshake: handshake.handshake.clone(), reason: request.reason.clone() };
            let pause = Pause::by_operator(kept.value.as_ref(), held, handshake.until);
            let record = self.kept_handshake(&handshake.handshake).await?;
            // The lease first: one without would never be found to be over.
            self.store.renew_leases(&[lease_of(&handshake)], now).await?;
            let writes = vec![record.becomes(&handshake, &who)?, kept.becomes(&pause, &who)?];
            // It is what the request asks for: done once for its key.
            match self.commit_runs(writes).await {
                Err(error) if was_later(&error) => {}
                other => {
                    other?;
                    return self.handshake(&handshake.handshake).await;
                }
            }
        }
        Err(never())
    }

    /// Refuses to ask a run that somebody else asks, or that an operator has paused already.
    async fn may_be_paused(&self, id: &RunId, kept: &Kept<Pause>) -> Result<()> {
        let Some(pause) = &kept.value else { return Ok(()) };
        if matches!(pause.status, PauseStatus::Asked | PauseStatus::Paused) {
            self.is_free(&pause.handshake, id.as_str()).await?;
        }
        match &pause.held {
            Some(held) => self.is_free(&held.handshake, id.as_str()).await,
            None => Ok(()),
        }
    }

    /// The handshake as it begins. One that has still to read a restore is paused as it is.
    fn begun_for(
        &self,
        run: &Known,
        request: &PauseRun,
        (now, wait): (Timestamp, Duration),
        before: Option<&Pause>,
    ) -> Handshake {
        let is_paused = before.is_some_and(Pause::has_to_read);
        let id: Arc<str> = self.settings.ids.new_id(now).into();
        let note = is_paused.then(|| "it has not read an earlier restore yet, and writes nothing".to_owned());
        let row = HandshakeRun {
            run_id: run.id.to_string(),
            host: run.session.host.clone(),
            states: Vec::new(),
            more: 0,
            asked_at: now,
            heard_at: None,
            heard_by: None,
            paused_at: is_paused.then_some(now),
            note,
            ended_at: None,
            told_at: None,
            reloaded_at: None,
            seq: None,
        };
        Handshake {
            handshake: id.to_string(),
            plan: None,
            target: None,
            reconciles: None,
            writes: 0,
            reason: request.reason.clone(),
            user_id: request.user_id.clone(),
            status: if is_paused { HandshakeStatus::Paused } else { HandshakeStatus::Asking },
            asked_at: now,
            wait_seconds: wait.as_secs(),
            until: later(now, wait),
            without_word: None,
            runs: vec![row],
            ended_at: None,
            because: None,
        }
    }
}

#[async_trait]
impl Repeatable for HandshakeView {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        let strange = || ServiceError::Internal(format!("a receipt says {did:?}"));
        let Did::Batch { outcomes, .. } = &did else { return Err(strange()) };
        let (seq, _) = outcomes.first().ok_or_else(strange)?;
        let begun = service.version_at(*seq).await?;
        service.handshake(begun.key.state_id.as_str()).await
    }
}
