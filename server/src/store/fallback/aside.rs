//! What was set aside: stretches of the journal that could not be read, each in a file of its own, and torn ends.
//!
//! A file `damaged-N` is one line of JSON that says where the stretch was, and then its bytes.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use stateloft_core::api::SetAside;

use super::folder::keep_aside;
use super::judge::{Bad, Judged, Missing};

/// A first line is never longer.
const LINE_MAX: u64 = 4096;
pub(super) const DAMAGED: &str = "damaged";
const TORN: &str = "torn";
const HEADS: &str = "heads-damaged";
const OTHER: &str = "journal-replaced";

/// Where a stretch was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Aside {
    /// Its first byte in the journal.
    pub(super) offset: u64,
    /// How long it is.
    pub(super) bytes: u64,
    /// The number of the first record that was in it.
    pub(super) record: u64,
    /// How many records were in it, as far as that is known; 0 where only a mark was.
    pub(super) records: Option<u64>,
    /// The journal was one of the first versions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) older: bool,
}

impl Aside {
    pub(super) fn of(bad: &Bad, judged: &Judged<'_>) -> Self {
        let records = match bad.missing {
            Missing::Exactly(records) => Some(records),
            Missing::Unknown => None,
        };
        Self {
            offset: bad.offset as u64,
            bytes: bad.bytes as u64,
            record: bad.first,
            records,
            older: judged.older,
        }
    }
}

/// Keeps a stretch of the journal.
pub(super) fn keep(folder: &Path, aside: &Aside, bytes: &[u8]) -> std::io::Result<PathBuf> {
    let line = serde_json::to_vec(aside)?;
    keep_aside(folder, DAMAGED, &[&line, b"\n", bytes])
}

/// Keeps a torn end.
pub(super) fn keep_torn(folder: &Path, bytes: &[u8]) -> std::io::Result<PathBuf> {
    keep_aside(folder, TORN, &[bytes])
}

/// Keeps a damaged file of known heads.
pub(super) fn keep_heads(folder: &Path, bytes: &[u8]) -> std::io::Result<PathBuf> {
    keep_aside(folder, HEADS, &[bytes])
}

/// Keeps a file that stood in the place of the journal of a running server.
pub(super) fn keep_other(folder: &Path, bytes: &[u8]) -> std::io::Result<PathBuf> {
    keep_aside(folder, OTHER, &[bytes])
}

/// Where the stretch in a file was.
fn first_line(path: &Path) -> std::io::Result<Aside> {
    let mut line = Vec::new();
    BufReader::new(File::open(path)?).take(LINE_MAX).read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line)?)
}

/// A stretch that was set aside, and its bytes.
pub(super) fn read(path: &Path) -> std::io::Result<(Aside, Vec<u8>)> {
    let mut bytes = std::fs::read(path)?;
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let aside = serde_json::from_slice(&bytes[..end])?;
    bytes.drain(..(end + 1).min(bytes.len()));
    Ok((aside, bytes))
}

/// The files of a folder in which something was set aside, by name.
pub(super) fn list(folder: &Path) -> std::io::Result<Vec<SetAside>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is = |word: &str| {
            let number = name.strip_prefix(word).and_then(|rest| rest.strip_prefix('-'));
            number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        };
        if ![DAMAGED, TORN, HEADS, OTHER].into_iter().any(is) {
            continue;
        }
        let bytes = entry.metadata()?.len();
        // A file whose first line is damaged as well counts as if it held a record.
        let lost = if is(DAMAGED) {
            first_line(&entry.path()).map_or(Some(1), |aside| aside.records)
        } else {
            Some(0)
        };
        found.push(SetAside { file: name, bytes, lost: lost.unwrap_or(1) });
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(found)
}
