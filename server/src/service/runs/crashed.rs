//! An operator's word that every active run is gone.

use std::collections::HashMap;

use async_trait::async_trait;
use stateloft_core::api::{MarkAllCrashed, MarkedCrashed, RunStatus, Session};
use stateloft_core::commit::Outcome;
use stateloft_core::model::RunId;

use super::super::once::Repeatable;
use super::super::read::PAGE_MAX;
use super::super::signature::Signature;
use super::super::{Result, Service, ServiceError};
use super::begin::must_say;
use super::known::{Known, with_end};
use super::list::RunsRequest;
use crate::store::Did;

/// How often it is tried again because one of them began or ended meanwhile.
const ATTEMPTS: usize = 8;
/// The most runs that are ended at once.
const RUNS_MAX: usize = 1_000;

impl Service {
    /// Says of all active runs that they are gone, in one commit, if they are as many as is said: `POST /runs/mark-crashed`.
    pub async fn mark_all_crashed(&self, request: MarkAllCrashed) -> Result<MarkedCrashed> {
        must_say("/reason", &request.reason)?;
        for _ in 0..ATTEMPTS {
            let active = self.active(&request).await?;
            let there = active.len() as u64;
            if there != request.count {
                return Err(ServiceError::CountDiffers { there, said: request.count });
            }
            if active.is_empty() {
                return Ok(MarkedCrashed { runs: Vec::new() });
            }
            match self.end_as_crashed(&active, &request).await {
                Err(ServiceError::Conflict(_) | ServiceError::ChecksFailed(_)) => {}
                other => return other,
            }
        }
        Err(ServiceError::Internal("runs begin and end again and again".into()))
    }

    async fn end_as_crashed(&self, active: &[Known], request: &MarkAllCrashed) -> Result<MarkedCrashed> {
        let why = format!("run marked as crashed: {}", request.reason);
        let who = Signature::new(request.user_id.clone(), Some(why))?;
        let looks: HashMap<String, _> =
            self.store.look_at_leases().await?.into_iter().map(|look| (look.run_id.clone(), look)).collect();
        let write = |run: &Known| {
            let session = Session {
                reason: Some(request.reason.clone()),
                ..with_end(run, RunStatus::Crashed, looks.get(run.id.as_str()), self.now())
            };
            run.ended(&session, &who)
        };
        let writes = active.iter().map(write).collect::<Result<Vec<_>>>()?;
        let outcomes = self.commit_runs(writes).await?;
        let ids: Vec<String> = active.iter().map(|run| run.id.to_string()).collect();
        self.forget_leases(&ids).await;
        let ended = outcomes.into_iter().map(Outcome::into_version).filter_map(Known::of);
        Ok(MarkedCrashed { runs: ended.map(|run| run.session).collect() })
    }

    /// All runs that say that they are active, whether or not they hold their leases.
    async fn active(&self, request: &MarkAllCrashed) -> Result<Vec<Known>> {
        let mut asked = RunsRequest {
            status: Some(RunStatus::Active),
            program: request.program.clone(),
            limit: PAGE_MAX,
            ..RunsRequest::default()
        };
        let mut active = Vec::new();
        loop {
            let page = self.runs(&asked).await?;
            let ids = page.runs.iter().filter_map(|row| row.run.run_id.parse::<RunId>().ok());
            for id in ids {
                match self.known(&id).await {
                    Ok(run) => active.extend(run.filter(|run| run.session.status == RunStatus::Active)),
                    Err(ServiceError::StateDeleted(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            if active.len() > RUNS_MAX {
                let message =
                    format!("more than {RUNS_MAX} runs are active: name a program, or mark them one by one");
                return Err(ServiceError::TooLarge(message));
            }
            asked.cursor = page.next_cursor;
            if asked.cursor.is_none() {
                return Ok(active);
            }
        }
    }
}

#[async_trait]
impl Repeatable for MarkedCrashed {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        let strange = || ServiceError::Internal(format!("a receipt says {did:?}"));
        let Did::Batch { outcomes, .. } = &did else { return Err(strange()) };
        let mut runs = Vec::with_capacity(outcomes.len());
        for (seq, _) in outcomes {
            let run = Known::of(service.version_at(*seq).await?).ok_or_else(strange)?;
            runs.push(run.session);
        }
        Ok(Self { runs })
    }
}
