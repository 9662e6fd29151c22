//! Hashes that prove what was stored: one of the content, one chain over the whole store.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::json::Document;
use crate::model::{Operation, Origin, Seq, StateKey, Timestamp, Verdict, VersionNumber};

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 hexadecimal digits")]
pub struct HashError;

macro_rules! hash_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// From the 32 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The first 8 hexadecimal digits, for people and public ids.
            #[must_use]
            pub fn short(&self) -> String {
                as_text(&hex(&self.0))[..8].to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(as_text(&hex(&self.0)))
            }
        }

        impl FromStr for $name {
            type Err = HashError;
            fn from_str(text: &str) -> Result<Self, HashError> {
                read_hex(text).map(Self).ok_or(HashError)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(as_text(&hex(&self.0)))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// Hexadecimal digits. Each version shows two hashes: by hand is many times quicker than formatting each byte.
fn hex(bytes: &[u8; 32]) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
    text
}

/// Digits are ASCII, so they are always a text.
fn as_text(digits: &[u8; 64]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}

hash_type! {
    /// SHA-256 of a document's compact text: `curl .../raw | sha256sum` gives the same.
    ContentHash
}
hash_type! {
    /// SHA-256 over the previous version's chain hash and every field of a version.
    ChainHash
}

hash_type! {
    /// SHA-256 of what a client calls a request, or of what it asks with it.
    RequestHash
}

impl RequestHash {
    /// The hash of these parts, each with its length before it, so that none runs into the next.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }
}

impl ContentHash {
    /// The hash of a document.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        Self(Sha256::digest(document.text().as_bytes()).into())
    }
}

/// What a chain hash covers, apart from the hash before it. Purging a payload keeps its content hash, so the chain
/// still verifies.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// Place in the store.
    pub seq: Seq,
    /// Which state.
    pub key: &'a StateKey,
    /// Place in the state.
    pub version: VersionNumber,
    /// What it did.
    pub operation: Operation,
    /// Hash of the data; `None` for a tombstone.
    pub content_hash: Option<&'a ContentHash>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Who.
    pub author: Option<&'a str>,
    /// Why.
    pub description: Option<&'a str>,
    /// Which batch.
    pub batch_id: Option<&'a str>,
    /// What validation said.
    pub verdict: &'a Verdict,
    /// Where it comes from.
    pub origin: Option<&'a Origin>,
}

impl ChainHash {
    /// Before the first version.
    pub const START: Self = Self([0; 32]);

    /// The chain hash of the version that follows `self`.
    ///
    /// Layout: the 32 bytes of the previous hash, then each field as a 64-bit big-endian length and its bytes; numbers
    /// are 8 bytes big-endian; an absent text has the length 2^64-1 and no bytes; the verdict is its JSON text. Then the three
    /// texts of the origin, if there is one: without, the layout is that of versions written before there were any.
    #[must_use]
    pub fn followed_by(&self, link: &Link<'_>) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(self.0);
        let mut field = |bytes: Option<&[u8]>| match bytes {
            Some(bytes) => {
                hasher.update((bytes.len() as u64).to_be_bytes());
                hasher.update(bytes);
            }
            None => hasher.update(u64::MAX.to_be_bytes()),
        };
        field(Some(&link.seq.0.to_be_bytes()));
        field(Some(link.key.state_type.as_str().as_bytes()));
        field(Some(link.key.state_id.as_str().as_bytes()));
        field(Some(&link.version.0.to_be_bytes()));
        field(Some(link.operation.as_str().as_bytes()));
        field(link.content_hash.map(|hash| hash.as_bytes().as_slice()));
        field(Some(&link.recorded_at.micros().to_be_bytes()));
        field(link.author.map(str::as_bytes));
        field(link.description.map(str::as_bytes));
        field(link.batch_id.map(str::as_bytes));
        field(Some(verdict_text(link.verdict).as_bytes()));
        for text in link.origin.into_iter().flat_map(Origin::texts) {
            field(text.map(str::as_bytes));
        }
        Self(hasher.finalize().into())
    }
}

/// The verdict as it is stored and hashed: its JSON text.
#[must_use]
pub fn verdict_text(verdict: &Verdict) -> String {
    // A verdict is made of texts and fixed names: writing it cannot fail.
    serde_json::to_string(verdict).unwrap_or_default()
}

fn read_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(bytes)
}
