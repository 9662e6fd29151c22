//! A journal's folder, looked at from outside: nothing is changed but by [`salvage`].

use std::path::{Path, PathBuf};

use stateloft_core::json::Document;
use stateloft_core::model::{StateKey, Timestamp};

use super::aside;
use super::conflicts::Conflicts;
use super::entry::{Entry, Record};
use super::folder::{JOURNAL, Lock};
use super::frame::Kind;
use super::heads_file;
use super::judge::{Judged, judge};
use super::opened::place;
use super::repair::{in_memory, repair, understood};
use super::waiting::Line;
use crate::store::{Result, StoreError};

/// How a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// As it was written.
    Whole,
    /// What cannot be read was never acknowledged, or is only a cache.
    Torn,
    /// Something that was acknowledged cannot be read.
    Damaged,
}

/// A file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub file: String,
    /// How it is.
    pub standing: Standing,
    /// What is in it, or wrong with it, a line each.
    pub lines: Vec<String>,
}

/// A write to one state that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct WaitingWrite {
    /// The pending id; the writes of a batch have the same.
    pub pending_id: String,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// `save`, `restore` or `delete`.
    pub change: &'static str,
    /// The state.
    pub key: StateKey,
    /// Who wrote.
    pub author: Option<String>,
    /// The data; nothing for a delete.
    pub data: Option<Document>,
}

/// What a folder holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    /// The journal, the conflicts and the known heads.
    pub parts: Vec<Part>,
    /// What waits to be replayed, in that order.
    pub waiting: Vec<WaitingWrite>,
    /// What was set aside, and the writes that can still be made out in it. Nothing vouches for them.
    pub set_aside: Vec<(Part, Vec<WaitingWrite>)>,
}

/// Looks at a folder. A server may have it: what that is writing may then look torn.
///
/// # Errors
/// [`StoreError::Unavailable`] when the folder cannot be read, [`StoreError::JournalDamaged`] when a whole record is not
/// understood.
pub fn examine(folder: &Path) -> Result<Examined> {
    let bytes = std::fs::read(folder.join(JOURNAL)).map_err(|error| failed(folder, &error))?;
    let judged = judge(&bytes);
    let parts = vec![journal(&judged, bytes.len()), conflicts(folder)?, heads(folder)?];
    let mut set_aside = Vec::new();
    for file in aside::list(folder).map_err(|error| failed(folder, &error))? {
        set_aside.push(made_out(folder, file.file).map_err(|error| failed(folder, &error))?);
    }
    let waiting = if judged.older { waiting(&judge(&in_memory(&judged)?))? } else { waiting(&judged)? };
    Ok(Examined { parts, waiting, set_aside })
}

/// Sets aside what cannot be read of the journal, each stretch in a file of its own, and keeps the rest. Answers with those
/// files; none when the journal is whole.
///
/// # Errors
/// [`StoreError::InUse`] when a server has the folder; otherwise as [`examine`].
pub fn salvage(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Err(StoreError::Unavailable(format!("there is no folder {}", folder.display())));
    }
    let _lock = Lock::take(folder)?;
    let bytes = std::fs::read(folder.join(JOURNAL)).map_err(|error| failed(folder, &error))?;
    let judged = judge(&bytes);
    if judged.bad.is_empty() { Ok(Vec::new()) } else { repair(folder, &bytes, &judged) }
}

fn journal(judged: &Judged<'_>, length: usize) -> Part {
    let mut lines = vec![format!("{} records in {length} bytes", judged.records().count())];
    lines.extend(judged.bad.iter().map(|bad| place(bad, judged)));
    let gaps = judged.frames.iter().filter(|frame| frame.label.kind == Kind::Lost);
    lines.extend(gaps.map(|frame| match (frame.label.number, frame.label.last) {
        (first, last) if last > first => format!("records {first} to {last} were set aside earlier"),
        (only, _) => format!("record {only} was set aside earlier"),
    }));
    let torn = length - judged.keep;
    if torn > 0 {
        lines.push(format!(
            "the last {torn} bytes, at byte {}, are of a write that was not finished",
            judged.keep
        ));
    }
    let standing = match (judged.is_damaged(), torn > 0 || !judged.bad.is_empty()) {
        (true, _) => Standing::Damaged,
        (false, true) => Standing::Torn,
        (false, false) => Standing::Whole,
    };
    Part { file: JOURNAL.to_owned(), standing, lines }
}

fn conflicts(folder: &Path) -> Result<Part> {
    let found = Conflicts::look(folder)?;
    let mut lines = vec![format!("{} wait for a decision", found.conflicts.len())];
    lines.extend(found.damaged.iter().map(|damaged| damaged.why.clone()));
    let standing = if found.damaged.is_empty() { Standing::Whole } else { Standing::Damaged };
    Ok(Part { file: "conflicts".to_owned(), standing, lines })
}

fn heads(folder: &Path) -> Result<Part> {
    let bytes = match std::fs::read(folder.join(heads_file::FILE)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(failed(folder, &error)),
    };
    let (known, whole) = heads_file::understood(&bytes);
    let (standing, line) = match known {
        None => (Standing::Torn, "damaged; the next start forgets what it held".to_owned()),
        Some(known) if whole == bytes.len() => (Standing::Whole, format!("{} were noted", known.len())),
        Some(known) => (
            Standing::Torn,
            format!("{} were noted; the last {} bytes cannot be read", known.len(), bytes.len() - whole),
        ),
    };
    Ok(Part { file: heads_file::FILE.to_owned(), standing, lines: vec![line] })
}

fn waiting(judged: &Judged<'_>) -> Result<Vec<WaitingWrite>> {
    let mut line = Line::default();
    for frame in &judged.frames {
        if frame.label.kind == Kind::Record
            && let Record::Entry(entry) = understood(frame)?
        {
            line.join(Entry { number: frame.label.number, ..entry });
        }
        line.leave(frame.label.done);
    }
    Ok(line.entries().iter().flat_map(|entry| writes(entry)).collect())
}

fn writes(entry: &Entry) -> Vec<WaitingWrite> {
    let of = |write: &super::entry::EntryWrite| WaitingWrite {
        pending_id: entry.id.clone(),
        accepted_at: entry.taken_at(),
        change: write.kind(),
        key: write.key.clone(),
        author: write.author.as_deref().map(str::to_owned),
        data: write.data.clone(),
    };
    entry.writes.iter().map(of).collect()
}

/// What can be made out in a file that was set aside.
fn made_out(folder: &Path, file: String) -> std::io::Result<(Part, Vec<WaitingWrite>)> {
    let path = folder.join(&file);
    let (line, standing, bytes) = if file.starts_with(aside::DAMAGED) {
        match aside::read(&path) {
            Ok((of, bytes)) => {
                let records = match of.records {
                    Some(0) => "no record".to_owned(),
                    Some(records) => format!("{records} acknowledged, from number {}", of.record),
                    None => format!("at least 1 acknowledged, from number {}", of.record),
                };
                (
                    format!("{records}: {} bytes from byte {} of the journal", of.bytes, of.offset),
                    of.records,
                    bytes,
                )
            }
            Err(error) => (format!("its first line cannot be read: {error}"), None, std::fs::read(&path)?),
        }
    } else {
        let bytes = std::fs::read(&path)?;
        (format!("{} bytes", bytes.len()), Some(0), bytes)
    };
    let standing = if standing == Some(0) { Standing::Torn } else { Standing::Damaged };
    Ok((Part { file, standing, lines: vec![line] }, guessed(&bytes)))
}

/// Entries whose text can be read, whether or not their checksums are right.
fn guessed(bytes: &[u8]) -> Vec<WaitingWrite> {
    const BEGIN: &[u8] = b"{\"Entry\":";
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(next) = bytes[at..].windows(BEGIN.len()).position(|window| window == BEGIN) {
        at += next;
        let mut read = serde_json::Deserializer::from_slice(&bytes[at..]).into_iter::<Record>();
        match read.next() {
            Some(Ok(Record::Entry(entry))) => {
                found.extend(writes(&entry));
                at += read.byte_offset();
            }
            _ => at += BEGIN.len(),
        }
    }
    found
}

fn failed(folder: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", folder.display()))
}
