//! Records as frames: numbered, and each saying which entries are done.

use super::entry::Record;
use super::frame::{self, Kind, Label};
use crate::store::{Result, StoreError};

/// Where the next record of a journal goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen {
    journal: u64,
    /// The number of the next record.
    pub(super) next: u64,
    /// The number of the last entry that needs no replay any more.
    done: u64,
}

impl Pen {
    /// For a file that begins.
    pub(super) fn new() -> Self {
        Self { journal: fastrand::u64(..), next: 1, done: 0 }
    }

    /// Behind the last frame of a file.
    pub(super) fn behind(last: &Label) -> Self {
        let next = match last.kind {
            Kind::Record | Kind::Mark => last.number,
            Kind::Lost => last.last,
        };
        Self { journal: last.journal, next: next + 1, done: last.done }
    }

    /// Appends the records of one write. `number_of` finds the number of an entry that waits.
    pub(super) fn write(
        &mut self,
        buffer: &mut Vec<u8>,
        records: &[Record],
        number_of: impl Fn(&str) -> Option<u64>,
    ) -> Result<()> {
        let (first, mut number) = (self.next, self.next);
        let last = (first + records.len() as u64).saturating_sub(1);
        for record in records {
            if let Record::Done(done) = record {
                self.done = number_of(&done.id).unwrap_or(self.done).max(self.done);
            }
            let text =
                serde_json::to_vec(record).map_err(|error| StoreError::NotWritten(error.to_string()))?;
            let label =
                Label { kind: Kind::Record, journal: self.journal, number, first, last, done: self.done };
            if !frame::append(buffer, &label, &text) {
                return Err(StoreError::NotWritten("a write is too large for the fallback journal".into()));
            }
            number += 1;
        }
        self.next = number;
        Ok(())
    }

    /// Appends that records cannot be read any more; the text says where they are.
    pub(super) fn lose(&mut self, buffer: &mut Vec<u8>, records: u64, text: &[u8]) {
        let (first, last) = (self.next, self.next + records.max(1) - 1);
        let label =
            Label { kind: Kind::Lost, journal: self.journal, number: first, first, last, done: self.done };
        frame::append(buffer, &label, text);
        self.next = last + 1;
    }

    /// What says that everything before it is on the disk.
    pub(super) fn mark(&self) -> Vec<u8> {
        let number = self.next - 1;
        let label = Label {
            kind: Kind::Mark,
            journal: self.journal,
            number,
            first: number,
            last: number,
            done: self.done,
        };
        let mut bytes = Vec::with_capacity(frame::HEAD);
        frame::append(&mut bytes, &label, b"");
        bytes
    }
}
