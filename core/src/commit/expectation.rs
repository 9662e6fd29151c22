//! What a writer may demand of the state it writes to.

use crate::model::{StateKey, Version, VersionNumber};

/// What must be true of the head for a write to happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Expectation {
    /// Nothing.
    #[default]
    Any,
    /// There is no live state: it never existed or is deleted.
    Absent,
    /// There is a live state, at any version.
    Present,
    /// The last version is exactly this one (a tombstone counts as a version; 0 means there never was one).
    Version(VersionNumber),
}

/// A head that was not where the writer expected it.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadMoved {
    /// Which state.
    pub key: StateKey,
    /// What was expected.
    pub expected: Expectation,
    /// What is there; `None` if the state never existed.
    pub head: Option<Version>,
}

impl Expectation {
    /// Whether this head is as expected.
    #[must_use]
    pub fn holds(self, head: Option<&Version>) -> bool {
        let live = head.is_some_and(|head| !head.is_deleted());
        match self {
            Self::Any => true,
            Self::Absent => !live,
            Self::Present => live,
            Self::Version(expected) => head.map_or(VersionNumber::ZERO, |head| head.version) == expected,
        }
    }
}
