//! The journal file: appended to, made durable before anything is answered, emptied when everything is replayed.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stateloft_core::model::{Seq, StateKey, Timestamp};

use super::entry::{Done, Entry, Made, Record};
use super::folder::{self, JOURNAL, Lock};
use super::frame::Kind;
use super::judge::judge;
use super::opened::{self, Opened};
use super::pen::Pen;
use super::repair::understood;
use super::waiting::{Line, Waiting};
use crate::store::{Result, StoreError};

/// What has gone through a journal since the server started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JournalCounts {
    /// Writes that waited in it when it was opened.
    pub inherited: u64,
    /// Writes taken into it.
    pub accepted: u64,
    /// Writes replayed.
    pub replayed: u64,
    /// Writes set aside as conflicts.
    pub set_aside: u64,
    /// Writes that wait.
    pub pending: u64,
    /// When the oldest of them was accepted.
    pub oldest: Option<Timestamp>,
}

/// The journal of one server.
#[derive(Debug)]
pub(super) struct Journal {
    folder: PathBuf,
    file: File,
    lock: Option<Lock>,
    length: u64,
    bytes_max: u64,
    pen: Pen,
    line: Line,
    /// The entry whose replay was begun, and the seq before that.
    attempt: Option<(String, Seq)>,
    /// The entry whose replay may have been begun: the record of that was lost.
    perhaps_begun: Option<String>,
    /// What the entries before have made of a state, and which of them was the last.
    made: HashMap<StateKey, (Made, String)>,
    torn: u64,
    fault: Option<String>,
    counts: JournalCounts,
}

impl Journal {
    /// Opens the journal of a folder, makes it if there is none, and sets a torn end aside. It takes no more writes once it has
    /// so many bytes.
    pub(super) fn open(folder: &Path, bytes_max: u64) -> Result<Self> {
        let lock = Lock::take(folder)?;
        let Opened { file, bytes, torn } = opened::open(folder)?;
        let mut journal = Self {
            folder: folder.to_owned(),
            file,
            lock: Some(lock),
            length: bytes.len() as u64,
            bytes_max,
            pen: Pen::new(),
            line: Line::default(),
            attempt: None,
            perhaps_begun: None,
            made: HashMap::new(),
            torn,
            fault: None,
            counts: JournalCounts::default(),
        };
        let judged = judge(&bytes);
        for frame in &judged.frames {
            if frame.label.kind == Kind::Record {
                journal.take(understood(frame)?, frame.label.number);
            }
            journal.line.leave(frame.label.done);
            journal.pen = Pen::behind(&frame.label);
        }
        if let Some(first) = journal.pending().front()
            && journal.attempt.is_none()
            && opened::lost_behind(&judged, first.number)
        {
            journal.perhaps_begun = Some(first.id.clone());
        }
        // What earlier runs did is not counted.
        journal.counts =
            JournalCounts { inherited: journal.pending().len() as u64, ..JournalCounts::default() };
        folder::sync_folder(folder).map_err(|error| {
            StoreError::Unavailable(format!("{}: the folder cannot be synced: {error}", folder.display()))
        })?;
        Ok(journal)
    }

    /// Entries that wait, the oldest first.
    pub(super) fn pending(&self) -> &VecDeque<Arc<Entry>> {
        self.line.entries()
    }

    /// What waits, by entry and by state.
    pub(super) fn line(&self) -> &Line {
        &self.line
    }

    /// What waits for a state.
    pub(super) fn waiting(&self, key: &StateKey) -> Option<Waiting> {
        self.line.of(key).cloned()
    }

    /// The seq before the first attempt to replay this entry, if there was one.
    pub(super) fn attempt_of(&self, id: &str) -> Option<Seq> {
        self.attempt.as_ref().filter(|(of, _)| of == id).map(|(_, seq)| *seq)
    }

    /// Whether a replay of this entry may have been begun without anything saying from where on.
    pub(super) fn is_perhaps_begun(&self, id: &str) -> bool {
        self.perhaps_begun.as_deref() == Some(id)
    }

    /// What the entries before have made of a state, if any was replayed since the journal was empty, and which of them was
    /// the last.
    pub(super) fn made_of(&self, key: &StateKey) -> Option<(Made, &str)> {
        self.made.get(key).map(|(made, by)| (*made, by.as_str()))
    }

    /// What has gone through it since it was opened.
    pub(super) fn counts(&self) -> JournalCounts {
        let oldest = self.pending().front().map(|entry| entry.accepted_at);
        JournalCounts { pending: self.pending().len() as u64, oldest, ..self.counts }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn torn(&self) -> u64 {
        self.torn
    }

    pub(super) fn fault(&self) -> Option<String> {
        self.fault.clone()
    }

    /// Appends records and makes them durable, all or none.
    pub(super) fn append(&mut self, records: Vec<Record>) -> Result<()> {
        self.stay_in_place()?;
        let (mut bytes, mut pen) = (Vec::new(), self.pen);
        let first = pen.next;
        pen.write(&mut bytes, &records, |id| {
            self.pending().iter().find(|entry| entry.id == id).map(|entry| entry.number)
        })?;
        let accepts = records.iter().any(|record| matches!(record, Record::Entry(_)));
        if accepts && self.length + bytes.len() as u64 > self.bytes_max {
            return Err(StoreError::NotWritten("the fallback journal is full".into()));
        }
        let written = self.file.seek(SeekFrom::Start(self.length)).and_then(|_| self.file.write_all(&bytes));
        if let Err(error) = written.and_then(|()| self.file.sync_data()) {
            // Nothing of it may come back: the writers are told that it is not kept.
            let undone = self.file.set_len(self.length).and_then(|()| self.file.sync_data());
            self.fault = undone.err().map(|error| error.to_string());
            return Err(StoreError::NotWritten(format!("the fallback journal: {error}")));
        }
        self.length += bytes.len() as u64;
        self.pen = pen;
        self.mark();
        for (record, number) in records.into_iter().zip(first..) {
            self.take(record, number);
        }
        Ok(())
    }

    /// Notes behind a write that it is on the disk. This need not be there itself: it says more of the write before than
    /// would be known without it. What is written of a mark that fails is overwritten.
    fn mark(&mut self) {
        let mark = self.pen.mark();
        match self.file.write_all(&mark) {
            Ok(()) => self.length += mark.len() as u64,
            Err(error) => tracing::warn!(%error, "the fallback journal has no mark behind its last write"),
        }
    }

    /// Refuses when nothing may be written. A file that was removed, or replaced, is put back first: what is acknowledged
    /// must be where the next start looks for it.
    fn stay_in_place(&mut self) -> Result<()> {
        if let Some(fault) = &self.fault {
            return Err(StoreError::NotWritten(format!("the fallback journal is out of order: {fault}")));
        }
        if folder::is_at(&self.file, &self.folder.join(JOURNAL)) {
            return Ok(());
        }
        let gone = format!("{}: the journal was removed or replaced", self.folder.display());
        if !self.lock.as_ref().is_some_and(|lock| lock.is_at(&self.folder)) {
            // The old one first: it may hold the same folder.
            self.lock = None;
            let lock = Lock::take(&self.folder);
            self.lock = Some(lock.map_err(|error| StoreError::NotWritten(format!("{gone}, and: {error}")))?);
        }
        match opened::put_back(&self.folder, &mut self.file, self.length) {
            Ok(file) => {
                self.file = file;
                tracing::error!("{gone}, and is back");
                Ok(())
            }
            Err(error) => Err(StoreError::NotWritten(format!("{gone}, and cannot be put back: {error}"))),
        }
    }

    /// Lets another server have the folder. Nothing is accepted any more.
    pub(super) fn close(&mut self) {
        if let Err(error) = self.file.sync_data() {
            tracing::warn!(%error, "the last mark of the fallback journal may not be on the disk");
        }
        self.fault = Some("it is closed".to_owned());
        self.lock = None;
    }

    /// Starts the file anew when nothing waits.
    pub(super) fn compact(&mut self) -> Result<()> {
        if !self.pending().is_empty() || self.length == 0 {
            return Ok(());
        }
        let emptied = self.file.set_len(0).and_then(|()| self.file.sync_data());
        emptied.map_err(|error| StoreError::Unavailable(format!("the fallback journal: {error}")))?;
        self.length = 0;
        self.pen = Pen::new();
        self.attempt = None;
        self.made.clear();
        Ok(())
    }

    fn take(&mut self, record: Record, number: u64) {
        match record {
            Record::Entry(entry) => {
                self.counts.accepted += 1;
                self.line.join(Entry { number, ..entry });
            }
            Record::Attempt(id, seq) => self.attempt = Some((id, seq)),
            Record::Done(Done { id, heads }) => {
                match heads.first() {
                    Some((_, Made::Conflict)) => self.counts.set_aside += 1,
                    _ => self.counts.replayed += 1,
                }
                if let Some(entry) = self.pending().front().filter(|entry| entry.id == id) {
                    self.line.leave(entry.number);
                }
                self.attempt = None;
                self.made.extend(heads.into_iter().map(|(key, made)| (key, (made, id.clone()))));
            }
        }
    }
}
