//! A broker's list of positions, held against those of the store, and what is done about it.

mod answer;
mod apply;
mod ask;
mod drifts;
mod last_run;
mod ours;
mod plan;
mod record;

use stateloft_core::api::{ReconcileReport, ReconcileRequest};
use stateloft_core::json::Document;
use stateloft_core::reconcile::reconcile;

use super::{Result, Service, ServiceError};
use crate::heavy;
pub use ask::AskedReconcile;
use ours::Whose;

impl Service {
    /// Holds a broker's list against our positions: `POST /reconcile`. Writes nothing.
    pub async fn reconcile(&self, request: ReconcileRequest) -> Result<ReconcileReport> {
        let ReconcileRequest { scope, run_id, list, options } = request;
        let whose = run_id.as_deref().map_or(Whose::Anybody, Whose::LastBy);
        let ours = self.ours(scope, options.as_of, whose).await?;
        let bytes = list.as_ref().map_or(0, Document::len) + ours.bytes();
        let report = heavy::work(bytes, || reconcile(&ours.states(), list.as_ref(), &options));
        report.map_err(|error| ServiceError::body(error.pointer(), "invalid", error.to_string()))
    }
}
