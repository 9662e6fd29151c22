//! Checkpoints of a run: states written together, and the moment named.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{CheckpointPins, CheckpointRecord, StateView, VersionView};
use crate::json::Document;
use crate::model::{Seq, StateId, StateType, Timestamp};

/// A state that a checkpoint saves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckpointState {
    /// Kind of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_type: StateType,
    /// Name of the state.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state_id: StateId,
    /// The data; an object.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub data: Document,
    /// The version last seen; 0 if it must not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
}

/// Body of `POST /runs/{run_id}/checkpoints`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TakeCheckpoint {
    /// The run's number, to be sure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// What to call it; at most 256 bytes. Several may have one name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether it stays in the list, however many come after it.
    #[serde(default)]
    pub pinned: bool,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// What this belongs to, together with others. Where it is absent, the trace of a `traceparent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub correlation_id: Option<Arc<str>>,
    /// What made the run take it. Where it is absent, the span of a `traceparent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub causation_id: Option<Arc<str>>,
    /// What is saved with it, each state at most once. Without any only the moment is named.
    #[serde(default)]
    pub states: Vec<CheckpointState>,
}

/// Body of `PATCH /runs/{run_id}/checkpoints/{number}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PinCheckpoint {
    /// Whether it stays in the list, however many come after it.
    pub pinned: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// A checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckpointView {
    /// The how manieth of its run it is.
    pub number: u64,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The moment: what was saved with it is at this place of the store, and whatever was saved before. It goes wherever a moment
    /// does, such as `at=seq:N`, a comparison and a restore.
    pub seq: Seq,
    /// When it was recorded.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub taken_at: Timestamp,
    /// Whether it stays in the list, however many come after it.
    pub pinned: bool,
    /// How many states were saved with it.
    pub states: u64,
    /// How many of them are of type `position` with a lot that is not closed; absent where no states were saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_positions: Option<u64>,
    /// How many of them are of type `order` and not known to be done; absent where no states were saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_orders: Option<u64>,
    /// The batch in which they were written.
    pub batch_id: String,
    /// Who took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

impl CheckpointView {
    /// The checkpoint that a version is, if it is one.
    #[must_use]
    pub fn of(version: &VersionView, data: Option<&Document>, pins: &CheckpointPins) -> Option<Self> {
        let record = CheckpointRecord::of(version, data)?;
        Some(Self {
            number: version.version.0,
            name: record.name,
            reason: record.reason,
            seq: version.seq,
            taken_at: version.timestamp,
            pinned: pins.has(version.version.0),
            states: record.states,
            open_positions: record.open_positions,
            pending_orders: record.pending_orders,
            batch_id: record.batch_id,
            user_id: version.user_id.as_deref().map(str::to_owned),
        })
    }
}

/// Answer to `POST /runs/{run_id}/checkpoints`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckpointTaken {
    /// The checkpoint.
    pub checkpoint: CheckpointView,
    /// What was saved with it, in the order of the request.
    pub states: Vec<StateView>,
}

/// The checkpoints of a run in numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckpointStatistics {
    /// The number of the last one.
    pub count: u64,
    /// When the first one was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub first: Option<Timestamp>,
    /// When the last one was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub last: Option<Timestamp>,
    /// How long it is from the first to the last, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_seconds: Option<f64>,
    /// How long it is from one to the next on average, in seconds; absent for less than two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_interval_seconds: Option<f64>,
}

impl CheckpointStatistics {
    /// Of so many checkpoints, the first and the last of which were taken then.
    #[must_use]
    pub fn of(count: u64, first: Timestamp, last: Timestamp) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 285 years, and 2^53 checkpoints")]
        let span = (last.micros() - first.micros()) as f64 / 1e6;
        #[expect(clippy::cast_precision_loss, reason = "as above")]
        let average = (count > 1).then(|| span / (count - 1) as f64);
        Self {
            count,
            first: Some(first),
            last: Some(last),
            span_seconds: Some(span),
            average_interval_seconds: average,
        }
    }
}

/// A page of the checkpoints of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckpointList {
    /// The checkpoints, newest first.
    pub checkpoints: Vec<CheckpointView>,
    /// Numbers of this page of which what is stored is damaged, the highest first: they may be checkpoints, and nothing of them is shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<u64>,
    /// All of the run in numbers, whatever the list passes over.
    pub statistics: CheckpointStatistics,
    /// Where the next page starts; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_interval_is_of_the_gaps_between_checkpoints() {
        let at = |seconds: i64| Timestamp::from_micros(1_700_000_000_000_000 + seconds * 1_000_000);
        let four = CheckpointStatistics::of(4, at(0), at(90));
        assert_eq!((four.span_seconds, four.average_interval_seconds), (Some(90.0), Some(30.0)));
        let days = CheckpointStatistics::of(3, at(0), at(2 * 86_400 + 1));
        assert_eq!(days.span_seconds, Some(172_801.0), "a span of more than a day is whole");
        let one = CheckpointStatistics::of(1, at(5), at(5));
        assert_eq!((one.span_seconds, one.average_interval_seconds), (Some(0.0), None));
    }
}
