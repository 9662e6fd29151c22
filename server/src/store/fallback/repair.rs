//! Writing a journal anew: without the stretches that cannot be read, which are set aside, and in the present format.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};

use stateloft_core::model::StateKey;

use super::aside::{self, Aside};
use super::entry::{Before, Done, Entry, Record};
use super::folder::{self, JOURNAL};
use super::frame::{Frame, Label};
use super::judge::{Bad, Judged, Missing};
use super::pen::Pen;
use crate::store::{Result, StoreError};

/// Sets aside what cannot be read and writes everything else anew. Whatever ends in between, the journal is there as it was
/// or as it is afterwards; done once more, it comes to the same. Answers with the files made for the bad stretches.
pub(super) fn repair(folder: &Path, bytes: &[u8], judged: &Judged<'_>) -> Result<Vec<PathBuf>> {
    let failed = |error: std::io::Error| StoreError::Unavailable(format!("{}: {error}", folder.display()));
    let (mut files, mut losses) = (Vec::new(), Vec::new());
    for bad in &judged.bad {
        let path =
            aside::keep(folder, &Aside::of(bad, judged), &bytes[bad.offset..bad.end()]).map_err(failed)?;
        losses.push(Loss { bad, file: path.file_name().unwrap_or_default().to_string_lossy().into_owned() });
        files.push(path);
    }
    let new =
        if judged.older { in_present_format(judged, &losses)? } else { without(bytes, judged, &losses) };
    // The torn end stays where it is, and is set aside when the journal is opened.
    folder::replace(&folder.join(JOURNAL), &[&new, &bytes[judged.keep..]]).map_err(failed)?;
    Ok(files)
}

/// A bad stretch, and the file in which it is now.
struct Loss<'a> {
    bad: &'a Bad,
    file: String,
}

impl Loss<'_> {
    fn note(&self, pen: &mut Pen, new: &mut Vec<u8>) {
        let text = serde_json::json!({"file": self.file, "offset": self.bad.offset, "bytes": self.bad.bytes});
        match self.bad.missing {
            Missing::Exactly(0) => {}
            Missing::Exactly(records) => pen.lose(new, records, text.to_string().as_bytes()),
            Missing::Unknown => pen.lose(new, 1, text.to_string().as_bytes()),
        }
    }
}

/// The whole frames as they are, and a note in each place where records are missing.
fn without(bytes: &[u8], judged: &Judged<'_>, losses: &[Loss<'_>]) -> Vec<u8> {
    let mut new = Vec::with_capacity(judged.keep);
    let mut losses = losses.iter().peekable();
    let mut pen = judged
        .frames
        .first()
        .map_or_else(Pen::new, |frame| Pen::behind(&Label { number: 0, last: 0, done: 0, ..frame.label }));
    for frame in &judged.frames {
        while let Some(loss) = losses.next_if(|loss| loss.bad.offset <= frame.offset) {
            loss.note(&mut pen, &mut new);
        }
        new.extend_from_slice(&bytes[frame.offset..frame.end()]);
        pen = Pen::behind(&frame.label);
    }
    losses.for_each(|loss| loss.note(&mut pen, &mut new));
    // It is on the disk before the file has its name.
    new.extend_from_slice(&pen.mark());
    new
}

/// A journal of the first versions, with what the present format says of each entry.
fn in_present_format(judged: &Judged<'_>, losses: &[Loss<'_>]) -> Result<Vec<u8>> {
    let (mut new, mut pen) = (Vec::with_capacity(judged.keep * 2), Pen::new());
    let mut losses = losses.iter().peekable();
    let mut line = Line::default();
    for frame in &judged.frames {
        while let Some(loss) = losses.next_if(|loss| loss.bad.offset <= frame.offset) {
            loss.note(&mut pen, &mut new);
            line.losses += 1;
        }
        let mut record = understood(frame)?;
        match &mut record {
            Record::Entry(entry) => line.join(entry, pen.next),
            Record::Done(done) => line.leave(done),
            Record::Attempt(..) => {}
        }
        let left = line.left;
        pen.write(&mut new, &[record], |_| Some(left))?;
    }
    losses.for_each(|loss| loss.note(&mut pen, &mut new));
    new.extend_from_slice(&pen.mark());
    Ok(new)
}

/// A journal of the first versions as [`repair`] would write it.
pub(super) fn in_memory(judged: &Judged<'_>) -> Result<Vec<u8>> {
    let losses: Vec<_> = judged.bad.iter().map(|bad| Loss { bad, file: String::new() }).collect();
    in_present_format(judged, &losses)
}

/// The record of a frame whose checksum is right.
pub(super) fn understood(frame: &Frame<'_>) -> Result<Record> {
    serde_json::from_slice(frame.text).map_err(|error| {
        StoreError::JournalDamaged(format!(
            "record {} of the fallback journal, at byte {}, is as it was written and is not understood; perhaps a newer stateloft wrote it: {error}",
            frame.label.number, frame.offset
        ))
    })
}

/// Entries that wait, as a journal of the first versions tells them.
#[derive(Default)]
struct Line {
    waiting: VecDeque<(u64, Entry)>,
    /// The last entry of each state, and how many losses stood before it.
    last: HashMap<StateKey, (String, usize)>,
    losses: usize,
    /// The last entry that left.
    left: u64,
}

impl Line {
    fn join(&mut self, entry: &mut Entry, number: u64) {
        for write in &mut entry.writes {
            let before = self.last.insert(write.key.clone(), (entry.id.clone(), self.losses));
            write.after = match before {
                Some((id, losses)) if losses == self.losses => Before::Entry(id),
                Some(_) => Before::Unknown,
                None if self.losses > 0 && write.base.is_none() => Before::Unknown,
                None => Before::Nothing,
            };
        }
        self.waiting.push_back((number, entry.clone()));
    }

    fn leave(&mut self, done: &Done) {
        if !self.waiting.iter().any(|(_, entry)| entry.id == done.id) {
            return;
        }
        // Replays are in order: those before it left, too.
        while let Some((number, entry)) = self.waiting.pop_front() {
            for write in &entry.writes {
                if self.last.get(&write.key).is_some_and(|(last, _)| *last == entry.id) {
                    self.last.remove(&write.key);
                }
            }
            self.left = number;
            if entry.id == done.id {
                return;
            }
        }
    }
}
