//! Opening a journal: what it holds is judged before anything is changed.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::aside;
use super::folder::JOURNAL;
use super::frame::Kind;
use super::judge::{Bad, Judged, Missing, judge};
use super::repair::repair;
use crate::store::{Result, StoreError};

/// A journal that is whole, up to a torn end that is no longer in it.
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) bytes: Vec<u8>,
    /// Bytes of the torn end.
    pub(super) torn: u64,
}

/// Opens the journal of a folder, which the caller has locked.
///
/// # Errors
/// [`StoreError::JournalDamaged`] when acknowledged records cannot be read: then nothing was changed.
pub(super) fn open(folder: &Path) -> Result<Opened> {
    let (mut file, mut bytes) = load(folder)?;
    let judged = judge(&bytes);
    if judged.is_damaged() {
        return Err(StoreError::JournalDamaged(sentence(folder, &judged)));
    }
    if (judged.older && !judged.frames.is_empty()) || !judged.bad.is_empty() {
        for bad in &judged.bad {
            tracing::warn!(
                "{}: {} bytes at {} cannot be read; no record is missing",
                folder.display(),
                bad.bytes,
                bad.offset
            );
        }
        repair(folder, &bytes, &judged)?;
        (file, bytes) = load(folder)?;
    }
    let keep = judge(&bytes).keep;
    let torn = bytes.split_off(keep);
    set_aside(folder, &file, keep, &torn)
        .map_err(|error| because(folder, "its torn end cannot be set aside", &error))?;
    // What was written when the program was killed is kept from now on, so it must be on the disk.
    file.sync_data().map_err(|error| because(folder, "the journal cannot be synced", &error))?;
    Ok(Opened { file, bytes, torn: torn.len() as u64 })
}

fn load(folder: &Path) -> Result<(File, Vec<u8>)> {
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true);
    let mut file = options
        .open(folder.join(JOURNAL))
        .map_err(|error| because(folder, "the journal cannot be opened", &error))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|error| because(folder, "the journal cannot be read", &error))?;
    Ok((file, bytes))
}

fn set_aside(folder: &Path, file: &File, keep: usize, torn: &[u8]) -> std::io::Result<()> {
    if torn.is_empty() {
        return Ok(());
    }
    let path = aside::keep_torn(folder, torn)?;
    tracing::warn!(
        "the end of the fallback journal was torn: {} bytes of a write that was not finished are in {}",
        torn.len(),
        path.display()
    );
    file.set_len(keep as u64)?;
    file.sync_data()
}

fn because(folder: &Path, what: &str, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {what}: {error}", folder.display()))
}

/// What is wrong with a journal, where and how much, and the way on.
fn sentence(folder: &Path, judged: &Judged<'_>) -> String {
    let places: Vec<String> =
        judged.bad.iter().filter(|bad| bad.is_damage()).map(|bad| place(bad, judged)).collect();
    format!(
        "the fallback journal {} is damaged: {}. These were acknowledged, so the server does not start without them; nothing was changed. `stateloft journal check` says more, `stateloft journal salvage` sets what cannot be read aside and keeps the rest",
        folder.join(JOURNAL).display(),
        places.join("; ")
    )
}

/// Where a stretch is, what is missing there and what stands behind it.
pub(super) fn place(bad: &Bad, judged: &Judged<'_>) -> String {
    let behind = match judged.behind(bad.end()) {
        1 => "1 whole record follows".to_owned(),
        records => format!("{records} whole records follow"),
    };
    format!("{} cannot be read ({} bytes at byte {}); {behind}", missing(bad), bad.bytes, bad.offset)
}

fn missing(bad: &Bad) -> String {
    match bad.missing {
        Missing::Exactly(0) => "no record, only a mark,".to_owned(),
        Missing::Exactly(1) => format!("record {}", bad.first),
        Missing::Exactly(records) => format!("records {} to {}", bad.first, bad.first + records - 1),
        Missing::Unknown => format!("record {} and perhaps more", bad.first),
    }
}

/// Whether records were lost behind this one by an earlier damage.
pub(super) fn lost_behind(judged: &Judged<'_>, number: u64) -> bool {
    judged.frames.iter().any(|frame| frame.label.kind == Kind::Lost && frame.label.number > number)
}

/// Writes what the open file holds to its name again. Another file that stands there is kept beside it.
pub(super) fn put_back(folder: &Path, file: &mut File, length: u64) -> std::io::Result<File> {
    let path = folder.join(JOURNAL);
    if path.exists() {
        let other = std::fs::read(&path)?;
        aside::keep_other(folder, &other)?;
    }
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != length {
        return Err(std::io::Error::other("it is shorter than what was written"));
    }
    super::folder::replace(&path, &[&bytes])
}
