//! Writing a bundle, a line at a time.

use serde::Serialize;

use super::shape::{SnapshotLine, starts};
use super::tally::Tally;
use super::{DamagedLine, FORMAT_VERSION, Header, Trailer, version};
use crate::api::RestoreRecord;
use crate::hash::{ChainHash, ContentHash};
use crate::model::{Seq, Snapshot, Version};

/// Makes the lines of a bundle. Versions come by seq; each is held against its hashes, and one that does not fit gets a line
/// that says so.
#[derive(Debug)]
pub struct Writer {
    tally: Tally,
    /// The last version that went by, with a line or without: where it stands, and what its chain hash may be.
    before: Option<(Seq, Vec<ChainHash>)>,
    /// The version whose chain hash a reader knows.
    told: Option<Seq>,
}

impl Writer {
    /// Begins a bundle. `before` is the chain hash right before the first version that will come, if that is known, whether
    /// the bundle says it or not.
    #[must_use]
    pub fn begin(header: &Header, before: Option<ChainHash>, out: &mut Vec<u8>) -> Self {
        let last = Seq(header.from.0.saturating_sub(1));
        let mut writer = Self {
            tally: Tally::default(),
            before: before.map(|hash| (last, vec![hash])),
            told: header.chain_hash_before.map(|_| last),
        };
        let mut line = format!("{}{FORMAT_VERSION},", starts::HEADER);
        members(&mut line, header);
        writer.put(&line, out);
        writer
    }

    /// A version that belongs into the bundle.
    pub fn version(&mut self, version: &Version, out: &mut Vec<u8>) {
        let (fits, reason) = self.look(version);
        if let Some(reason) = reason {
            return self.damaged(version.seq, reason, out);
        }
        let follows = fits.filter(|_| self.told.map(Seq::next) != Some(version.seq));
        let mut line = starts::VERSION.to_owned();
        version::write(&mut line, version, follows);
        self.put(&line, out);
        self.told = Some(version.seq);
        self.tally.versions += 1;
        self.tally.last = Some((version.seq, version.chain_hash));
    }

    /// A version that does not belong into it.
    pub fn pass(&mut self, version: &Version) {
        self.look(version);
    }

    /// The place of a version that cannot be given.
    pub fn damaged(&mut self, seq: Seq, reason: impl Into<String>, out: &mut Vec<u8>) {
        if self.before.as_ref().is_none_or(|(last, _)| *last < seq) {
            self.before = Some((seq, Vec::new()));
        }
        let mut line = starts::DAMAGED.to_owned();
        members(&mut line, &DamagedLine { seq, reason: reason.into() });
        self.put(&line, out);
        self.tally.damaged += 1;
    }

    /// A snapshot.
    pub fn snapshot(&mut self, snapshot: &Snapshot, out: &mut Vec<u8>) {
        let mut line = starts::SNAPSHOT.to_owned();
        members(&mut line, &SnapshotLine::from(snapshot));
        self.put(&line, out);
        self.tally.snapshots += 1;
    }

    /// A restore.
    pub fn restore(&mut self, record: &RestoreRecord, out: &mut Vec<u8>) {
        let line = format!("{}{}", starts::RESTORE, json(record));
        self.put(&line, out);
        self.tally.restores += 1;
    }

    /// Ends the bundle.
    pub fn end(self, out: &mut Vec<u8>) -> Trailer {
        let trailer = self.tally.trailer();
        out.extend_from_slice(trailer_line(&trailer).as_bytes());
        out.push(b'\n');
        trailer
    }

    /// Holds a version against its hashes: the chain hash that it follows, where that is known, and what is wrong.
    fn look(&mut self, version: &Version) -> (Option<ChainHash>, Option<String>) {
        let before = self.before.take().filter(|(last, _)| last.next() == version.seq);
        let before = before.map(|(_, hashes)| hashes).unwrap_or_default();
        let should: Vec<_> = before.iter().map(|hash| hash.followed_by(&version.link())).collect();
        let fits = should.iter().position(|hash| *hash == version.chain_hash).map(|place| before[place]);
        let reason = if let Some(what) = &version.damaged {
            Some(what.to_string())
        } else if version.data.as_ref().map(ContentHash::of) != version.content_hash {
            Some("its data does not have its content hash".to_owned())
        } else if fits.is_none() && !before.is_empty() {
            Some("its chain hash does not follow from the one before".to_owned())
        } else {
            None
        };
        // What follows a damaged one may follow what is stored of it, or what should be.
        let mut hashes = vec![version.chain_hash];
        if reason.is_some() {
            hashes.extend(should);
        }
        self.before = Some((version.seq, hashes));
        (fits, reason)
    }

    fn put(&mut self, line: &str, out: &mut Vec<u8>) {
        let seal = self.tally.seal(line.as_bytes());
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(seal.as_bytes());
        out.push(b'\n');
        self.tally.went(&seal);
    }
}

/// The last line, without its line break.
pub(super) fn trailer_line(trailer: &Trailer) -> String {
    let mut line = starts::TRAILER.to_owned();
    members(&mut line, trailer);
    line.push('}');
    line
}

/// The members of an object, without the braces around them.
pub(super) fn members<T: Serialize>(out: &mut String, object: &T) {
    let text = json(object);
    out.push_str(text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(&text));
}

fn json<T: Serialize>(value: &T) -> String {
    // Texts, numbers and fixed names: writing them cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}
