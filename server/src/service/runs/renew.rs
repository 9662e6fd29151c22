//! Renewing leases: those that wait at the same time are renewed together.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stateloft_core::api::{HeardBy, LeaseView, RenewRun, RunRenewed};
use stateloft_core::model::Timestamp;
use tokio::sync::oneshot;

use super::super::{Result, Service, ServiceError};
use super::known::{later, run_id};
use crate::store::{LeaseTerm, StateStore};

type Waiting = (LeaseTerm, oneshot::Sender<crate::store::Result<bool>>);

/// Renewals that wait for each other: whoever's turn it is takes all of them along.
#[derive(Debug, Default)]
pub(in crate::service) struct Renewals {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl Renewals {
    /// Renews a lease; `false` if it has ended.
    async fn renew(
        &self,
        store: &dyn StateStore,
        lease: LeaseTerm,
        now: Timestamp,
    ) -> crate::store::Result<bool> {
        loop {
            let (answer, mut answered) = oneshot::channel();
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((lease.clone(), answer));
            let turn = self.turn.lock().await;
            let known = match answered.try_recv() {
                Ok(known) => Some(known),
                // Whoever had it along is gone without an answer.
                Err(oneshot::error::TryRecvError::Closed) => None,
                Err(oneshot::error::TryRecvError::Empty) => {
                    let taken =
                        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
                    answer_all(store, taken, now).await;
                    answered.try_recv().ok()
                }
            };
            drop(turn);
            if let Some(known) = known {
                return known;
            }
        }
    }
}

async fn answer_all(store: &dyn StateStore, waiting: Vec<Waiting>, now: Timestamp) {
    let (leases, answers): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
    let held = store.renew_leases(&leases, now).await;
    for (nth, answer) in answers.into_iter().enumerate() {
        let held = held.as_ref().map(|held| held.get(nth).copied().unwrap_or_default());
        // Who does not wait any more is renewed all the same.
        let _ = answer.send(held.map_err(Clone::clone));
    }
}

impl Service {
    /// Renews the lease of a run: `POST /runs/{run_id}/renew`. That makes no version.
    pub async fn renew_run(&self, id: &str, request: RenewRun) -> Result<RunRenewed> {
        let id = run_id(id)?;
        if request.epoch.is_some_and(|epoch| epoch != id.epoch()) {
            let message = format!("{id} has the epoch {}", id.epoch());
            return Err(ServiceError::body("/epoch", "epoch", message));
        }
        let run = self.run(&id).await?;
        if !run.is_live() {
            return Err(self.not_live(&run).await);
        }
        let now = self.now();
        if !self.renewals.renew(self.store.as_ref(), run.lease(), now).await? {
            return Err(self.not_live(&run).await);
        }
        let seconds = run.session.lease_seconds;
        let lease = LeaseView { seconds, until: later(now, Duration::from_secs(seconds)) };
        let asks = self.hand_asks(&id, HeardBy::Renewal).await?;
        let ask_reconcile = self.hand_reconcile_ask(&id, HeardBy::Renewal).await?;
        Ok(RunRenewed { run_id: id.to_string(), epoch: id.epoch(), lease, asks, ask_reconcile })
    }
}
