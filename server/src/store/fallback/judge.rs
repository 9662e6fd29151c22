//! What the bytes of a journal say: which records are whole, which were acknowledged and cannot be read, and which end was
//! never acknowledged.
//!
//! Records of one write reach the disk in any order, so the last write may have whole records behind a bad one. What proves
//! that a record was acknowledged is a later write, or the mark that follows each write once it is on the disk: where such
//! a proof follows, a record that cannot be read is damage; where none does, the end is torn.

use super::frame::{self, Frame, Kind, Label};
use super::plain;

/// What a journal's bytes hold.
#[derive(Debug, Default)]
pub(super) struct Judged<'a> {
    /// Written by one of the first versions of the program, whose records prove nothing of each other.
    pub(super) older: bool,
    /// What can be read, in order.
    pub(super) frames: Vec<Frame<'a>>,
    /// What cannot, in front of the torn end.
    pub(super) bad: Vec<Bad>,
    /// The bytes up to here are kept; what follows is torn.
    pub(super) keep: usize,
}

/// A stretch that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) offset: usize,
    pub(super) bytes: usize,
    /// The number of the first record that is missing here, or of the next one.
    pub(super) first: u64,
    pub(super) missing: Missing,
}

/// How many records are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// So many, perhaps none: then only a mark is damaged.
    Exactly(u64),
    /// At least one.
    Unknown,
}

impl Bad {
    pub(super) fn end(&self) -> usize {
        self.offset + self.bytes
    }

    /// Whether records that were acknowledged are missing.
    pub(super) fn is_damage(&self) -> bool {
        self.missing != Missing::Exactly(0)
    }
}

impl<'a> Judged<'a> {
    /// The records that can be read.
    pub(super) fn records(&self) -> impl Iterator<Item = &Frame<'a>> {
        self.frames.iter().filter(|frame| frame.label.kind == Kind::Record)
    }

    /// How many whole records stand behind a place.
    pub(super) fn behind(&self, offset: usize) -> u64 {
        self.records().filter(|frame| frame.offset >= offset).count() as u64
    }

    pub(super) fn is_damaged(&self) -> bool {
        self.bad.iter().any(Bad::is_damage)
    }
}

/// Reads a journal.
pub(super) fn judge(bytes: &[u8]) -> Judged<'_> {
    let mut frames = frame::find(bytes);
    let Some(journal) = frames.first().map(|frame| frame.label.journal) else { return judge_older(bytes) };
    // What another journal left behind in the blocks of the disk is none of ours.
    frames.retain(|frame| frame.label.journal == journal);
    let proven = frames.iter().map(|frame| proof(&frame.label)).max().unwrap_or_default();
    let (tail, sure): (Vec<_>, Vec<_>) =
        frames.into_iter().partition(|frame| frame.label.kind == Kind::Record && frame.label.number > proven);
    let mut judged = Judged::default();
    let mut next = 1;
    for frame in sure {
        let Label { kind, number, last, .. } = frame.label;
        let wanted = if kind == Kind::Mark { number + 1 } else { number };
        if wanted < next {
            // It stands in a place where it was not written.
            continue;
        }
        judged.close(frame.offset, next, Missing::Exactly(wanted - next));
        next = if kind == Kind::Lost { last + 1 } else { wanted + u64::from(kind == Kind::Record) };
        judged.keep = frame.end();
        judged.frames.push(frame);
    }
    judged.take_tail(tail, next, proven);
    judged
}

/// The last record that was on the disk when this was written.
fn proof(label: &Label) -> u64 {
    match label.kind {
        Kind::Record => label.first.saturating_sub(1),
        Kind::Mark => label.number,
        Kind::Lost => label.last,
    }
}

impl<'a> Judged<'a> {
    /// What lies between the last frame and a place cannot be read.
    fn close(&mut self, offset: usize, first: u64, missing: Missing) {
        if offset > self.keep || missing != Missing::Exactly(0) {
            self.bad.push(Bad { offset: self.keep, bytes: offset.saturating_sub(self.keep), first, missing });
        }
    }

    /// The last write, of which nothing says that it was acknowledged: it is kept if it is whole.
    fn take_tail(&mut self, tail: Vec<Frame<'a>>, next: u64, proven: u64) {
        let Some(begin) = tail.first().map(|frame| frame.offset) else { return };
        let missing = Missing::Exactly((proven + 1).saturating_sub(next));
        let numbers = tail.iter().map(|frame| frame.label.number);
        let last = tail.first().map_or(0, |frame| frame.label.last);
        if !numbers.eq(proven + 1..=last) {
            if missing != Missing::Exactly(0) {
                self.close(begin, next, missing);
                self.keep = begin;
            }
            return;
        }
        self.close(begin, next, missing);
        for (place, frame) in tail.into_iter().enumerate() {
            if place > 0 {
                self.close(frame.offset, frame.label.number, Missing::Exactly(0));
            }
            self.keep = frame.end();
            self.frames.push(frame);
        }
    }
}

/// A journal of the first versions. A bad stretch that whole records follow counts as damage.
fn judge_older(bytes: &[u8]) -> Judged<'_> {
    let mut judged = Judged { older: true, ..Judged::default() };
    let mut next = 1;
    for record in plain::find(bytes) {
        if record.offset > judged.keep {
            judged.close(record.offset, next, Missing::Unknown);
            next += 1;
        }
        judged.keep = record.end();
        let label = Label { kind: Kind::Record, journal: 0, number: next, first: next, last: next, done: 0 };
        judged.frames.push(Frame { label, offset: record.offset, text: record.text });
        next += 1;
    }
    if judged.frames.is_empty() && !is_unfinished(bytes) {
        judged.close(bytes.len(), 1, Missing::Unknown);
        judged.keep = bytes.len();
    }
    judged
}

/// Whether a file in which nothing can be read may be what a first write left that did not end: the beginning of a record,
/// and perhaps zeroes.
fn is_unfinished(bytes: &[u8]) -> bool {
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    frame::is_cut(&bytes[..written]) || plain::is_cut(&bytes[..written])
}
