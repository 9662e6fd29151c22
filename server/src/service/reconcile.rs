//! A broker's list of positions, held against those of the store.

use std::collections::HashMap;

use stateloft_core::api::{ReconcileReport, ReconcileRequest, Scope};
use stateloft_core::json::Document;
use stateloft_core::model::{Seq, StateKey, StateType, Version};
use stateloft_core::reconcile::{OurState, reconcile};

use super::{Result, Service, ServiceError};
use crate::budget::{self, Class};
use crate::heavy;
use crate::store::StoreError;

/// The type of the states that hold positions, where the request names none.
const POSITION: &str = "position";

impl Service {
    /// Holds a broker's list against our positions: `POST /reconcile`. Writes nothing.
    pub async fn reconcile(&self, request: ReconcileRequest) -> Result<ReconcileReport> {
        let ReconcileRequest { scope, run_id, list, options } = request;
        let scope = of_positions(scope)?;
        // Before the states are read: what is later was changed since, too.
        let asked_at = self.store.seq_at(options.as_of).await?;
        let mut heads = Vec::new();
        for (head, _) in self.moved_since(Seq::ZERO, &scope).await? {
            if is_of_run(&head, run_id.as_deref()) {
                // What cannot be read is no position that is not there.
                heads.push(StoreError::unless_damaged(head)?);
            }
        }
        let then = self.then(&heads, asked_at).await?;
        let bytes = list.as_ref().map_or(0, Document::len) + heads.iter().map(Version::size).sum::<usize>();
        let report = heavy::work(bytes, || {
            let ours: Vec<OurState<'_>> = heads.iter().map(|head| of_head(head, &then)).collect();
            reconcile(&ours, list.as_ref(), &options)
        });
        report.map_err(|error| ServiceError::body(error.pointer(), "invalid", error.to_string()))
    }

    /// What the states held that were changed after a seq, if they held anything.
    async fn then(&self, heads: &[Version], seq: Seq) -> Result<HashMap<StateKey, Document>> {
        let mut then = HashMap::new();
        for head in heads {
            if head.seq <= seq {
                continue;
            }
            let version =
                self.store.as_of(&head.key, seq).await?.map(StoreError::unless_damaged).transpose()?;
            let Some(data) = version.and_then(|version| version.data) else { continue };
            budget::hold(Class::Work, data.weight_at_most()).await?;
            then.insert(head.key.clone(), data);
        }
        Ok(then)
    }
}

fn of_positions(scope: Scope) -> Result<Scope> {
    if !scope.states.is_empty() || !scope.types.is_empty() {
        return Ok(scope);
    }
    let position = StateType::new(POSITION).map_err(|error| ServiceError::Internal(error.to_string()))?;
    Ok(Scope { types: vec![position], ..scope })
}

fn is_of_run(head: &Version, run_id: Option<&str>) -> bool {
    let origin = head.origin.as_deref().and_then(|origin| origin.run_id.as_deref());
    run_id.is_none() || origin == run_id
}

fn of_head<'a>(head: &'a Version, then: &'a HashMap<StateKey, Document>) -> OurState<'a> {
    OurState {
        key: &head.key,
        version: head.version,
        changed_at: head.recorded_at,
        data: head.data.as_ref(),
        then: then.get(&head.key),
    }
}
