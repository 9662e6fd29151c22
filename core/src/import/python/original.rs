//! One document of a file, read, and the way from its places to the bytes of the file.

use std::ops::Range;

use super::translate::Translation;
use crate::json::{Diagnosis, Document, JsonError, Limits};

/// A document and the text that it was read from.
#[derive(Debug)]
pub(in crate::import) struct Reading<'a> {
    given: &'a str,
    translation: Translation<'a>,
    pub(in crate::import) document: Document,
}

impl<'a> Reading<'a> {
    /// Reads one document.
    ///
    /// # Errors
    /// What is wrong, and where in `given`.
    pub(in crate::import) fn of(given: &'a str, limits: &Limits) -> Result<Self, Box<Diagnosis>> {
        let translation = Translation::of(given);
        // What grew by translating does not count against the limit.
        let limits = Limits { max_bytes: limits.max_bytes + translation.text.len() - given.len(), ..*limits };
        match Document::parse(&translation.text, &limits) {
            Ok(document) => Ok(Self { given, translation, document }),
            Err(error) => {
                let offset = translation.given(error.offset());
                Err(Box::new(Diagnosis::of(error.moved_to(offset), given.as_bytes())))
            }
        }
    }

    /// The texts of these spans of the document as they were given, white space and all.
    pub(in crate::import) fn originals(&self, spans: &[Range<usize>]) -> Vec<&'a str> {
        // The last byte's place, and one more: behind it white space may stand that is not the value's.
        let last = |span: &Range<usize>| span.end.saturating_sub(1);
        let mut wanted: Vec<usize> = spans.iter().flat_map(|span| [span.start, last(span)]).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut walk = Walk::of(self.translation.text.as_bytes());
        let places: Vec<usize> = wanted.iter().map(|nth| walk.place(*nth)).collect();
        let place = |nth: usize| wanted.binary_search(&nth).map_or(0, |at| places[at]);
        let text = |span: &Range<usize>| {
            let start = self.translation.given(place(span.start));
            let end = self.translation.given(place(last(span)) + 1);
            self.given.get(start..end).unwrap_or_default()
        };
        spans.iter().map(text).collect()
    }
}

/// Says of bytes that are no text what is wrong with them.
pub(super) fn no_text(bytes: &[u8], error: std::str::Utf8Error) -> Diagnosis {
    let error = JsonError::new(crate::json::JsonErrorKind::InvalidUtf8, error.valid_up_to());
    Diagnosis::of(error, bytes)
}

/// A walk through a text that counts its bytes without white space outside strings. It only goes on.
struct Walk<'t> {
    bytes: &'t [u8],
    at: usize,
    counted: usize,
    in_string: bool,
    escaped: bool,
}

impl<'t> Walk<'t> {
    fn of(bytes: &'t [u8]) -> Self {
        Self { bytes, at: 0, counted: 0, in_string: false, escaped: false }
    }

    /// Where the byte stands that is the nth that counts, from 0 on.
    fn place(&mut self, nth: usize) -> usize {
        while let Some(&byte) = self.bytes.get(self.at) {
            if self.in_string || !byte.is_ascii_whitespace() {
                if self.counted == nth {
                    return self.at;
                }
                self.counted += 1;
                self.pass(byte);
            }
            self.at += 1;
        }
        self.at
    }

    fn pass(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if self.in_string {
            self.escaped = byte == b'\\';
            self.in_string = byte != b'"';
        } else {
            self.in_string = byte == b'"';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Pointer;

    #[test]
    fn a_part_is_found_again_as_it_was_given() {
        let given = "{ \"a\" : { \"b c\" : [ 1 ,\n NaN ] } , \"d\" : -Infinity }";
        let reading = Reading::of(given, &Limits::default()).unwrap();
        let span =
            |pointer: &str| reading.document.tape().get(&Pointer::parse(pointer).unwrap()).unwrap().span();
        assert_eq!(reading.originals(&[span("/d"), span("/a/b c")]), ["-Infinity", "[ 1 ,\n NaN ]"]);
        assert_eq!(
            reading.originals(&[span(""), span("/a"), span("/a/b c/1")]),
            [given, "{ \"b c\" : [ 1 ,\n NaN ] }", "NaN"]
        );
    }

    #[test]
    fn an_error_behind_translated_words_is_told_where_it_stands() {
        let given = "{\"a\": [NaN, NaN],\n \"b\": }";
        let diagnosis = Reading::of(given, &Limits::default()).unwrap_err();
        assert_eq!((diagnosis.line, diagnosis.column, diagnosis.error().offset()), (2, 7, 24));
        assert_eq!(diagnosis.pointer.as_deref(), Some("/b"));
    }
}
