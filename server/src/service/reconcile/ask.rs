//! An operator asks a live run to ask its broker again: only the program can.
//!
//! What is asked is a state, so that it outlives a server, and any server may hand it to the run. Nobody leads it and nothing waits: it is
//! open until the run has reported ([`super::answer`]), and one that has ended never will.

use async_trait::async_trait;
use stateloft_core::api::{AskReconcile, HeardBy, ReconcileAsk};
use stateloft_core::model::RunId;

use crate::service::handshakes::{ATTEMPTS, Kept, never, step, was_later};
use crate::service::once::{self, Repeatable};
use crate::service::runs::{Known, must_say, run_id};
use crate::service::signature::Signature;
use crate::service::{Result, Service, ServiceError};
use crate::store::Did;

/// How often it is tried to note that a run has heard something; nothing hangs on it.
const NOTED: usize = 3;

/// What a run is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedReconcile {
    /// That.
    pub ask: ReconcileAsk,
    /// Somebody had asked before, and the run has not reported yet.
    pub was_open: bool,
}

impl Service {
    /// Asks a live run to ask its broker: `POST /runs/{run_id}/reconcile/ask`.
    pub async fn ask_reconcile(&self, id: &str, request: AskReconcile) -> Result<AskedReconcile> {
        let id = run_id(id)?;
        if let Some(reason) = &request.reason {
            must_say("/reason", reason)?;
            Signature::reason(reason)?;
        }
        let author = Signature::new(request.user_id.clone(), None)?.author;
        let who = step(author.as_deref(), "asked to ask its broker");
        for _ in 0..ATTEMPTS {
            let run = self.run(&id).await?;
            if !run.is_live() {
                return Err(self.cannot_ask(&run).await);
            }
            let kept = self.kept_reconcile_ask(&id).await?;
            if let Some(ask) = kept.value.clone().filter(ReconcileAsk::is_open) {
                return Ok(AskedReconcile { ask, was_open: true });
            }
            let ask = self.begun_ask(&run, &request);
            match self.commit_while_live(&id, vec![kept.becomes(&ask, &who)?]).await {
                Err(error) if was_later(&error) => {}
                other => return other.map(|_| AskedReconcile { ask, was_open: false }),
            }
        }
        Err(never())
    }

    fn begun_ask(&self, run: &Known, request: &AskReconcile) -> ReconcileAsk {
        let now = self.now();
        ReconcileAsk {
            ask: self.settings.ids.new_id(now),
            run_id: run.id.to_string(),
            host: run.session.host.clone(),
            asked_at: now,
            reason: request.reason.clone(),
            user_id: request.user_id.clone(),
            heard_at: None,
            heard_by: None,
            answer: None,
        }
    }

    async fn cannot_ask(&self, run: &Known) -> ServiceError {
        match self.not_live(run).await {
            ServiceError::LeaseLost(lost) => ServiceError::RunNotLive(lost),
            other => other,
        }
    }

    /// What a run was asked last, whether or not it has reported.
    pub(in crate::service) async fn kept_reconcile_ask(&self, run: &RunId) -> Result<Kept<ReconcileAsk>> {
        self.kept(run.reconcile_ask().clone()).await
    }

    /// What a run is asked and has not reported yet, as it is handed to it: the first time counts as heard.
    pub async fn hand_reconcile_ask(&self, run: &RunId, by: HeardBy) -> Result<Option<ReconcileAsk>> {
        for _ in 0..NOTED {
            let kept = self.kept_reconcile_ask(run).await?;
            let Some(mut ask) = kept.value.clone().filter(ReconcileAsk::is_open) else { return Ok(None) };
            if ask.heard_at.is_some() {
                return Ok(Some(ask));
            }
            (ask.heard_at, ask.heard_by) = (Some(self.now()), Some(by));
            let heard = kept.becomes(&ask, &step(None, &format!("{run} was asked")))?;
            match once::apart(self.commit_while_live(run, vec![heard])).await {
                Ok(_) => return Ok(Some(ask)),
                Err(error) if was_later(&error) => {}
                Err(error) => {
                    tracing::debug!(%error, %run, "that a run has heard what it is asked was not noted");
                    break;
                }
            }
        }
        Ok(self.kept_reconcile_ask(run).await?.value.filter(ReconcileAsk::is_open))
    }
}

#[async_trait]
impl Repeatable for AskedReconcile {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        let strange = || ServiceError::Internal(format!("a receipt says {did:?}"));
        let Did::Batch { outcomes, .. } = &did else { return Err(strange()) };
        let (seq, _) = outcomes.first().ok_or_else(strange)?;
        let begun = service.version_at(*seq).await?;
        let ask = begun.data.as_ref().and_then(|data| serde_json::from_str(data.text()).ok());
        Ok(Self { ask: ask.ok_or_else(strange)?, was_open: false })
    }
}
