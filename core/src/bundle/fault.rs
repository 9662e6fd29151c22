//! What is wrong with a bundle, where, and what of it is whole.

use std::fmt;

use super::{FORMAT, FORMAT_VERSION};
use crate::model::Seq;

/// What of a bundle was read and is as it was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Whole {
    /// Lines.
    pub lines: u64,
    /// Versions in them.
    pub versions: u64,
    /// The seq of the last version in them.
    pub last_seq: Option<Seq>,
}

/// The first thing that is wrong with a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {wrong}; {whole}")]
pub struct Fault {
    /// In which line, from 1 on.
    pub line: u64,
    /// What.
    pub wrong: Wrong,
    /// What is before it.
    pub whole: Whole,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is something else.
    #[error(
        "this is not a bundle: its first line would begin with {{\"line\":\"header\",\"format\":\"{FORMAT}\""
    )]
    NotABundle,
    /// A newer program made it.
    #[error(
        "the bundle has format {0}, and this program knows formats up to {FORMAT_VERSION}: use a newer stateloft"
    )]
    Format(u32),
    /// It is not what was written: its check sum does not fit.
    #[error("it is not what was written, or a line before it is missing")]
    Damaged,
    /// It cannot be unpacked.
    #[error("it cannot be unpacked: {0}")]
    Packed(String),
    /// It is longer than any line that is written.
    #[error("it is longer than {} MiB", super::LINE_MAX >> 20)]
    TooLong,
    /// It is what was written, and cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// The data does not have the hash that the line says.
    #[error("the data of the version with seq {0} does not have its content hash")]
    ContentHash(Seq),
    /// The chain hash does not follow.
    #[error("the chain hash of the version with seq {0} does not follow from the one before")]
    ChainHash(Seq),
    /// A version is not where it belongs.
    #[error("the version with seq {found} stands where {expected} was expected")]
    Order {
        /// Which one is there.
        found: Seq,
        /// Which one should be, or a later one where the bundle leaves some out.
        expected: Seq,
    },
    /// The store that the bundle was made of could not give this version.
    #[error("the store that the bundle was made of had the version with seq {seq} damaged: {reason}")]
    NotGiven {
        /// Its seq.
        seq: Seq,
        /// What was wrong with it.
        reason: String,
    },
    /// The trailer does not say what was read.
    #[error("the last line does not fit what is before it: {0}")]
    Trailer(&'static str),
    /// The bundle ends without a trailer.
    #[error("the bundle ends here, before its last line: it was cut")]
    Cut,
    /// Something stands behind the trailer.
    #[error("something follows the bundle's last line")]
    Behind,
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.lines, self.last_seq) {
            (0, _) => f.write_str("nothing before it is whole"),
            (_, None) => f.write_str("what is before it is whole, and has no version"),
            (_, Some(seq)) => {
                let versions = self.versions;
                write!(f, "what is before it is whole: {versions} versions, up to seq {seq}")
            }
        }
    }
}
