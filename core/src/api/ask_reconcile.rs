//! An operator asks a run to hold its broker's list against the store again, and what came of that.

use serde::{Deserialize, Serialize};

use super::{AgreementCounts, HeardBy};
use crate::model::Timestamp;

/// Body of `POST /runs/{run_id}/reconcile/ask`; it may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskReconcile {
    /// Why; the run is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// What a run is asked: to ask its broker and to report, as it is kept: the data of a state of type `reconcile_ask` whose id is the run's.
/// It is said to the run, in the answer to a renewal and on the topic `run:<id>`, until it has reported or has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReconcileAsk {
    /// Its id: what the report says that it `answers`.
    pub ask: String,
    /// The run that is asked.
    pub run_id: String,
    /// On which machine that is, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub asked_at: Timestamp,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// When it was first handed to the run. Whether the program understands it only its answer shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub heard_at: Option<Timestamp>,
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_by: Option<HeardBy>,
    /// What the run reported; absent while it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<ReconcileAnswer>,
}

/// What a run reported that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReconcileAnswer {
    /// When the report came.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub at: Timestamp,
    /// When the broker was asked.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub as_of: Timestamp,
    /// What the call to the broker failed with: it has not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How many rows the report had of each kind.
    pub counts: AgreementCounts,
    /// The version of state `reconcile`/RUN that keeps the broker's list; absent where there was none, or it was larger than what is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<u64>,
}

impl ReconcileAsk {
    /// Whether the run has not reported yet. One that has ended never will.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.answer.is_none()
    }
}
