//! A bundle looked at as it goes by: whether every line is as it was written, and what is in it.

use serde::Serialize;
use stateloft_core::bundle::{Fault, Header, Line, Reader, Trailer, Unpacked, Wrong};
use stateloft_core::hash::ChainHash;
use stateloft_core::model::Seq;

use crate::heavy;

/// A bundle that goes by.
#[derive(Default)]
pub(in crate::cli) struct Checking {
    unpacked: Unpacked,
    reader: Reader,
    plain: Vec<u8>,
    lines: Vec<Line>,
    header: Option<Header>,
    at: Option<Seq>,
}

/// What is in a whole bundle, for programs.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Figures {
    from: Seq,
    to: Seq,
    versions: u64,
    snapshots: u64,
    restores: u64,
    damaged: u64,
    whole: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain_hash: Option<ChainHash>,
}

/// What is in a whole bundle.
#[derive(Debug)]
pub(in crate::cli) struct Found {
    pub(in crate::cli) header: Header,
    pub(in crate::cli) trailer: Trailer,
}

impl Found {
    pub(in crate::cli) fn figures(&self) -> Figures {
        let Self { header, trailer } = self;
        Figures {
            from: header.from,
            to: header.to,
            versions: trailer.versions,
            snapshots: trailer.snapshots,
            restores: trailer.restores,
            damaged: trailer.damaged,
            whole: trailer.whole,
            chain_hash: trailer.last_chain_hash,
        }
    }
}

impl Checking {
    /// Looks at the next bytes, as they are in the file.
    ///
    /// # Errors
    /// The first thing that is wrong. Nothing more may be looked at.
    pub(in crate::cli) fn feed(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        heavy::work(self.reader.held() + bytes.len(), || {
            let mut rest = bytes;
            while !rest.is_empty() {
                let taken = self.unpacked.next(rest, &mut self.plain);
                self.read()?;
                rest = &rest[taken.map_err(|error| self.reader.fault(Wrong::Packed(error.to_string())))?..];
            }
            Ok(())
        })
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// The bundle is not whole.
    pub(in crate::cli) fn finish(mut self) -> Result<Found, Fault> {
        let ended = self.unpacked.finish(&mut self.plain);
        self.read()?;
        let trailer = self.reader.finish()?;
        ended.map_err(|error| self.reader.fault(Wrong::Packed(error.to_string())))?;
        let header = self.header.take().ok_or_else(|| self.reader.fault(Wrong::NotABundle))?;
        Ok(Found { header, trailer })
    }

    /// How many seqs of how many went by, once that is known.
    pub(in crate::cli) fn passed(&self) -> Option<(u64, u64)> {
        let header = self.header.as_ref()?;
        let before = header.from.0.saturating_sub(1);
        let of = header.to.0.saturating_sub(before);
        Some((self.at.map_or(0, |at| at.0.saturating_sub(before)), of))
    }

    fn read(&mut self) -> Result<(), Fault> {
        let read = self.reader.feed(&self.plain, &mut self.lines);
        self.plain.clear();
        for line in self.lines.drain(..) {
            match line {
                Line::Header(header) => self.header = Some(*header),
                Line::Version(version) => self.at = Some(version.seq),
                Line::Damaged(damaged) => self.at = Some(damaged.seq),
                Line::Snapshot(_) | Line::Restore(_) | Line::Trailer(_) => {}
            }
        }
        read
    }
}
