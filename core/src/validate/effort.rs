//! How much work one validation may cost.

/// What one validation may cost. Counted in what is looked at, never in time: the same document is always checked, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Members and elements that are looked at, at most, about; each as often as it is.
    pub steps: u64,
}

impl Effort {
    /// What is spent on each save: a second or two at most. Documents as programs write them need a few steps for each of
    /// their values.
    pub const ORDINARY: Self = Self { steps: 32_000_000 };
    /// No bounds.
    pub const UNBOUNDED: Self = Self { steps: u64::MAX };
}

/// There is more in a document than one validation may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is more in the document than is checked")]
pub struct TooMuch;
