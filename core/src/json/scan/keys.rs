//! Finding keys that an object names twice, by their characters.
use super::super::decode::unescape;
use super::super::error::{JsonError, JsonErrorKind};
use super::super::tape::fingerprint;
use super::{Fault, Scanner, Step, as_u32};

/// Below this many keys comparing every pair of hashes is quicker than sorting them.
const FEW: usize = 12;

/// The keys of the objects being read, the innermost object's last: each key's hash and entry.
#[derive(Default)]
pub(super) struct OpenKeys(Vec<(u32, u32)>);

impl OpenKeys {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Scanner<'_> {
    /// Hashes the key just read (it started at `start` of the text as given) and remembers it.
    #[inline]
    pub(super) fn note_key(&mut self, start: usize, escaped: bool) {
        let raw = &self.text[start + 1..self.at - 1];
        let hash = if escaped { fingerprint(unescape(raw).as_bytes()) } else { fingerprint(raw.as_bytes()) };
        let index = self.entries.len() - 1;
        self.entries[index].next = hash;
        self.open_keys.0.push((hash, as_u32(index)));
    }

    /// Checks the keys from `first_key` on, those of the object that ends here, and forgets them.
    pub(super) fn refuse_duplicates(&mut self, first_key: usize) -> Step {
        let keys = &mut self.open_keys.0[first_key..];
        let suspicious = if keys.len() <= FEW {
            keys.iter().enumerate().any(|(at, key)| keys[..at].iter().any(|earlier| earlier.0 == key.0))
        } else {
            keys.sort_unstable();
            keys.windows(2).any(|pair| pair[0].0 == pair[1].0)
        };
        if suspicious {
            self.compare_keys(first_key)?;
        }
        self.open_keys.0.truncate(first_key);
        Ok(())
    }

    /// Some hashes are equal: compares characters. Sorted, so that made-up collisions cost no more than sorting.
    #[cold]
    fn compare_keys(&self, first_key: usize) -> Step {
        let compact = self.compact_so_far();
        let mut keys: Vec<_> = self.open_keys.0[first_key..]
            .iter()
            .map(|&(_, index)| (self.key_characters(&compact, index), index))
            .collect();
        keys.sort_unstable();
        let repeated = keys.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].1).min();
        match repeated {
            None => Ok(()),
            Some(index) => Err(Fault { kind: JsonErrorKind::DuplicateKey, offset: index as usize }),
        }
    }

    fn key_characters(&self, compact: &str, index: u32) -> String {
        let entry = self.entries[index as usize];
        unescape(&compact[entry.start as usize + 1..entry.end as usize - 1]).into_owned()
    }

    fn compact_so_far(&self) -> String {
        [self.compact.as_str(), &self.text[self.copied..self.at]].concat()
    }

    pub(super) fn explain_duplicate(&self, index: usize) -> JsonError {
        let characters = self.key_characters(&self.compact_so_far(), as_u32(index));
        let offset = place_as_given(self.bytes, self.entries[index].start as usize);
        JsonError::with_detail(JsonErrorKind::DuplicateKey, offset, format!("{characters:?}"))
    }
}

/// The place in the text as given of a byte of the compact text: walks it again, not counting white space
/// outside strings.
fn place_as_given(bytes: &[u8], compact: usize) -> usize {
    let (mut left, mut in_string, mut escaped) = (compact, false, false);
    for (at, &byte) in bytes.iter().enumerate() {
        if !in_string && byte.is_ascii_whitespace() {
            continue;
        }
        if left == 0 {
            return at;
        }
        left -= 1;
        if escaped {
            escaped = false;
        } else if in_string {
            escaped = byte == b'\\';
            in_string = byte != b'"';
        } else {
            in_string = byte == b'"';
        }
    }
    bytes.len()
}
