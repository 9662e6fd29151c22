//! Reading a bundle as it comes, a line at a time.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::shape::{SnapshotLine, starts};
use super::tally::{SEAL, Tally};
use super::{FORMAT_VERSION, Fault, Header, LINE_MAX, Line, Trailer, Wrong, version, writer};
use crate::hash::{ChainHash, ContentHash};
use crate::model::{Seq, Version};

/// Reads a bundle. What it hands out is as it was written.
#[derive(Debug, Default)]
pub struct Reader {
    tally: Tally,
    /// The beginning of a line whose end has not come.
    held: Vec<u8>,
    header: Option<Header>,
    /// The last version that has a line: its chain hash, where there is one that was not damaged.
    at: Option<(Seq, Option<ChainHash>)>,
    trailer: Option<Trailer>,
}

impl Reader {
    /// Takes in the next bytes, unpacked, and hands out the lines that end in them.
    ///
    /// # Errors
    /// The first thing that is wrong; the lines before it are handed out, and nothing more may be read.
    pub fn feed(&mut self, mut bytes: &[u8], lines: &mut Vec<Line>) -> Result<(), Fault> {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end);
            bytes = &rest[1..];
            if self.held.is_empty() {
                lines.push(self.line(line)?);
            } else {
                self.hold(line)?;
                let held = std::mem::take(&mut self.held);
                lines.push(self.line(&held)?);
            }
        }
        self.hold(bytes)
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// The bundle is not whole.
    pub fn finish(&self) -> Result<Trailer, Fault> {
        match (&self.trailer, self.held.is_empty()) {
            (Some(trailer), true) => Ok(trailer.clone()),
            (Some(_), false) => Err(self.fault(Wrong::Behind)),
            (None, _) if self.header.is_none() && !self.begins_well() => Err(self.fault(Wrong::NotABundle)),
            (None, _) => Err(self.fault(Wrong::Cut)),
        }
    }

    /// Bytes of a line whose end has not come.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// What is wrong at this place, found by whoever hands the bytes in.
    #[must_use]
    pub fn fault(&self, wrong: Wrong) -> Fault {
        Fault { line: self.tally.lines + 1, wrong, whole: self.tally.whole() }
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.held.len() + bytes.len() > LINE_MAX {
            return Err(self.fault(Wrong::TooLong));
        }
        self.held.extend_from_slice(bytes);
        // Of anything else much may come before a line ends.
        if self.header.is_none() && !self.begins_well() {
            return Err(self.fault(Wrong::NotABundle));
        }
        Ok(())
    }

    fn begins_well(&self) -> bool {
        let start = starts::HEADER.as_bytes();
        let common = start.len().min(self.held.len());
        self.held[..common] == start[..common]
    }

    fn line(&mut self, bytes: &[u8]) -> Result<Line, Fault> {
        self.read(bytes).map_err(|wrong| self.fault(wrong))
    }

    fn read(&mut self, bytes: &[u8]) -> Result<Line, Wrong> {
        if self.trailer.is_some() {
            return Err(Wrong::Behind);
        }
        if self.header.is_none() && !bytes.starts_with(starts::HEADER.as_bytes()) {
            return Err(Wrong::NotABundle);
        }
        if bytes.starts_with(starts::TRAILER.as_bytes()) {
            return self.end(bytes).map(Line::Trailer);
        }
        let (body, seal) = bytes.split_at(bytes.len().saturating_sub(SEAL));
        let mut tally = self.tally.clone();
        let should = tally.seal(body);
        if seal != should.as_bytes() {
            // A newer program may seal in another way.
            known_format(bytes)?;
            return Err(Wrong::Damaged);
        }
        let (line, body) = (text(bytes)?, text(body)?);
        let line = self.understand(line, body)?;
        tally.went(&should);
        self.tally = tally;
        self.count(&line);
        Ok(line)
    }

    fn understand(&mut self, line: &str, body: &str) -> Result<Line, Wrong> {
        if let Some(members) = body.strip_prefix(starts::HEADER) {
            known_format(line.as_bytes())?;
            let members = members.split_once(',').map_or("", |(_, members)| members);
            return self.begin(object(members)?);
        }
        if body.starts_with(starts::VERSION) {
            let (version, follows) = version::read(line).map_err(Wrong::Unreadable)?;
            self.check(&version, follows)?;
            return Ok(Line::Version(Box::new(version)));
        }
        if let Some(members) = body.strip_prefix(starts::DAMAGED) {
            let damaged: super::DamagedLine = object(members)?;
            self.in_order(damaged.seq)?;
            return Ok(Line::Damaged(damaged));
        }
        if let Some(members) = body.strip_prefix(starts::SNAPSHOT) {
            return object::<SnapshotLine>(members).map(|line| Line::Snapshot(line.into()));
        }
        if let Some(record) = body.strip_prefix(starts::RESTORE) {
            return from_json(record).map(|record| Line::Restore(Box::new(record)));
        }
        Err(Wrong::Unreadable("it is of no known kind".to_owned()))
    }

    fn begin(&mut self, header: Header) -> Result<Line, Wrong> {
        if self.header.is_some() {
            return Err(Wrong::Unreadable("a second header".to_owned()));
        }
        if header.from == Seq::ZERO {
            return Err(Wrong::Unreadable("the first seq is 1".to_owned()));
        }
        self.at = Some((Seq(header.from.0 - 1), header.chain_hash_before));
        self.header = Some(header.clone());
        Ok(Line::Header(Box::new(header)))
    }

    fn check(&self, version: &Version, follows: Option<ChainHash>) -> Result<(), Wrong> {
        let seq = version.seq;
        self.in_order(seq)?;
        if version.data.as_ref().map(ContentHash::of) != version.content_hash {
            return Err(Wrong::ContentHash(seq));
        }
        let known = self.at.filter(|(last, _)| last.next() == seq).and_then(|(_, hash)| hash);
        let fits = |before: ChainHash| before.followed_by(&version.link()) == version.chain_hash;
        // A version whose predecessor nobody knows can only be held against its content hash.
        if known.into_iter().chain(follows).all(fits) { Ok(()) } else { Err(Wrong::ChainHash(seq)) }
    }

    /// Versions come by seq, within the range, and none is left out where all belong into the bundle.
    fn in_order(&self, found: Seq) -> Result<(), Wrong> {
        let Some(header) = &self.header else { return Err(Wrong::NotABundle) };
        let expected = self.at.map_or(header.from, |(last, _)| last.next());
        let fits = if header.is_complete() { found == expected } else { found >= expected };
        if fits && found <= header.to { Ok(()) } else { Err(Wrong::Order { found, expected }) }
    }

    fn count(&mut self, line: &Line) {
        match line {
            Line::Version(version) => {
                self.at = Some((version.seq, Some(version.chain_hash)));
                self.tally.versions += 1;
                self.tally.last = Some((version.seq, version.chain_hash));
            }
            Line::Damaged(damaged) => {
                self.at = Some((damaged.seq, None));
                self.tally.damaged += 1;
            }
            Line::Snapshot(_) => self.tally.snapshots += 1,
            Line::Restore(_) => self.tally.restores += 1,
            Line::Header(_) | Line::Trailer(_) => {}
        }
    }

    /// The trailer says exactly what was read, to the letter.
    fn end(&mut self, bytes: &[u8]) -> Result<Trailer, Wrong> {
        let should = self.tally.trailer();
        let (header, last) = (self.header.as_ref(), self.at.map(|(seq, _)| seq));
        if header.is_some_and(|header| header.is_complete() && last < Some(header.to)) {
            return Err(Wrong::Trailer("the last versions are missing"));
        }
        if bytes == writer::trailer_line(&should).as_bytes() {
            self.trailer = Some(should.clone());
            return Ok(should);
        }
        let members = text(bytes)?.strip_prefix(starts::TRAILER).and_then(|line| line.strip_suffix('}'));
        let said: Trailer = object(members.unwrap_or_default())?;
        Err(Wrong::Trailer(if said.lines != should.lines {
            "lines are missing, or there are too many"
        } else if said.sha256 == should.sha256 {
            "it was changed"
        } else {
            "the SHA-256 of the lines is another"
        }))
    }
}

/// Whether these first bytes, unpacked, are how a bundle begins, whatever its format version.
#[must_use]
pub fn is_bundle(start: &[u8]) -> bool {
    start.starts_with(starts::HEADER.as_bytes())
}

/// Refuses a header of a format that this program does not know.
fn known_format(line: &[u8]) -> Result<(), Wrong> {
    #[derive(Deserialize)]
    struct Format {
        format_version: u32,
    }
    match serde_json::from_slice::<Format>(line) {
        Ok(format) if format.format_version != FORMAT_VERSION => Err(Wrong::Format(format.format_version)),
        _ => Ok(()),
    }
}

fn text(bytes: &[u8]) -> Result<&str, Wrong> {
    std::str::from_utf8(bytes).map_err(|error| Wrong::Unreadable(error.to_string()))
}

fn object<T: DeserializeOwned>(members: &str) -> Result<T, Wrong> {
    from_json(&format!("{{{members}}}"))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Wrong> {
    serde_json::from_str(text).map_err(|error| Wrong::Unreadable(error.to_string()))
}
