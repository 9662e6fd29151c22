//! Words of query strings that have rules of their own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::{Seq, SnapshotId, Timestamp, TimestampError, Verdict, whole_number};

/// A point in the store's history: a time, `seq:N`, `snapshot:NAME`, or `now`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Moment {
    /// The present head, whatever it is when the request is answered.
    Now,
    /// Right after this version.
    Seq(Seq),
    /// Right after the last version recorded at or before this time.
    Time(Timestamp),
    /// The moment a snapshot names.
    Snapshot(SnapshotId),
}

/// The text is none of the forms of a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// It is nearly a time.
    #[error("{0}; a moment may also be seq:N, snapshot:NAME or now")]
    Time(TimestampError),
    /// It is nothing of the kind.
    #[error(
        "{0:?} is not a moment: use a time with zone (2026-11-21T09:46:11Z), seq:N, snapshot:NAME or now"
    )]
    Other(String),
}

impl From<TimestampError> for MomentError {
    fn from(error: TimestampError) -> Self {
        match error {
            TimestampError::Other(text) => Self::Other(text),
            nearly => Self::Time(nearly),
        }
    }
}

impl FromStr for Moment {
    type Err = MomentError;
    fn from_str(text: &str) -> Result<Self, MomentError> {
        let wrong = || MomentError::Other(text.chars().take(80).collect());
        if text == "now" {
            return Ok(Self::Now);
        }
        if let Some(number) = text.strip_prefix("seq:") {
            return whole_number(number).map(|seq| Self::Seq(Seq(seq))).ok_or_else(wrong);
        }
        if let Some(name) = text.strip_prefix("snapshot:") {
            return SnapshotId::new(name).map(Self::Snapshot).map_err(|_| wrong());
        }
        Ok(Self::Time(Timestamp::parse(text)?))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::Seq(seq) => write!(f, "seq:{seq}"),
            Self::Time(time) => time.fmt(f),
            Self::Snapshot(id) => write!(f, "snapshot:{id}"),
        }
    }
}

impl TryFrom<String> for Moment {
    type Error = MomentError;
    fn try_from(text: String) -> Result<Self, MomentError> {
        text.parse()
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.to_string()
    }
}

/// Whether a list holds deleted states.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DeletedFilter {
    /// Live states only.
    #[default]
    Exclude,
    /// Live and deleted states.
    Include,
    /// Deleted states only.
    Only,
}

/// Which verdicts a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ValidityFilter {
    /// Every rule holds.
    Valid,
    /// At least one rule is broken.
    Invalid,
    /// No rules were applied.
    NotChecked,
}

impl ValidityFilter {
    /// Which of them a verdict is.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::NotChecked => Self::NotChecked,
            Verdict::Valid => Self::Valid,
            Verdict::Invalid { .. } => Self::Invalid,
        }
    }
}

/// The order of a list of states.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Sort {
    /// The last change first.
    #[default]
    Changed,
    /// By type, then id.
    Id,
}
