//! What is said to a run that does not hold its lease any more.

use std::fmt;

use stateloft_core::api::{RunHolder, RunStatus};
use stateloft_core::commit::Fence;
use stateloft_core::model::{RunId, Timestamp, Version};

use super::super::{Service, ServiceError};
use super::known::Known;

/// Why a run does not hold its lease, and who does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseLost {
    /// Which run.
    pub run_id: String,
    /// How it ended, and when, where its session says so.
    pub ended: Option<(RunStatus, Timestamp)>,
    /// Who holds the lease of its instance now, if anybody does.
    pub holder: Option<RunHolder>,
}

impl LeaseLost {
    /// How it ended, and who is live.
    pub(in crate::service) fn stands(&self) -> String {
        let Self { run_id, ended, holder } = self;
        let ended = match ended {
            Some((RunStatus::Active, _)) => {
                format!("the lease of {run_id} has run out, or somebody has written its session")
            }
            Some((status, at)) => format!("{run_id} is {} since {at}", status.as_str()),
            None => format!("{run_id} is no live run"),
        };
        let Some(holder) = holder else { return ended };
        let on = holder.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
        format!("{ended}; {} is live{on} since {}", holder.run_id, holder.since)
    }
}

impl fmt::Display for LeaseLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; nothing was written: stop trading, and begin a new run (POST /api/v1/runs) before you go on",
            self.stands()
        )
    }
}

impl Service {
    /// What to say to a run whose lease is lost, by the head of its session.
    pub(in crate::service) async fn lost(&self, fence: &Fence, session: Option<&Version>) -> ServiceError {
        let run_id = fence.session().state_id.to_string();
        let ended = session.cloned().and_then(Known::of).map(|run| {
            let session = run.session;
            (session.status, session.ended_at.unwrap_or(run.head.recorded_at))
        });
        // Who it is now is told where it can be had: that the lease is lost is certain without it.
        let holder = match run_id.parse::<RunId>() {
            Ok(id) => self.holder_after(&id).await,
            Err(_) => None,
        };
        ServiceError::LeaseLost(Box::new(LeaseLost { run_id, ended, holder }))
    }

    async fn holder_after(&self, id: &RunId) -> Option<RunHolder> {
        let epoch = self.last_epoch(id.program(), id.instance()).await.ok()?;
        let last = RunId::new(id.program().clone(), id.instance().clone(), epoch).ok()?;
        let run = self.known(&last).await.ok()??;
        // A run that has just lost its lease holds nothing, whatever is read of it by now.
        if run.id == *id || !run.is_live() {
            return None;
        }
        let look = self.lease_of(&run).await.ok();
        Some(run.holder(look.as_ref(), self.now()))
    }

    /// The same for a run that was found not to be live.
    pub(in crate::service) async fn not_live(&self, run: &Known) -> ServiceError {
        self.lost(&Fence::of(&run.id), Some(&run.head)).await
    }
}
