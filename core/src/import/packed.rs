//! Files that are no text because something was done to one: packed, or encrypted. What it was, they do not say.

use crate::bundle::Kind;

/// Why a file cannot be read as it is: a stable word, what it is, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) code: &'static str,
    pub(super) message: &'static str,
    pub(super) hint: &'static str,
}

const GZIP: Packed = Packed {
    code: "packed",
    message: "the file is packed with gzip",
    hint: "unpack it (gunzip -c FILE > OTHER), and import that",
};
const AGE: Packed = Packed {
    code: "encrypted",
    message: "the file is encrypted with age",
    hint: "decrypt it (age -d -i KEY FILE > OTHER), and import that",
};
const FERNET: Packed = Packed {
    code: "encrypted",
    message: "the file is encrypted with Fernet, as Python's cryptography does it",
    hint: "decrypt it with the key of the program that wrote it, and import what comes of that",
};

/// What was done to a file, by how it begins.
pub(super) fn packed(bytes: &[u8]) -> Option<Packed> {
    match Kind::begins(bytes) {
        Kind::Gzip => Some(GZIP),
        Kind::Encrypted | Kind::Armored => Some(AGE),
        Kind::Bundle | Kind::Other => is_fernet(bytes).then_some(FERNET),
    }
}

/// A token of Fernet: base64 for addresses, of a byte 0x80 and a time that has a zero at its start for a long while yet.
fn is_fernet(bytes: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=');
    bytes.len() >= 100 && bytes.starts_with(b"gAAAA") && bytes.trim_ascii_end().iter().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_to_a_file_shows_in_its_first_bytes_and_a_text_is_left_to_the_reader() {
        let token = format!("gAAAAABn{}==\n", "x-_9".repeat(30));
        assert_eq!(packed(b"\x1f\x8b\x08\x00"), Some(GZIP));
        assert_eq!(packed(b"age-encryption.org/v1\n-> X25519 "), Some(AGE));
        assert_eq!(packed(token.as_bytes()), Some(FERNET));
        for text in ["", "{}", "gAAAA", "gAAAA is how a letter may begin", &format!("{token}{{}}")] {
            assert_eq!(packed(text.as_bytes()), None, "{text}");
        }
    }
}
