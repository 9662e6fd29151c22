//! What is told of a text that was refused: where it is wrong, for machines and for people, and what to do.
//!
//! Apart from [`JsonError`], so that a program that only reads what was checked before does not carry the words.
use std::fmt;

use super::error::{JsonError, JsonErrorKind};
use super::hint::hint;
use super::place::{Place, length_of_text};

/// A refusal, with all that can be said of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Diagnosis {
    error: JsonError,
    /// The line, from 1 on.
    pub line: usize,
    /// The column, in characters, from 1 on.
    pub column: usize,
    /// The value or member that was being read, or was read last, as an RFC 6901 pointer; of a text that was not begun, and
    /// where the pointer would be very long, there is none.
    pub pointer: Option<String>,
    /// The words around, in one line and without control characters.
    pub near: String,
    /// What to do, where it is known what people mean who send that.
    pub hint: Option<&'static str>,
}

impl Diagnosis {
    /// Looks once more at the text of which `error` was said.
    #[must_use]
    pub fn of(error: JsonError, text: &[u8]) -> Self {
        let offset = error.offset().min(text.len());
        let (before, rest) = text.split_at(offset);
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let place = place(error.kind(), text, offset);
        Self {
            line: before.split(|byte| *byte == b'\n').count(),
            column: 1 + characters(&before[line_start..]),
            pointer: place.as_ref().and_then(Place::pointer),
            near: near(&before[line_start..], rest),
            hint: hint(error.kind(), before, rest, place.as_ref()),
            error,
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn error(&self) -> &JsonError {
        &self.error
    }

    /// What is wrong and where, of a text that is a part of another: the line and the byte are those of the whole.
    #[must_use]
    pub(crate) fn told_of(&self, line: u64, byte: u64) -> String {
        let place = format!("{} at line {line}, column {} (byte {byte})", self.error.words(), self.column);
        match &self.pointer {
            Some(pointer) if !pointer.is_empty() => format!("{place}, in {}", shown(pointer.chars())),
            _ => place,
        }
    }

    /// All of it in one line, for a log or a terminal.
    #[must_use]
    pub fn in_one_line(&self) -> String {
        let hint = self.hint.map_or_else(String::new, |hint| format!("; {hint}"));
        format!("{self}, near `{}`{hint}", self.near)
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told_of(self.line as u64, self.error.offset() as u64))
    }
}

/// What was being read there; nothing where reading had not begun.
fn place(kind: JsonErrorKind, text: &[u8], offset: usize) -> Option<Place<'_>> {
    match kind {
        JsonErrorKind::TooLarge | JsonErrorKind::ByteOrderMark | JsonErrorKind::Empty => None,
        JsonErrorKind::DuplicateKey => {
            let length = length_of_text(&text[offset..]).unwrap_or_default();
            Some(Place::of(text, offset + length))
        }
        JsonErrorKind::TrailingComma => {
            let mut place = Place::of(text, offset);
            place.leave_last();
            Some(place)
        }
        _ => Some(Place::of(text, offset)),
    }
}

/// How many characters these bytes are.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// At most so many characters on each side are shown.
const SIDE: usize = 30;
/// Bytes that hold as many characters, whatever they are.
const SIDE_BYTES: usize = 4 * SIDE + 4;

/// The end of one line's text before the place, and the start of what is behind it.
fn near(before: &[u8], rest: &[u8]) -> String {
    let line_end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let rest = &rest[..line_end];
    let tail = String::from_utf8_lossy(&before[before.len().saturating_sub(SIDE_BYTES)..]);
    let head = String::from_utf8_lossy(&rest[..rest.len().min(SIDE_BYTES)]);
    let cut_before = tail.char_indices().rev().nth(SIDE - 1).map_or(0, |(at, _)| at);
    let cut_behind = head.char_indices().nth(SIDE).map_or(head.len(), |(at, _)| at);
    let mut near = String::new();
    if characters(before) > SIDE {
        near.push('…');
    }
    near.push_str(&shown(tail[cut_before..].chars()));
    near.push_str(shown(head[..cut_behind].chars()).trim_end());
    if characters(rest) > SIDE {
        near.push('…');
    }
    near
}

/// Characters that reach a screen: what would move, hide or turn the others is replaced.
fn shown(characters: impl Iterator<Item = char>) -> String {
    let unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let replaced = |c: char| if c == '\t' { ' ' } else { char::REPLACEMENT_CHARACTER };
    characters.filter(|c| *c != '\r').map(|c| if unseen(c) { replaced(c) } else { c }).collect()
}
