//! Runs by their sessions.

use stateloft_core::api::{RunHolder, RunStatus, Session};
use stateloft_core::commit::{Change, Expectation, Fence, Write};
use stateloft_core::json::Document;
use stateloft_core::model::{RunId, RunName, Timestamp, Verdict, Version, VersionNumber};

use super::super::signature::Signature;
use super::super::{Result, Service, ServiceError};
use crate::store::{LeaseLook, LeaseTerm, StoreError};

/// A run, by the head of its session.
#[derive(Debug, Clone)]
pub(in crate::service) struct Known {
    pub(in crate::service) id: RunId,
    pub(in crate::service) session: Session,
    pub(in crate::service) head: Version,
}

impl Known {
    /// The run of this session; `None` where it is deleted, or not what the session of a run is.
    pub(in crate::service) fn of(head: Version) -> Option<Self> {
        let id: RunId = head.key.state_id.as_str().parse().ok()?;
        let session: Session = serde_json::from_str(head.data.as_ref()?.text()).ok()?;
        (*id.session() == head.key && session.run_id == id.as_str()).then_some(Self { id, session, head })
    }

    /// Whether it holds its lease.
    pub(in crate::service) fn is_live(&self) -> bool {
        Fence::of(&self.id).holds(Some(&self.head))
    }

    /// Its lease.
    pub(in crate::service) fn lease(&self) -> LeaseTerm {
        let term = std::time::Duration::from_secs(self.session.lease_seconds);
        LeaseTerm { run_id: self.id.to_string(), term }
    }

    /// How it holds its lease, at a time.
    pub(in crate::service) fn holder(&self, look: Option<&LeaseLook>, now: Timestamp) -> RunHolder {
        holder_of(&self.session, look, now)
    }

    /// The write that ends it, of what is known of it now.
    pub(in crate::service) fn ended(&self, as_this: &Session, who: &Signature) -> Result<Write> {
        let expected = Expectation::Version(self.head.version);
        let data = Change::Save(document(as_this)?);
        Ok(who.write(self.id.session().clone(), data, expected, Verdict::NotChecked))
    }
}

/// How the run of a session holds its lease, at a time.
pub(super) fn holder_of(session: &Session, look: Option<&LeaseLook>, now: Timestamp) -> RunHolder {
    RunHolder {
        run_id: session.run_id.clone(),
        host: session.host.clone(),
        pid: session.pid,
        since: session.started_at,
        until: look.map(|look| later(now, look.left)),
        last_renewal: look.and_then(|look| look.renewed_at),
    }
}

/// A time some while later.
pub(in crate::service) fn later(now: Timestamp, while_: std::time::Duration) -> Timestamp {
    let micros = i64::try_from(while_.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(now.micros().saturating_add(micros))
}

/// A session as a document.
pub(in crate::service) fn document(session: &Session) -> Result<Document> {
    let text = serde_json::to_string(session).map_err(|error| ServiceError::Internal(error.to_string()))?;
    text.parse().map_err(|error: stateloft_core::json::JsonError| ServiceError::Internal(error.to_string()))
}

/// The id of a run that a path names.
pub(in crate::service) fn run_id(text: &str) -> Result<RunId> {
    text.parse()
        .map_err(|error: stateloft_core::model::RunIdError| ServiceError::Parameter(error.to_string()))
}

impl Service {
    /// A run by its id, if there is one.
    pub(in crate::service) async fn known(&self, id: &RunId) -> Result<Option<Known>> {
        let head = self.store.head(id.session()).await?.map(StoreError::unless_damaged).transpose()?;
        match head {
            Some(tombstone) if tombstone.is_deleted() => Err(ServiceError::StateDeleted(Box::new(tombstone))),
            head => Ok(head.and_then(Known::of)),
        }
    }

    /// A run by its id.
    pub(in crate::service) async fn run(&self, id: &RunId) -> Result<Known> {
        self.known(id).await?.ok_or_else(|| ServiceError::RunNotFound(id.to_string()))
    }

    /// The id of a run that there is.
    pub(in crate::service) async fn run_named(&self, text: &str) -> Result<RunId> {
        Ok(self.run(&run_id(text)?).await?.id)
    }

    /// The number of the last start of an instance; 0 if it was never started. As each start follows one that there is, numbers have
    /// no gaps, and halving finds the last.
    pub(in crate::service) async fn last_epoch(&self, program: &RunName, instance: &RunName) -> Result<u64> {
        let (mut low, mut step) = (0, 1);
        while self.was_started(program, instance, low + step).await? {
            low += step;
            step *= 2;
        }
        let mut high = low + step;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.was_started(program, instance, middle).await? { low = middle } else { high = middle }
        }
        Ok(low)
    }

    async fn was_started(&self, program: &RunName, instance: &RunName, epoch: u64) -> Result<bool> {
        let id = RunId::new(program.clone(), instance.clone(), epoch);
        let id = id.map_err(|error| ServiceError::Internal(error.to_string()))?;
        // Also one whose session was deleted, or is damaged: there never is another of that number.
        Ok(self.store.head(id.session()).await?.is_some_and(|head| head.version > VersionNumber::ZERO))
    }

    /// How the lease of a live run is. One of which nothing is known begins now.
    pub(in crate::service) async fn lease_of(&self, run: &Known) -> Result<LeaseLook> {
        let find = |looks: Vec<LeaseLook>| looks.into_iter().find(|look| look.run_id == run.id.as_str());
        if let Some(look) = find(self.store.look_at_leases().await?) {
            return Ok(look);
        }
        self.store.expect_leases(&[run.lease()]).await?;
        let look = find(self.store.look_at_leases().await?);
        look.ok_or_else(|| ServiceError::Internal(format!("the lease of {} cannot be begun", run.id)))
    }

    /// Forgets leases of runs that have ended. Where that fails, the next look does it.
    pub(in crate::service) async fn forget_leases(&self, run_ids: &[String]) {
        if let Err(error) = self.store.forget_leases(run_ids).await {
            tracing::debug!(%error, "leases of runs that have ended are forgotten later");
        }
    }
}

/// The session as one that ended so.
pub(in crate::service) fn with_end(
    run: &Known,
    status: RunStatus,
    look: Option<&LeaseLook>,
    now: Timestamp,
) -> Session {
    Session {
        status,
        ended_at: Some(now),
        last_renewal: look.and_then(|look| look.renewed_at),
        servers_were_away: status == RunStatus::Crashed && look.is_some_and(|look| look.interrupted),
        ..run.session.clone()
    }
}
