//! Where a log ended when it was looked at last. A log that lost its end is known by it however far it has grown since: the
//! same number stands for another version then, with another chain hash.

use stateloft_core::commit::Tip;
use stateloft_core::hash::ChainHash;
use stateloft_core::model::{Seq, Version};

use super::verify::chain_hash;

/// The last version that was heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogEnd {
    pub(crate) seq: Seq,
    /// Absent where the version was not read, or cannot be.
    hash: Option<ChainHash>,
}

impl LogEnd {
    /// Of a log that has nothing.
    pub(crate) const START: Self = Self { seq: Seq::ZERO, hash: Some(ChainHash::START) };

    pub(crate) fn at(tip: &Tip) -> Self {
        Self { seq: tip.seq, hash: Some(tip.chain_hash) }
    }

    pub(crate) fn of(version: &Version) -> Self {
        Self { seq: version.seq, hash: version.damaged.is_none().then_some(version.chain_hash) }
    }

    /// At a seq of which nothing else is known.
    pub(crate) fn somewhere(seq: Seq) -> Self {
        Self { seq, hash: None }
    }

    /// Whether the log had this end and has that one now only because it lost some of it.
    pub(crate) fn is_lost_in(&self, now: &Self) -> bool {
        now.seq < self.seq || (now.seq == self.seq && self.differs(now))
    }

    /// Whether both are known, at the same seq, and are not the same version.
    pub(crate) fn differs(&self, other: &Self) -> bool {
        matches!((self.hash, other.hash), (Some(ours), Some(theirs)) if ours != theirs)
    }

    /// Whether a version that has the next seq certainly does not come behind this one.
    pub(crate) fn is_not_before(&self, next: &Version) -> bool {
        next.damaged.is_none() && self.hash.is_some_and(|hash| chain_hash(&hash, next) != next.chain_hash)
    }
}
