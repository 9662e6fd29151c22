//! A file as its documents: one, or one a line.

use super::original::{Reading, no_text};
use crate::json::{Diagnosis, Kind, Limits};

/// A document of a file, or a stretch that is none.
#[derive(Debug)]
pub(in crate::import) struct Piece<'a> {
    /// The line, from 1 on, where the file holds a document a line.
    pub(in crate::import) line: Option<u64>,
    /// Where the piece begins in the file, in bytes.
    pub(in crate::import) start: usize,
    /// The piece as it was given.
    pub(in crate::import) bytes: &'a [u8],
    pub(in crate::import) read: Result<Reading<'a>, Box<Diagnosis>>,
}

/// Reads a file. Whether it holds a document a line shows in its first lines, not in its name.
pub(in crate::import) fn pieces<'a>(bytes: &'a [u8], limits: &Limits) -> Vec<Piece<'a>> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let start = if bytes.starts_with(MARK) { MARK.len() } else { 0 };
    let body = &bytes[start..];
    if holds_lines(body, limits) {
        return lines(body, start)
            .map(|(line, start, bytes)| piece(Some(line), start, bytes, limits))
            .collect();
    }
    vec![piece(None, start, body, limits)]
}

fn piece<'a>(line: Option<u64>, start: usize, bytes: &'a [u8], limits: &Limits) -> Piece<'a> {
    let read = match std::str::from_utf8(bytes) {
        Ok(text) => Reading::of(text, limits),
        Err(error) => Err(Box::new(no_text(bytes, error))),
    };
    Piece { line, start, bytes, read }
}

/// The lines that are not blank: number, start and bytes of each.
fn lines(body: &[u8], start: usize) -> impl Iterator<Item = (u64, usize, &[u8])> {
    let mut at = start;
    let numbered = (1..).zip(body.split(|byte| *byte == b'\n'));
    let placed = numbered.map(move |(number, line)| {
        let begins = at;
        at += line.len() + 1;
        (number, begins, line.strip_suffix(b"\r").unwrap_or(line))
    });
    placed.filter(|(_, _, line)| !line.iter().all(u8::is_ascii_whitespace))
}

/// Of a document a line, the first line is one and there are more, or two of the first three are.
fn holds_lines(body: &[u8], limits: &Limits) -> bool {
    let first: Vec<&[u8]> = lines(body, 0).take(3).map(|(_, _, line)| line).collect();
    if first.len() < 2 {
        return false;
    }
    let whole = |line: &&[u8]| {
        let read = std::str::from_utf8(line).ok().and_then(|text| Reading::of(text, limits).ok());
        read.is_some_and(|read| read.document.root().kind() == Kind::Object)
    };
    let known: Vec<bool> = first.iter().map(whole).collect();
    known[0] || known.iter().filter(|whole| **whole).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Vec<(Option<u64>, usize, bool)> {
        let pieces = pieces(text.as_bytes(), &Limits::default());
        pieces.iter().map(|piece| (piece.line, piece.start, piece.read.is_ok())).collect()
    }

    #[test]
    fn documents_and_lines_are_told_apart_by_what_is_in_them() {
        assert_eq!(shape("\u{feff}{\r\n  \"a\": 1\r\n}\r\n"), [(None, 3, true)]);
        assert_eq!(shape("{\"a\":1}\r\n\r\n{\"a\":NaN}\r\n"), [(Some(1), 0, true), (Some(3), 11, true)]);
        assert_eq!(
            shape("{\"a\":1}\n{\"a\":\n{\"b\":2}"),
            [(Some(1), 0, true), (Some(2), 8, false), (Some(3), 14, true)]
        );
        assert_eq!(shape("{\"a\":\n{\"a\":1}\n{\"b\":2}")[0], (Some(1), 0, false));
        assert_eq!(shape("[\n{\"a\":1},\n{\"b\":2}\n]"), [(None, 0, true)]);
        assert_eq!(shape("{\n\"a\": {\"b\":1},\n"), [(None, 0, false)], "a cut document is not lines");
        assert_eq!(shape(""), [(None, 0, false)]);
    }
}
