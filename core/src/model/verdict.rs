//! What validation said of a version.

use serde::{Deserialize, Serialize};

/// How strictly a state type is validated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Mode {
    /// Not checked.
    Off,
    /// Checked and stored with its verdict: validation never stops trading.
    #[default]
    Warn,
    /// Checked; what is invalid is refused.
    Strict,
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Violation {
    /// Where, as an RFC 6901 pointer into the data; empty for the whole document.
    pub pointer: String,
    /// Which rule, as a stable word such as `type`, `enum`, `minimum`, `required`.
    pub code: String,
    /// What is wrong and what would be right, for people.
    pub message: String,
}

/// What validation said. Absent data (a tombstone) and types without rules are not checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case", from = "Said")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Verdict {
    /// No rules were applied.
    #[default]
    NotChecked,
    /// Every rule holds.
    Valid,
    /// At least one rule is broken.
    Invalid {
        /// Every broken rule, in the order of the document.
        violations: Vec<Violation>,
    },
}

/// A verdict as it is read: serde would read a tagged enum through a buffer.
#[derive(Deserialize)]
struct Said {
    status: Status,
    #[serde(default)]
    violations: Vec<Violation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    NotChecked,
    Valid,
    Invalid,
}

impl From<Said> for Verdict {
    fn from(said: Said) -> Self {
        match said.status {
            Status::NotChecked => Self::NotChecked,
            Status::Valid => Self::Valid,
            Status::Invalid => Self::Invalid { violations: said.violations },
        }
    }
}

impl Verdict {
    /// The broken rules; empty unless invalid.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        match self {
            Self::Invalid { violations } => violations,
            Self::NotChecked | Self::Valid => &[],
        }
    }

    /// Whether a rule is broken.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(self, Self::Invalid { .. })
    }
}
