//! Taking a restore back: exactly the paths that it wrote, to what they were, where they still are what it wrote. What somebody
//! has written since is shown, and never taken back by itself.

use std::sync::Arc;

use stateloft_core::api::{
    AppliedRestore, Moment, Originated, PlanRequest, RestoreRecord, Scope, Selection, UndoRequest,
};
use stateloft_core::model::{Seq, StateKey, Version, VersionNumber};
use stateloft_core::restore::{Undo, selection_key, undo_state};
use stateloft_core::schema::path_rules;

use super::apply::{ATTEMPTS, Order};
use crate::service::handshakes::{Sent, Shake, carry_on};
use crate::service::{Result, Service, ServiceError};

/// What is left to take back of a restore.
struct Left {
    /// The plan that takes back what still is as the restore wrote it.
    asked: PlanRequest,
    /// Whether something that it wrote has been written since.
    moved: bool,
    /// Whether there is anything to take back.
    any: bool,
}

impl Service {
    /// Takes back what a restore wrote. Refused, with a plan for just these states, when some of it has been written since: what
    /// still is as it was written is ticked in that plan.
    pub async fn undo(self: &Arc<Self>, restore_id: &str, request: UndoRequest) -> Result<AppliedRestore> {
        let (service, restore_id) = (Arc::clone(self), restore_id.to_owned());
        let sent = Sent::to(&format!("/restores/{restore_id}/undo"), request.clone());
        let mut shake = Shake::new(self, request.handshake.clone(), Some(sent))?;
        carry_on(Box::pin(async move {
            let done = service.take_back(&restore_id, request, &mut shake).await;
            service.end_shake(shake, done).await
        }))
        .await
    }

    async fn take_back(
        &self,
        restore_id: &str,
        request: UndoRequest,
        shake: &mut Shake,
    ) -> Result<AppliedRestore> {
        let restore = self.restore(restore_id).await?;
        let reason = request.reason.clone().filter(|reason| !reason.trim().is_empty());
        let order = Order {
            origin: request.origin(),
            user_id: request.user_id,
            reason: reason.unwrap_or_else(|| format!("Undo of restore {restore_id}")),
            undoes: Some(restore.record.restore_id.clone()),
            // What was there before is put back as it was, whatever the rules say of it.
            accept_violations: true,
        };
        for _ in 0..ATTEMPTS {
            let Left { asked, moved, any } = self.left_of(&restore).await?;
            if !any && !moved {
                return Err(ServiceError::AlreadyUndone(restore.record.restore_id));
            }
            let worked = self.work_out(asked, false).await?;
            if moved {
                return Err(self.outdated(worked, Some(restore.record.last_seq)).await?);
            }
            match self.write_plan(worked, order.clone(), shake).await {
                Err(ServiceError::Conflict(_)) => {}
                other => return other,
            }
        }
        let Left { asked, .. } = self.left_of(&restore).await?;
        let worked = self.work_out(asked, false).await?;
        Err(self.outdated(worked, Some(restore.record.last_seq)).await?)
    }

    async fn left_of(&self, restore: &AppliedRestore) -> Result<Left> {
        let (mut states, mut selection) = (Vec::new(), Selection::new());
        let (mut moved, mut any) = (false, false);
        for view in &restore.versions {
            let key = StateKey { state_type: view.state_type.clone(), state_id: view.state_id.clone() };
            let wrote = self.version_of(&key, view.version).await?;
            let before = VersionNumber(view.version.0.saturating_sub(1));
            let before = if before.0 == 0 { None } else { self.version_of(&key, before).await? };
            let now = self.store.head(&key).await?;
            let (Some(wrote), Some(now)) = (wrote, now) else {
                return Err(ServiceError::Internal(format!("{key}, which a restore wrote, is not there")));
            };
            let Undo { ticks, back, other } =
                undo_state(before.as_ref(), &wrote, &now, path_rules(key.state_type.as_str()));
            any |= back;
            moved |= other;
            selection.insert(selection_key(&key), ticks);
            states.push(key);
        }
        states.sort();
        let scope = Scope { states, ..Scope::default() };
        let target = self.before(&restore.record).await?;
        Ok(Left { asked: PlanRequest { target, scope, selection, exact: false }, moved, any })
    }

    async fn version_of(&self, key: &StateKey, version: VersionNumber) -> Result<Option<Version>> {
        Ok(self.store.version(key, version).await?)
    }

    /// The moment right before a restore: its snapshot, or the bare seq where somebody deleted that.
    async fn before(&self, record: &RestoreRecord) -> Result<Moment> {
        let seq = Seq(record.first_seq.0.saturating_sub(1));
        let snapshot = self.store.snapshot(&record.snapshot_before).await?;
        Ok(match snapshot.filter(|snapshot| snapshot.seq == seq) {
            Some(snapshot) => Moment::Snapshot(snapshot.id),
            None => Moment::Seq(seq),
        })
    }
}
