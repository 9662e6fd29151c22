//! How much work and memory one comparison may cost.

/// What one comparison may cost. Counted in what is found and looked at, never in time: the same documents are always
/// compared, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Changes at most.
    pub changes: usize,
    /// Bytes of the changes' paths and values at most, about.
    pub bytes: usize,
    /// Children of arrays and objects that are held against each other at once.
    pub children: usize,
}

impl Effort {
    /// What a server spends on whoever asks.
    pub const ORDINARY: Self = Self { changes: 50_000, bytes: 24 << 20, children: 1_000_000 };
    /// No bounds: for who compares documents of their own.
    pub const UNBOUNDED: Self = Self { changes: usize::MAX, bytes: usize::MAX, children: usize::MAX };
}

impl Default for Effort {
    fn default() -> Self {
        Self::UNBOUNDED
    }
}

/// Two documents differ in more than one comparison may find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the documents differ in too much to list every change")]
pub struct TooMuch;
