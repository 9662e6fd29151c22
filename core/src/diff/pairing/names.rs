//! What names an element, compared as a value: `"AAA"` and `"A\u0041A"`, `1` and `1.0`, a time in `Z` and in `+00:00`
//! name the same thing.
use std::hash::{BuildHasherDefault, Hasher};

use crate::diff::duration;
use crate::json::{Kind, Node, mixed, text_hash, value_hash};

/// A map of hashes that are good as they are.
pub(super) type ByHash<T> = std::collections::HashMap<u64, T, BuildHasherDefault<AsItIs>>;

/// An empty one, with room.
pub(super) fn by_hash<T>(room: usize) -> ByHash<T> {
    ByHash::with_capacity_and_hasher(room, BuildHasherDefault::default())
}

/// A set of such hashes.
pub(super) type Hashes = std::collections::HashSet<u64, BuildHasherDefault<AsItIs>>;

/// Hashes nothing again.
#[derive(Debug, Default)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = text_hash(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A hash of the thing that this value names: equal for every spelling of the name.
pub(in crate::diff) fn name_hash(node: Node<'_>) -> u64 {
    if node.kind() == Kind::String && duration::like_a_time(node.bytes().get(1..).unwrap_or_default()) {
        let text = node.as_str().unwrap_or_default();
        return instant_hash(&text).unwrap_or_else(|| value_hash(node));
    }
    value_hash(node)
}

/// Of the clock in UTC, without needless digits. Nothing for a text that is no instant.
fn instant_hash(text: &str) -> Option<u64> {
    let clock = |date: &str, clock: &str, fraction: &str| {
        let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
        mixed(mixed(text_hash(date.as_bytes()), text_hash(clock.as_bytes())), text_hash(fraction.as_bytes()))
    };
    // Most are in UTC already, to the second: they need not be read.
    let utc = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"));
    if let Some((date, rest)) = utc.and_then(|utc| utc.split_at_checked(10))
        && let Some((time, fraction)) = rest.split_at_checked(9)
        && let Some(time) = time.strip_prefix(['T', ' '])
        && (fraction.is_empty() || fraction.starts_with('.'))
    {
        return Some(clock(date, time, fraction));
    }
    let instant = duration::instant(text)?;
    let spelled = instant.format("%Y-%m-%d%H:%M:%S%.f").to_string();
    let (date, rest) = spelled.split_at_checked(10)?;
    let (time, fraction) = rest.split_at_checked(8)?;
    Some(clock(date, time, fraction))
}
