//! What something in quarantine holds, once somebody says which state it is.

use super::plan::FILE_MAX_BYTES;
use super::python;
use crate::json::{Document, Kind, Limits};

/// Why bytes in quarantine cannot be a state's data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoState {
    /// They are no JSON, not even as Python writes it.
    #[error("what is in quarantine is no JSON: {0}")]
    NotJson(String),
    /// They are several documents, a line each.
    #[error("{0} documents are in quarantine, a line each: a state is one")]
    Several(usize),
    /// They are a document that is no object.
    #[error("a state is an object, and in quarantine is {0}")]
    NotAnObject(&'static str),
    /// A state may not be so large.
    #[error("{bytes} bytes are in quarantine, more than a state may have ({most})")]
    TooLarge {
        /// Bytes of the document.
        bytes: usize,
        /// Bytes that it may have.
        most: usize,
    },
}

/// The document that these bytes are, read as those of a file are.
///
/// # Errors
/// They are none that a state can be.
pub fn document_of(bytes: &[u8]) -> Result<Document, NoState> {
    let limits = Limits { max_bytes: FILE_MAX_BYTES, ..Limits::default() };
    let mut pieces = python::pieces(bytes, &limits);
    let count = pieces.len();
    let piece = pieces.pop().filter(|_| count == 1).ok_or(NoState::Several(count))?;
    let document = piece.read.map_err(|diagnosis| NoState::NotJson(diagnosis.to_string()))?.document;
    let kind = match document.root().kind() {
        Kind::Object => None,
        Kind::Array => Some("an array"),
        Kind::String => Some("a text"),
        Kind::Number => Some("a number"),
        Kind::Bool => Some("true or false"),
        Kind::Null => Some("null"),
    };
    let most = Limits::default().max_bytes;
    match kind {
        Some(kind) => Err(NoState::NotAnObject(kind)),
        None if document.len() > most => Err(NoState::TooLarge { bytes: document.len(), most }),
        None => Ok(document),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_those_of_a_file_and_only_an_object_is_a_state() {
        let read = |bytes: &[u8]| document_of(bytes).map(|document| document.text().to_owned());
        assert_eq!(read(b"\xef\xbb\xbf{\r\n \"qty\": 1.50 }\r\n"), Ok(r#"{"qty":1.50}"#.to_owned()));
        let tagged = r#"{"a":{"$stateloft":"float","value":"NaN"}}"#;
        assert_eq!(read(br#"{"a": NaN}"#), Ok(tagged.to_owned()), "as an import has it");
        assert_eq!(read(b"[1]"), Err(NoState::NotAnObject("an array")));
        assert_eq!(read(b"\"x\""), Err(NoState::NotAnObject("a text")));
        assert!(matches!(read(b"{\"cut\": "), Err(NoState::NotJson(why)) if why.contains("line 1")));
        assert!(matches!(read(b"\xff{}"), Err(NoState::NotJson(_))));
        assert_eq!(read(b"{\"a\":1}\n{\"b\":2}"), Err(NoState::Several(2)));
    }
}
