//! Taking a restore back.

use std::collections::HashMap;

use statehouse_core::api::{
    AppliedRestore, Moment, PlanRequest, RestoreRecord, Scope, Selection, UndoRequest,
};
use statehouse_core::model::{Seq, StateKey, VersionNumber};

use super::apply::Order;
use crate::service::{Result, Service, ServiceError};

impl Service {
    /// Takes the states that a restore wrote back to what they were right before it. Refused, with a plan for just these
    /// states, when one of them has moved on since.
    pub async fn undo(&self, restore_id: &str, request: UndoRequest) -> Result<AppliedRestore> {
        let AppliedRestore { record, versions } = self.restore(restore_id).await?;
        let wrote: HashMap<StateKey, VersionNumber> = versions
            .into_iter()
            .map(|view| (StateKey { state_type: view.state_type, state_id: view.state_id }, view.version))
            .collect();
        let mut states: Vec<StateKey> = wrote.keys().cloned().collect();
        states.sort();
        let asked = PlanRequest {
            target: self.before(&record).await?,
            scope: Scope { states, ..Scope::default() },
            selection: Selection::new(),
        };
        let worked = self.work_out(asked.clone(), true).await?;
        let untouched = wrote.len() == worked.writes.len()
            && worked.writes.iter().all(|planned| wrote.get(&planned.key) == Some(&planned.now.version));
        if !untouched {
            return Err(self.outdated(asked).await?);
        }
        let reason = request.reason.filter(|reason| !reason.trim().is_empty());
        let order = Order {
            user_id: request.user_id,
            reason: reason.unwrap_or_else(|| format!("Undo of restore {restore_id}")),
            undoes: Some(record.restore_id),
            // What was there before is put back as it was, whatever the rules say of it.
            accept_violations: true,
        };
        match self.write_plan(worked, order).await {
            Err(ServiceError::Conflict(_)) => Err(self.outdated(asked).await?),
            other => other,
        }
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
