//! What is stored is held against its hash before anybody gets it.

use stateloft_core::hash::{ChainHash, ContentHash};
use stateloft_core::json::{Document, Limits};
use stateloft_core::model::{
    ChangeSummary, Operation, Seq, StateKey, Timestamp, Verdict, Version, VersionNumber,
};

use crate::heavy;

/// The document of a stored text, if that is the text of which the hash was taken.
///
/// # Errors
/// What is wrong with it.
pub(super) fn proven(
    text: Option<&str>,
    hash: Option<&ContentHash>,
) -> Result<Option<Document>, &'static str> {
    // What was within the limits when it was written is read under any.
    let limits = Limits { max_bytes: usize::MAX, ..Limits::default() };
    let (text, hash) = match (text, hash) {
        (Some(text), Some(hash)) => (text, hash),
        (None, None) => return Ok(None),
        (Some(_), None) => return Err("it has data and no hash of it"),
        (None, Some(_)) => return Err("its data is missing"),
    };
    heavy::alone(text.len(), || {
        let document = Document::parse(text, &limits).map_err(|_| "its data cannot be read")?;
        // Of the document and not of the text: what is handed out is what must be right.
        if ContentHash::of(&document) != *hash {
            return Err("its data is not what was stored");
        }
        Ok(Some(lean(document)))
    })
}

/// Documents of more bytes are handed on without their index, which only some who ask for them need.
const INDEXED: usize = 256 << 10;

fn lean(document: Document) -> Document {
    if document.len() < INDEXED { document } else { document.without_index() }
}

/// Puts stored data into a version, if it is what was written and of so many bytes.
///
/// # Errors
/// What is wrong with it.
pub(super) fn fill(version: &mut Version, text: Option<&str>, size: Option<u64>) -> Result<(), &'static str> {
    version.data = proven(text, version.content_hash.as_ref())?;
    if version.is_deleted() != version.data.is_none() {
        return Err("its data does not fit what it did");
    }
    if size != Some(version.size() as u64) {
        return Err("its data is not as long as it was");
    }
    Ok(())
}

/// A version of which only the name is known, so far.
pub(super) fn only_named(seq: Seq, key: StateKey, number: VersionNumber) -> Version {
    Version {
        seq,
        key,
        version: number,
        operation: Operation::Update,
        data: None,
        content_hash: None,
        chain_hash: ChainHash::START,
        recorded_at: Timestamp::default(),
        author: None,
        description: None,
        batch_id: None,
        origin: None,
        verdict: Verdict::NotChecked,
        change: ChangeSummary::default(),
        damaged: None,
    }
}

/// Says that a version is damaged, and takes its data away.
pub(super) fn mark(version: &mut Version, what: &str) {
    version.data = None;
    version.damaged = Some(what.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bit_of_a_text_or_of_its_hash_can_change_unseen() {
        let text = r#"{"a":1.50,"b":["x",null]}"#;
        let hash = ContentHash::of(&text.parse().unwrap());
        assert_eq!(proven(Some(text), Some(&hash)).unwrap().unwrap().text(), text);
        for bit in 0..text.len() * 8 {
            let mut bytes = text.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(flipped) = std::str::from_utf8(&bytes) {
                assert!(proven(Some(flipped), Some(&hash)).is_err(), "{flipped}");
            }
        }
        for bit in 0..256 {
            let mut bytes = *hash.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(proven(Some(text), Some(&ContentHash::from_bytes(bytes))).is_err());
        }
        assert_eq!(proven(None, Some(&hash)), Err("its data is missing"));
        assert!(proven(Some(text), None).is_err());
    }
}
