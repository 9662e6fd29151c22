//! The last known heads on the disk, so that a restart while the store is away does not forget them.
//!
//! Only what the store acknowledged gets here. Heads are appended as they are seen and the file is written anew when it has
//! grown; it is handed to the system before a save is answered, but not flushed: what a power failure takes from its end
//! are heads that are then known as they were before, with their age.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use stateloft_core::api::VersionView;
use stateloft_core::hash::ContentHash;
use stateloft_core::json::Document;
use stateloft_core::model::{StateKey, Timestamp, Version};

use super::{aside, plain};

pub(super) const FILE: &str = "heads";
/// The file may be this much longer than what is in it.
const SLACK: u64 = 4 << 20;

/// A head, and when it was one.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) version: Version,
    pub(super) at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Record {
    at: Timestamp,
    version: VersionView,
    data: Option<Document>,
}

/// The file. Once it cannot be written it is left alone until the next start.
#[derive(Debug)]
pub(super) struct HeadsFile {
    path: PathBuf,
    file: Option<File>,
    length: u64,
    /// How long it was when it held every head once.
    tidy: u64,
}

impl HeadsFile {
    /// The file of a folder and what is in it, the oldest first. What cannot be read is not known.
    pub(super) fn open(folder: &Path) -> (Self, Vec<Seen>) {
        let path = folder.join(FILE);
        let mut heads = Self { path, file: None, length: 0, tidy: 0 };
        let seen = heads.load().unwrap_or_else(|error| {
            heads.give_up(&error);
            Vec::new()
        });
        (heads, seen)
    }

    fn load(&mut self) -> std::io::Result<Vec<Seen>> {
        let mut file =
            File::options().create(true).truncate(false).read(true).write(true).open(&self.path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (mut heads, whole) = understood(&bytes);
        let mut whole = whole as u64;
        if let Some(folder) = self.path.parent().filter(|_| heads.is_none()) {
            let kept = aside::keep_heads(folder, &bytes)?;
            tracing::warn!(
                "the last known heads were damaged and are forgotten; they are in {}",
                kept.display()
            );
            (heads, whole) = (Some(Vec::new()), 0);
        } else if whole < bytes.len() as u64 {
            tracing::warn!(
                "{}: {} bytes at the end cannot be read: the heads last seen are known as they were before",
                self.path.display(),
                bytes.len() as u64 - whole
            );
        }
        file.set_len(whole)?;
        file.seek(SeekFrom::Start(whole))?;
        (self.file, self.length) = (Some(file), whole);
        Ok(heads.unwrap_or_default())
    }

    pub(super) fn append(&mut self, heads: &[Seen]) {
        let Some(file) = &mut self.file else { return };
        let bytes = bytes(heads);
        match file.write_all(&bytes) {
            Ok(()) => self.length += bytes.len() as u64,
            Err(error) => self.give_up(&error),
        }
    }

    /// Whether it is worth writing it anew.
    pub(super) fn is_long(&self) -> bool {
        self.file.is_some() && self.length > self.tidy * 2 + SLACK
    }

    /// Replaces what is in it.
    pub(super) fn rewrite(&mut self, heads: &[Seen]) {
        let new = self.path.with_extension("new");
        let bytes = bytes(heads);
        let written = || -> std::io::Result<File> {
            let mut file = File::create(&new)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            std::fs::rename(&new, &self.path)?;
            Ok(file)
        };
        match written() {
            Ok(file) => (self.file, self.length) = (Some(file), bytes.len() as u64),
            Err(error) => self.give_up(&error),
        }
        self.tidy = self.length;
    }

    fn give_up(&mut self, error: &std::io::Error) {
        tracing::warn!(%error, "the last known heads cannot be kept in {}", self.path.display());
        self.file = None;
    }
}

fn bytes(heads: &[Seen]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Seen { version, at } in heads {
        let record = Record { at: *at, version: VersionView::of(version), data: version.data.clone() };
        if let Ok(text) = serde_json::to_vec(&record) {
            // One that is too long is not known after a restart.
            let _ = plain::append(&mut bytes, &text);
        }
    }
    bytes
}

/// The heads of a file, and where the torn end begins; `None` where something in front of that cannot be read: a head that
/// is missing would leave an older one in its place.
pub(super) fn understood(bytes: &[u8]) -> (Option<Vec<Seen>>, usize) {
    let (mut heads, mut end) = (Some(Vec::new()), 0);
    for record in plain::find(bytes) {
        let head = (record.offset == end).then(|| seen(record.text)).flatten();
        heads = heads.zip(head).map(|(mut heads, head)| {
            heads.push(head);
            heads
        });
        end = record.end();
    }
    (heads, end)
}

fn seen(text: &[u8]) -> Option<Seen> {
    let Record { at, version: view, data } = serde_json::from_slice(text).ok()?;
    let origin = view.origin();
    let version = Version {
        seq: view.seq,
        key: StateKey { state_type: view.state_type, state_id: view.state_id },
        version: view.version,
        operation: view.operation,
        data,
        content_hash: view.content_hash,
        chain_hash: view.chain_hash,
        recorded_at: view.timestamp,
        author: view.user_id,
        description: view.description,
        batch_id: view.batch_id,
        origin,
        verdict: view.verdict,
        change: view.change,
        damaged: None,
    };
    // What is not what it should be is not known.
    let fits = version.data.as_ref().map(ContentHash::of) == version.content_hash;
    fits.then_some(Seen { version, at })
}

#[cfg(test)]
mod tests {
    use stateloft_core::hash::ChainHash;
    use stateloft_core::model::{ChangeSummary, Operation, Seq, Verdict, VersionNumber};

    use super::*;

    fn head(id: &str, version: u64, text: &str) -> Seen {
        let data: Document = text.parse().unwrap();
        let version = Version {
            seq: Seq(version),
            key: StateKey::new("position", id).unwrap(),
            version: VersionNumber(version),
            operation: Operation::Update,
            content_hash: Some(ContentHash::of(&data)),
            data: Some(data),
            chain_hash: ChainHash::START,
            recorded_at: Timestamp::from_micros(1_700_000_000_000_001),
            author: Some("me".into()),
            description: None,
            batch_id: Some("b".into()),
            origin: None,
            verdict: Verdict::Valid,
            change: ChangeSummary::default(),
            damaged: None,
        };
        Seen { version, at: Timestamp::from_micros(1_700_000_000_000_002) }
    }

    fn loaded(folder: &Path) -> Vec<(Version, Timestamp)> {
        HeadsFile::open(folder).1.into_iter().map(|seen| (seen.version, seen.at)).collect()
    }

    #[test]
    fn heads_come_back_to_the_last_digit_whatever_is_torn_behind_them() {
        let folder = tempfile::tempdir().unwrap();
        let heads = [head("a/é", 1, r#"{"n":1.0,"e":1e22}"#), head("a/é", 2, r#"{"n":-0.0}"#)];
        let (mut file, none) = HeadsFile::open(folder.path());
        assert!(none.is_empty());
        file.append(&heads[..1]);
        file.append(&heads[1..]);
        let expected: Vec<_> = heads.iter().map(|seen| (seen.version.clone(), seen.at)).collect();
        assert_eq!(loaded(folder.path()), expected);
        let path = folder.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(bytes.len() - 1);
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(loaded(folder.path()), expected[..1]);
        // The torn end is gone, so that what is appended now can be read.
        let (mut file, _) = HeadsFile::open(folder.path());
        file.append(&heads[1..]);
        assert_eq!(loaded(folder.path()), expected);
    }

    #[test]
    fn heads_behind_a_damaged_one_are_set_aside_and_not_mixed_with_older_ones() {
        let folder = tempfile::tempdir().unwrap();
        let (mut file, _) = HeadsFile::open(folder.path());
        file.append(&[head("a", 1, r#"{"n":1}"#), head("a", 2, r#"{"n":2}"#), head("b", 1, r#"{"n":3}"#)]);
        let path = folder.path().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        let last = plain::find(&whole)[2].offset;
        for at in (0..last).step_by(7) {
            let mut bytes = whole.clone();
            bytes[at] ^= 4;
            std::fs::write(&path, &bytes).unwrap();
            assert!(loaded(folder.path()).is_empty(), "byte {at}");
            let aside = aside::list(folder.path()).unwrap();
            let kept = std::fs::read(folder.path().join(&aside.last().unwrap().file)).unwrap();
            assert_eq!(kept, bytes, "byte {at}");
            for file in aside {
                std::fs::remove_file(folder.path().join(&file.file)).unwrap();
            }
        }
    }

    #[test]
    fn the_file_stays_short_and_what_replaces_it_is_appended_to() {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(r#"{{"s":"{}"}}"#, "x".repeat(1 << 20));
        let (mut file, _) = HeadsFile::open(folder.path());
        for n in 1..=6 {
            file.append(&[head("a", n, &text)]);
        }
        assert!(file.is_long());
        file.rewrite(&[head("a", 6, &text)]);
        assert!(!file.is_long());
        file.append(&[head("b", 7, "{}")]);
        let numbers: Vec<_> = loaded(folder.path()).iter().map(|(version, _)| version.version.0).collect();
        assert_eq!(numbers, [6, 7]);
    }
}
