//! The journal file: appended to, made durable before anything is answered, emptied when everything is replayed.

use std::collections::{HashMap, VecDeque};
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use statehouse_core::model::{Seq, StateKey, Timestamp};

use super::entry::{Done, Entry, Made, Record};
use super::frame;
use crate::store::{Result, StoreError};

const FILE: &str = "journal";
/// Bytes that wait to be replayed at most: they are kept in memory as well.
const BYTES_MAX: u64 = 1 << 30;

/// Writes to one state that wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) count: u64,
    /// The last of them deletes it.
    pub(super) deletes: bool,
}

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
    lock: Option<File>,
    length: u64,
    pending: VecDeque<Arc<Entry>>,
    /// What waits for each state.
    waiting: HashMap<StateKey, Waiting>,
    /// The entry whose replay was begun, and the seq before that.
    attempt: Option<(String, Seq)>,
    /// What the entries before have made of a state.
    made: HashMap<StateKey, Made>,
    torn: u64,
    fault: Option<String>,
    counts: JournalCounts,
}

impl Journal {
    /// Opens the journal of a folder, makes it if there is none, and sets a torn end aside.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let failed = |what: &'static str| {
            let folder = folder.display().to_string();
            move |error: std::io::Error| StoreError::Unavailable(format!("{folder}: {what}: {error}"))
        };
        std::fs::create_dir_all(folder).map_err(failed("the folder cannot be made"))?;
        let options = || {
            let mut options = File::options();
            options.create(true).truncate(false).read(true).write(true);
            options
        };
        let lock = options().open(folder.join("lock")).map_err(failed("the lock cannot be opened"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(folder.display().to_string())),
            Err(TryLockError::Error(error)) => return Err(failed("it cannot be locked")(error)),
        }
        let mut file = options().open(folder.join(FILE)).map_err(failed("the journal cannot be opened"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed("the journal cannot be read"))?;
        let (texts, whole) = frame::read(&bytes);
        let mut journal = Self {
            folder: folder.to_owned(),
            file,
            lock: Some(lock),
            length: whole as u64,
            pending: VecDeque::new(),
            waiting: HashMap::new(),
            attempt: None,
            made: HashMap::new(),
            torn: (bytes.len() - whole) as u64,
            fault: None,
            counts: JournalCounts::default(),
        };
        for text in texts {
            let record = serde_json::from_slice(text).map_err(|error| {
                StoreError::Damaged(format!("{}: a record of the journal: {error}", folder.display()))
            })?;
            journal.take(record);
        }
        // What earlier runs did is not counted.
        journal.counts =
            JournalCounts { inherited: journal.pending.len() as u64, ..JournalCounts::default() };
        journal.set_aside(&bytes[whole..]).map_err(failed("its torn end cannot be set aside"))?;
        sync_folder(folder).map_err(failed("the folder cannot be synced"))?;
        Ok(journal)
    }

    /// Entries that wait, the oldest first.
    pub(super) fn pending(&self) -> &VecDeque<Arc<Entry>> {
        &self.pending
    }

    /// What waits for a state.
    pub(super) fn waiting(&self, key: &StateKey) -> Waiting {
        self.waiting.get(key).copied().unwrap_or_default()
    }

    /// The seq before the first attempt to replay this entry, if there was one.
    pub(super) fn attempt_of(&self, id: &str) -> Option<Seq> {
        self.attempt.as_ref().filter(|(of, _)| of == id).map(|(_, seq)| *seq)
    }

    /// What the entries before have made of a state, if any was replayed since the journal was empty.
    pub(super) fn made_of(&self, key: &StateKey) -> Option<Made> {
        self.made.get(key).copied()
    }

    /// What has gone through it since it was opened.
    pub(super) fn counts(&self) -> JournalCounts {
        let oldest = self.pending.front().map(|entry| entry.accepted_at);
        JournalCounts { pending: self.pending.len() as u64, oldest, ..self.counts }
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
        if let Some(fault) = &self.fault {
            return Err(StoreError::NotWritten(format!("the fallback journal is out of order: {fault}")));
        }
        let mut bytes = Vec::new();
        for record in &records {
            let text =
                serde_json::to_vec(record).map_err(|error| StoreError::NotWritten(error.to_string()))?;
            if !frame::append(&mut bytes, &text) {
                return Err(StoreError::NotWritten("a write is too large for the fallback journal".into()));
            }
        }
        let accepts = records.iter().any(|record| matches!(record, Record::Entry(_)));
        if accepts && self.length + bytes.len() as u64 > BYTES_MAX {
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
        for record in records {
            self.take(record);
        }
        Ok(())
    }

    /// Lets another server have the folder. Nothing is accepted any more.
    pub(super) fn close(&mut self) {
        self.fault = Some("it is closed".to_owned());
        self.lock = None;
    }

    /// Starts the file anew when nothing waits.
    pub(super) fn compact(&mut self) -> Result<()> {
        if !self.pending.is_empty() || self.length == 0 {
            return Ok(());
        }
        let emptied = self.file.set_len(0).and_then(|()| self.file.sync_data());
        emptied.map_err(|error| StoreError::Unavailable(format!("the fallback journal: {error}")))?;
        self.length = 0;
        self.attempt = None;
        self.made.clear();
        Ok(())
    }

    fn take(&mut self, record: Record) {
        match record {
            Record::Entry(entry) => {
                self.counts.accepted += 1;
                for write in &entry.writes {
                    let waiting = self.waiting.entry(write.key.clone()).or_default();
                    *waiting = Waiting { count: waiting.count + 1, deletes: write.is_delete() };
                }
                self.pending.push_back(Arc::new(entry));
            }
            Record::Attempt(id, seq) => self.attempt = Some((id, seq)),
            Record::Done(Done { id, heads }) => {
                match heads.first() {
                    Some((_, Made::Conflict)) => self.counts.set_aside += 1,
                    _ => self.counts.replayed += 1,
                }
                self.leave(&id);
                self.attempt = None;
                self.made.extend(heads);
            }
        }
    }

    /// Takes the entry out that was replayed: always the first.
    fn leave(&mut self, id: &str) {
        let Some(entry) = self.pending.pop_front_if(|entry| entry.id == id) else { return };
        for write in &entry.writes {
            if let Some(waiting) = self.waiting.get_mut(&write.key) {
                waiting.count -= 1;
                if waiting.count == 0 {
                    self.waiting.remove(&write.key);
                }
            }
        }
    }

    fn set_aside(&mut self, torn: &[u8]) -> std::io::Result<()> {
        if torn.is_empty() {
            return Ok(());
        }
        let free = (1..=u32::MAX).map(|n| self.folder.join(format!("torn-{n}"))).find(|path| !path.exists());
        if let Some(path) = free {
            let mut file = File::create_new(&path)?;
            file.write_all(torn)?;
            file.sync_all()?;
            tracing::warn!(
                "the end of the fallback journal was torn: {} bytes, never acknowledged, are in {}",
                torn.len(),
                path.display()
            );
        }
        self.file.set_len(self.length)?;
        self.file.sync_data()
    }
}

/// Makes new names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
