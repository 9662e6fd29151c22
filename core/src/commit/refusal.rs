//! Why nothing of a batch is written.

use super::{CheckFailed, Fence, HeadMoved, TooMuch};
use crate::model::{Seq, StateKey, Version, VersionNumber};

/// Why a batch was refused. Nothing of it is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// These heads are not where the writer expected them; every one that moved is named.
    Conflict(Vec<HeadMoved>),
    /// These checks do not hold; every one that does not is named.
    ChecksFailed(Vec<CheckFailed>),
    /// The run that writes does not hold its lease any more; the head of its session is given, if it ever had one.
    LeaseLost {
        /// Which run.
        fence: Fence,
        /// Its session.
        session: Option<Box<Version>>,
    },
    /// The run that writes makes way for a restore, and has not read it yet; the head of its pause is given.
    RunPaused {
        /// Which run.
        fence: Fence,
        /// Its pause.
        pause: Box<Version>,
    },
    /// It would close, or look through, more than one batch may.
    TooMuch(TooMuch),
    /// A state to delete does not exist.
    NotFound(StateKey),
    /// A state to delete is deleted already; its tombstone is given.
    AlreadyDeleted(Box<Version>),
    /// A version to take in as it is does not follow what is there.
    DoesNotFollow {
        /// Its seq.
        seq: Seq,
        /// Why not.
        why: Misfit,
    },
}

/// Why a version that another store made cannot be taken in as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// It is not the next one.
    #[error("the log ends at seq {end}, so that another one comes next")]
    Seq {
        /// Where the log ends.
        end: Seq,
    },
    /// Its data does not have its hash.
    #[error("its data does not have its content hash")]
    ContentHash,
    /// Its chain hash does not follow from the last version's.
    #[error("its chain hash does not follow from that of the version before")]
    ChainHash,
    /// It is not the next version of its state.
    #[error("its state has version {head} now, so that another one comes next")]
    Number {
        /// The state's last version; 0 if there is none.
        head: VersionNumber,
    },
    /// A state that is not there cannot be updated, and so on.
    #[error("its operation cannot be done to its state as it is")]
    Operation,
    /// It was recorded before the version that it follows.
    #[error("it was not recorded after the version before")]
    Time,
    /// It is marked as damaged.
    #[error("it is damaged")]
    Damaged,
}
