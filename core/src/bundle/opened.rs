//! A bundle that is held in memory, to be looked at: whole, or as far as it is.

use std::collections::HashMap;
use std::sync::Arc;

use super::{DamagedLine, Fault, Header, Line, Reader, Trailer, Wrong};
use crate::json::Document;
use crate::model::{Seq, Snapshot, StateKey, Version};

/// Bytes that are held at most: more than a page of a browser should be asked to carry.
pub const HELD_MAX: usize = 1 << 30;
/// What a version takes besides its data, about.
const VERSION: usize = 512;

/// How a bundle ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// With its trailer: all of it is as it was written.
    Whole(Trailer),
    /// Here it is damaged or was cut; what was before is held.
    Faulty(Fault),
    /// It goes on, and more than [`HELD_MAX`] is not held.
    TooLarge,
}

/// One state of a bundle.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) key: StateKey,
    /// Places of its versions, oldest first.
    pub(super) versions: Vec<usize>,
}

/// A bundle in memory. Each document is held once, as its text.
#[derive(Debug, Default)]
pub struct Opened {
    reader: Reader,
    /// Lines that were read and not taken in yet.
    lines: Vec<Line>,
    header: Option<Header>,
    /// By seq.
    pub(super) versions: Vec<Version>,
    /// In the order in which they came.
    pub(super) states: Vec<Held>,
    places: HashMap<StateKey, usize>,
    damaged: Vec<DamagedLine>,
    snapshots: Vec<Snapshot>,
    restores: u64,
    held: usize,
    end: Option<End>,
}

impl Opened {
    /// Takes in the next bytes, unpacked, and says whether more are wanted.
    pub fn feed(&mut self, plain: &[u8]) -> bool {
        if self.end.is_some() {
            return false;
        }
        let mut lines = std::mem::take(&mut self.lines);
        let read = self.reader.feed(plain, &mut lines);
        lines.drain(..).for_each(|line| self.take(line));
        self.lines = lines;
        if let Err(fault) = read {
            self.end = Some(End::Faulty(fault));
        } else if self.held + self.reader.held() > HELD_MAX {
            self.end = Some(End::TooLarge);
        }
        self.end.is_none()
    }

    /// What follows cannot be unpacked: even if the bundle seems to be whole, the file is not what was made.
    pub fn break_off(&mut self, why: String) {
        if matches!(self.end, None | Some(End::Whole(_))) {
            self.end = Some(End::Faulty(self.reader.fault(Wrong::Packed(why))));
        }
    }

    /// Nothing more comes.
    pub fn finish(&mut self) {
        if self.end.is_none() {
            self.end = Some(self.reader.finish().map_or_else(End::Faulty, End::Whole));
        }
    }

    /// What it says of itself, once that was read.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// How it ended; `None` while it is read.
    #[must_use]
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// The versions, by seq.
    #[must_use]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// How many states have one.
    #[must_use]
    pub fn states(&self) -> usize {
        self.states.len()
    }

    /// The places of versions that the store could not give.
    #[must_use]
    pub fn damaged(&self) -> &[DamagedLine] {
        &self.damaged
    }

    /// The snapshots, oldest first.
    #[must_use]
    pub fn snapshots(&self) -> &[Snapshot] {
        &self.snapshots
    }

    /// How many restores it tells of.
    #[must_use]
    pub fn restores(&self) -> u64 {
        self.restores
    }

    /// The first and the last moment that can be shown; none while nothing can. Where only the last version of each state is
    /// there, nobody can say what was before.
    #[must_use]
    pub fn moments(&self) -> Option<(Seq, Seq)> {
        let header = self.header.as_ref()?;
        let last = self.versions.last().map(|version| version.seq);
        let to = if matches!(self.end, Some(End::Whole(_))) { header.to } else { last? };
        Some(if header.history { (header.from.min(to), to) } else { (to, to) })
    }

    pub(super) fn held(&self, key: &StateKey) -> Option<&Held> {
        self.places.get(key).map(|place| &self.states[*place])
    }

    fn take(&mut self, line: Line) {
        match line {
            Line::Header(header) => self.header = Some(*header),
            Line::Version(version) => self.keep(*version),
            Line::Damaged(damaged) => self.damaged.push(damaged),
            Line::Snapshot(snapshot) => self.snapshots.push(snapshot),
            Line::Restore(_) => self.restores += 1,
            Line::Trailer(_) => {}
        }
    }

    fn keep(&mut self, mut version: Version) {
        self.held += VERSION + version.size();
        version.data = version.data.map(Document::without_index);
        let place = *self.places.entry(version.key.clone()).or_insert_with(|| {
            self.states.push(Held { key: version.key.clone(), versions: Vec::new() });
            self.states.len() - 1
        });
        let state = &mut self.states[place];
        // One text for all versions of a state, and for all that one author wrote in a row.
        version.key.clone_from(&state.key);
        if let Some(before) = self.versions.last().and_then(|last| last.author.as_ref())
            && version.author.as_ref() == Some(before)
        {
            version.author = Some(Arc::clone(before));
        }
        state.versions.push(self.versions.len());
        self.versions.push(version);
    }
}
