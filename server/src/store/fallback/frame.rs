//! Frames of the journal's file. Each says what it is and where it belongs, so that one that cannot be read takes none of
//! its neighbours with it, and so that what is missing can be counted.
//!
//! A frame is a marker that no text can contain, a kind, six numbers, a checksum, and a text. All numbers are little-endian.

use sha2::{Digest, Sha256};

/// What a frame begins with. UTF-8 has neither of the outer bytes.
const MARKER: [u8; 4] = [0xFF, b'S', b'J', 0xFE];
/// Bytes in front of a text: marker, kind and three zeroes, five numbers of eight bytes, the length of the text, a checksum.
pub(super) const HEAD: usize = CHECKSUM + 8;
const NUMBERS: usize = 8;
const LENGTH: usize = NUMBERS + 5 * 8;
const CHECKSUM: usize = LENGTH + 4;
/// A longer record was never written.
const TEXT_MAX: usize = 1 << 30;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A record.
    Record,
    /// All records up to this number are on the disk, which was known when it was written.
    Mark,
    /// Here records were that could not be read any more; the text says where they are now.
    Lost,
}

/// What stands in front of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) kind: Kind,
    /// Which journal it belongs to: drawn anew whenever the file begins anew.
    pub(super) journal: u64,
    /// Which record of the file it is, from 1; for a mark the last one that it speaks of, for lost ones the first.
    pub(super) number: u64,
    /// The first record of the same write. Those before it were on the disk when it was written.
    pub(super) first: u64,
    /// The last record of the same write; for lost ones the last of them.
    pub(super) last: u64,
    /// Entries up to this number need no replay any more.
    pub(super) done: u64,
}

/// A whole frame, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) label: Label,
    pub(super) offset: usize,
    pub(super) text: &'a [u8],
}

impl Frame<'_> {
    pub(super) fn end(&self) -> usize {
        self.offset + HEAD + self.text.len()
    }
}

/// Appends a frame; `false`, and nothing appended, if the text is too long.
pub(super) fn append(buffer: &mut Vec<u8>, label: &Label, text: &[u8]) -> bool {
    let Some(length) = u32::try_from(text.len()).ok().filter(|_| text.len() <= TEXT_MAX) else {
        return false;
    };
    let mut head = [0; HEAD];
    head[..4].copy_from_slice(&MARKER);
    head[4] = match label.kind {
        Kind::Record => 1,
        Kind::Mark => 2,
        Kind::Lost => 3,
    };
    let numbers = [label.journal, label.number, label.first, label.last, label.done];
    for (place, number) in head[NUMBERS..LENGTH].chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    head[LENGTH..CHECKSUM].copy_from_slice(&length.to_le_bytes());
    let sum = checksum(&head[..CHECKSUM], text);
    head[CHECKSUM..].copy_from_slice(&sum);
    buffer.extend_from_slice(&head);
    buffer.extend_from_slice(text);
    true
}

/// Every whole frame, whatever stands between them.
pub(super) fn find(bytes: &[u8]) -> Vec<Frame<'_>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(next) = marker_from(bytes, at) {
        at = match whole(bytes, next) {
            Some(frame) => {
                found.push(frame);
                frame.end()
            }
            None => next + 1,
        };
    }
    found
}

/// Whether the bytes end inside the frame with which they begin.
pub(super) fn is_cut(bytes: &[u8]) -> bool {
    let known = MARKER.len().min(bytes.len());
    if bytes[..known] != MARKER[..known] {
        return false;
    }
    length(bytes, 0).is_none_or(|length| bytes.len() < HEAD + length)
}

fn marker_from(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == MARKER[0])?;
        if bytes[at..].starts_with(&MARKER) {
            return Some(at);
        }
        at += 1;
    }
}

fn whole(bytes: &[u8], offset: usize) -> Option<Frame<'_>> {
    let head = bytes.get(offset..offset + HEAD)?;
    let text = bytes.get(offset + HEAD..(offset + HEAD).checked_add(length(bytes, offset)?)?)?;
    if checksum(&head[..CHECKSUM], text) != head[CHECKSUM..] {
        return None;
    }
    let number = |place: usize| {
        let at = NUMBERS + place * 8;
        head[at..at + 8].try_into().map_or(0, u64::from_le_bytes)
    };
    let kind = match head[4] {
        2 => Kind::Mark,
        3 => Kind::Lost,
        // Of a newer program, perhaps: then its text will not be understood.
        _ => Kind::Record,
    };
    let label = Label {
        kind,
        journal: number(0),
        number: number(1),
        first: number(2),
        last: number(3),
        done: number(4),
    };
    Some(Frame { label, offset, text })
}

fn length(bytes: &[u8], offset: usize) -> Option<usize> {
    let length = bytes.get(offset + LENGTH..offset + CHECKSUM)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(length)).ok().filter(|length| *length <= TEXT_MAX)
}

fn checksum(head: &[u8], text: &[u8]) -> [u8; 8] {
    let hash: [u8; 32] = Sha256::new().chain_update(head).chain_update(text).finalize().into();
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    first
}
