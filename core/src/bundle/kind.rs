//! What a file is, by how it begins: a name may say anything.

use super::is_bundle;

/// How gzip begins.
pub const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A bundle, packed or unpacked.
    Bundle,
    /// Encrypted with age.
    Encrypted,
    /// The same as text, which age calls armor.
    Armored,
    /// Packed with gzip: a bundle, or something else.
    Gzip,
    /// Anything else.
    Other,
}

impl Kind {
    /// By a file's first bytes, a hundred of them or all that there are. Nothing is unpacked.
    #[must_use]
    pub fn begins(start: &[u8]) -> Self {
        if is_bundle(start) {
            Self::Bundle
        } else if start.starts_with(b"age-encryption.org/") {
            Self::Encrypted
        } else if start.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
            Self::Armored
        } else if start.starts_with(&GZIP) {
            Self::Gzip
        } else {
            Self::Other
        }
    }
}
