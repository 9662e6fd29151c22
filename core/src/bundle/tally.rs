//! What both sides count and hash of the lines that went by.

use sha2::{Digest, Sha256};

use super::{Trailer, Whole};
use crate::hash::ChainHash;
use crate::model::Seq;

/// `,"sum":"` and `"}` around the digits.
const SUM: &str = ",\"sum\":\"";
const DIGITS: usize = 16;
/// Bytes at the end of a line that are not covered by its own sum.
pub(super) const SEAL: usize = SUM.len() + DIGITS + 2;

/// The lines so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    hasher: Sha256,
    pub(super) lines: u64,
    pub(super) versions: u64,
    pub(super) snapshots: u64,
    pub(super) restores: u64,
    pub(super) damaged: u64,
    /// The last version that has a line.
    pub(super) last: Option<(Seq, ChainHash)>,
}

impl Tally {
    /// Takes in a line without its seal, and gives the seal. The line does not count before [`Self::went`].
    pub(super) fn seal(&mut self, line: &[u8]) -> String {
        self.hasher.update(line);
        let digits = &hex(&self.hasher)[..DIGITS];
        format!("{SUM}{digits}\"}}")
    }

    /// The line went by, with this seal and its line break.
    pub(super) fn went(&mut self, seal: &str) {
        self.hasher.update(seal);
        self.hasher.update("\n");
        self.lines += 1;
    }

    /// What was whole until now.
    pub(super) fn whole(&self) -> Whole {
        Whole { lines: self.lines, versions: self.versions, last_seq: self.last.map(|(seq, _)| seq) }
    }

    /// The line that ends a bundle with these lines.
    pub(super) fn trailer(&self) -> Trailer {
        Trailer {
            lines: self.lines,
            versions: self.versions,
            snapshots: self.snapshots,
            restores: self.restores,
            damaged: self.damaged,
            whole: self.damaged == 0,
            last_seq: self.last.map(|(seq, _)| seq),
            last_chain_hash: self.last.map(|(_, hash)| hash),
            sha256: hex(&self.hasher),
        }
    }
}

fn hex(hasher: &Sha256) -> String {
    ChainHash::from_bytes(hasher.clone().finalize().into()).to_string()
}
