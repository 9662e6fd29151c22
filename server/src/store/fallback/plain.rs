//! Records one after the other: the length (4 bytes, little-endian), the first 8 bytes of the SHA-256 of the text, the text,
//! which is a JSON object. So the known heads are kept, and so the journal was by the first versions of the program.

use sha2::{Digest, Sha256};

/// Bytes in front of a text.
pub(super) const HEAD: usize = 12;
/// A longer record was never written.
const TEXT_MAX: usize = 1 << 30;

/// A whole record, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plain<'a> {
    pub(super) offset: usize,
    pub(super) text: &'a [u8],
}

impl Plain<'_> {
    pub(super) fn end(&self) -> usize {
        self.offset + HEAD + self.text.len()
    }
}

/// Appends a record; `false`, and nothing appended, if it is too long.
pub(super) fn append(buffer: &mut Vec<u8>, text: &[u8]) -> bool {
    let Some(length) = u32::try_from(text.len()).ok().filter(|_| text.len() <= TEXT_MAX) else {
        return false;
    };
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(&checksum(text));
    buffer.extend_from_slice(text);
    true
}

/// Every whole record, whatever stands between them.
pub(super) fn find(bytes: &[u8]) -> Vec<Plain<'_>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at + HEAD < bytes.len() {
        if let Some(record) = whole(bytes, at) {
            at = record.end();
            found.push(record);
            continue;
        }
        // A text begins with a brace: the next one shows where the next record may begin.
        let from = at + 1 + HEAD;
        let brace = bytes.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b'{'));
        let Some(brace) = brace else { break };
        at = from + brace - HEAD;
    }
    found
}

/// Whether the bytes end inside the record with which they begin.
pub(super) fn is_cut(bytes: &[u8]) -> bool {
    match bytes.get(HEAD) {
        None => true,
        Some(b'{') => length(bytes, 0).is_some_and(|length| bytes.len() < HEAD + length),
        Some(_) => false,
    }
}

fn whole(bytes: &[u8], offset: usize) -> Option<Plain<'_>> {
    let text = bytes.get(offset + HEAD..(offset + HEAD).checked_add(length(bytes, offset)?)?)?;
    let sum = bytes.get(offset + 4..offset + HEAD)?;
    (text.first() == Some(&b'{') && checksum(text) == *sum).then_some(Plain { offset, text })
}

fn length(bytes: &[u8], offset: usize) -> Option<usize> {
    let length = bytes.get(offset..offset + 4)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(length)).ok().filter(|length| *length <= TEXT_MAX)
}

fn checksum(text: &[u8]) -> [u8; 8] {
    let hash: [u8; 32] = Sha256::digest(text).into();
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_records_come_back_whatever_stands_before_between_and_behind_them() {
        let mut file = Vec::new();
        let texts = [r#"{"first":"{"}"#, "{}", r#"{"the third":"é"}"#];
        for text in texts {
            assert!(append(&mut file, text.as_bytes()));
        }
        let all = find(&file);
        assert_eq!(all.iter().map(|record| record.text).collect::<Vec<_>>(), texts.map(str::as_bytes));
        assert_eq!(all[2].end(), file.len());
        for damaged in 0..file.len() {
            let mut bytes = file.clone();
            bytes[damaged] ^= 1;
            let expected: Vec<_> = all
                .iter()
                .filter(|record| !(record.offset..record.end()).contains(&damaged))
                .map(|record| record.offset)
                .collect();
            let found: Vec<_> = find(&bytes).iter().map(|record| record.offset).collect();
            assert_eq!(found, expected, "byte {damaged}");
        }
        for cut in all[2].offset..file.len() {
            assert_eq!(find(&file[..cut]).len(), 2, "cut at {cut}");
        }
    }
}
