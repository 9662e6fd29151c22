//! Records in a file: the length (4 bytes, little-endian), the first 8 bytes of the SHA-256 of the text, the text.

use sha2::{Digest, Sha256};

/// Bytes in front of a text.
const HEAD: usize = 12;
/// A longer record was never written.
const TEXT_MAX: usize = 1 << 30;

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

/// The whole records at the start of a file, and how many bytes they take. What follows was torn while it was written,
/// or is damaged.
pub(super) fn read(bytes: &[u8]) -> (Vec<&[u8]>, usize) {
    let (mut texts, mut end) = (Vec::new(), 0);
    while let Some(text) = next(&bytes[end..]) {
        texts.push(text);
        end += HEAD + text.len();
    }
    (texts, end)
}

fn next(bytes: &[u8]) -> Option<&[u8]> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    let length = usize::try_from(length).ok().filter(|length| *length <= TEXT_MAX)?;
    let text = bytes.get(HEAD..HEAD.checked_add(length)?)?;
    (checksum(text) == bytes[4..HEAD]).then_some(text)
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
    fn whole_records_come_back_whatever_is_torn_behind_them() {
        let mut file = Vec::new();
        for text in ["first", "", "the third, é"] {
            assert!(append(&mut file, text.as_bytes()));
        }
        let whole = file.len();
        let all: [&[u8]; 3] = [b"first", b"", "the third, é".as_bytes()];
        assert_eq!(read(&file), (all.to_vec(), whole));
        for cut in HEAD * 2 + 5..whole {
            assert_eq!(read(&file[..cut]), (all[..2].to_vec(), HEAD * 2 + 5), "cut at {cut}");
        }
        for damaged in HEAD * 2 + 5..whole {
            let mut bytes = file.clone();
            bytes[damaged] ^= 1;
            assert_eq!(read(&bytes).0.len(), 2, "byte {damaged}");
        }
    }
}
