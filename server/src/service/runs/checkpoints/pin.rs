//! Keeping a checkpoint in the list, and letting it go.

use stateloft_core::api::{CheckpointView, PinCheckpoint};
use stateloft_core::commit::{Change, Expectation};
use stateloft_core::model::{RunId, Verdict, VersionNumber};

use super::super::super::signature::Signature;
use super::super::super::{Result, Service, ServiceError};
use super::super::known::run_id;
use super::take::{check_room, document};
use super::{Pinned, keys, view};
use crate::store::StoreError;

/// How often it is tried again because another one was pinned meanwhile.
const ATTEMPTS: usize = 8;

impl Service {
    /// One checkpoint: `GET /runs/{run_id}/checkpoints/{number}`.
    pub async fn checkpoint(&self, id: &str, number: u64) -> Result<CheckpointView> {
        let run = run_id(id)?;
        self.run(&run).await?;
        let pins = self.pinned(&run).await?.pins;
        let version = self.store.version(&keys(&run)?.0, VersionNumber(number)).await?;
        let version = version.map(StoreError::unless_damaged).transpose()?;
        let found = version.and_then(|version| view(&version, &pins));
        found.ok_or_else(|| ServiceError::CheckpointNotFound(run.to_string(), number))
    }

    /// Pins a checkpoint, or lets it go: `PATCH /runs/{run_id}/checkpoints/{number}`. Who and why is said by the version of the state
    /// that keeps the pins.
    pub async fn pin_checkpoint(
        &self,
        id: &str,
        number: u64,
        request: PinCheckpoint,
    ) -> Result<CheckpointView> {
        let run: RunId = run_id(id)?;
        let PinCheckpoint { pinned, reason, user_id } = request;
        if let Some(reason) = &reason {
            Signature::reason(reason)?;
        }
        let word = if pinned { "pinned" } else { "let go" };
        let why = reason.map_or_else(
            || format!("checkpoint {number} {word}"),
            |why| format!("checkpoint {number} {word}: {why}"),
        );
        let who = Signature::new(user_id, Some(why))?;
        for _ in 0..ATTEMPTS {
            let found = self.checkpoint(run.as_str(), number).await?;
            if found.pinned == pinned {
                return Ok(found);
            }
            let Pinned { pins, version } = self.pinned(&run).await?;
            let pins = pins.with(number, pinned);
            check_room(&pins)?;
            let data = Change::Save(document(&pins)?);
            let write = who.write(keys(&run)?.1, data, Expectation::Version(version), Verdict::NotChecked);
            match self.commit_runs(vec![write]).await {
                Ok(_) => return Ok(CheckpointView { pinned, ..found }),
                Err(ServiceError::Conflict(_) | ServiceError::ChecksFailed(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ServiceError::Internal(format!("checkpoints of {run} are pinned by others again and again")))
    }
}
