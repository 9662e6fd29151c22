//! The heads that a writer wrote or read lately: bots write the same states again and again. That there is none is known as well: each save of
//! a run asks whether it is paused, and of most runs there never is such a state.

use std::collections::{HashMap, HashSet};

use stateloft_core::json::Document;
use stateloft_core::model::{StateKey, Version};

/// Bytes kept at most, about.
const BYTES: usize = 64 << 20;
/// Bytes of a head besides its data, about. The index of the data is counted with the data.
const OVERHEAD: usize = 600;
/// So many states are known not to be there at most.
const ABSENT: usize = 20_000;

/// A head and its row.
#[derive(Debug)]
pub(super) struct KnownHead {
    pub(super) state_pk: i64,
    pub(super) version: Version,
}

/// Heads by key. Only one writer uses them, and it knows whether anybody else has moved them: SQLite's is the only one
/// that writes; PostgreSQL's writes by them only while the log ends where it left it.
#[derive(Debug, Default)]
pub(super) struct KnownHeads {
    heads: HashMap<StateKey, KnownHead>,
    /// States that were looked for and never existed.
    absent: HashSet<StateKey>,
    bytes: usize,
}

impl KnownHeads {
    pub(super) fn get(&self, key: &StateKey) -> Option<&KnownHead> {
        self.heads.get(key)
    }

    /// Whether nothing is known of a state: it has to be looked for.
    pub(super) fn is_unknown(&self, key: &StateKey) -> bool {
        !self.heads.contains_key(key) && !self.absent.contains(key)
    }

    /// These were looked for: those that were not found do not exist.
    pub(super) fn looked_for<'a>(&mut self, keys: impl Iterator<Item = &'a StateKey>) {
        if self.absent.len() >= ABSENT {
            self.absent.clear();
        }
        let missing = keys.filter(|key| !self.heads.contains_key(key)).cloned();
        self.absent.extend(missing);
    }

    /// The heads of these states, as far as they are known.
    pub(super) fn versions<'a>(
        &self,
        keys: impl Iterator<Item = &'a StateKey>,
    ) -> HashMap<StateKey, Version> {
        keys.filter_map(|key| Some((key.clone(), self.get(key)?.version.clone()))).collect()
    }

    /// Whether the row of a version's state says other things of it than it did: whether it is deleted, whether its data
    /// keep the rules, and who wrote it last.
    pub(super) fn row_changes(&self, version: &Version) -> bool {
        self.get(&version.key).is_none_or(|known| {
            let old = &known.version;
            old.is_deleted() != version.is_deleted()
                || std::mem::discriminant(&old.verdict) != std::mem::discriminant(&version.verdict)
                || old.author != version.author
        })
    }

    pub(super) fn keep(&mut self, state_pk: i64, version: Version) {
        self.bytes += weight(&version);
        self.absent.remove(&version.key);
        if let Some(old) = self.heads.insert(version.key.clone(), KnownHead { state_pk, version }) {
            self.bytes -= weight(&old.version);
        }
    }

    /// Makes room where there is too little. Which half goes does not matter much: what is needed is read again.
    pub(super) fn forget_some(&mut self) {
        if self.bytes <= BYTES {
            return;
        }
        let mut bytes = 0;
        self.heads.retain(|_, head| {
            let size = weight(&head.version);
            let stays = bytes + size <= BYTES / 2;
            bytes += if stays { size } else { 0 };
            stays
        });
        self.bytes = bytes;
    }
}

fn weight(version: &Version) -> usize {
    version.data.as_ref().map_or(0, Document::weight_at_most) + OVERHEAD
}

#[cfg(test)]
mod tests {
    use stateloft_core::commit::{Change, Expectation, Tip, Write, decide};
    use stateloft_core::model::{ChangeSummary, Timestamp, Verdict};

    use super::*;

    fn head(id: &str, bytes: usize) -> Version {
        let write = Write {
            key: StateKey::new("position", id).unwrap(),
            change: Change::Save(format!("\"{}\"", "x".repeat(bytes)).parse().unwrap()),
            expectation: Expectation::Any,
            verdict: Verdict::NotChecked,
            author: None,
            description: None,
            batch_id: None,
            origin: None,
            foreseen: None,
            rebase: None,
        };
        let summary = |_: &_, _: Option<&_>, _: Option<&_>| ChangeSummary::default();
        let time = Timestamp::from_micros(1);
        let outcomes = decide(&[write], &mut Tip::START.clone(), &mut HashMap::new(), time, &summary);
        outcomes.unwrap().pop().unwrap().into_version()
    }

    #[test]
    fn what_was_looked_for_and_is_not_there_is_known_until_it_is_written() {
        let mut heads = KnownHeads::default();
        let (there, not) = (head("a", 1), head("b", 1));
        heads.keep(1, there.clone());
        assert!(!heads.is_unknown(&there.key) && heads.is_unknown(&not.key));
        heads.looked_for([&there.key, &not.key].into_iter());
        assert!(!heads.is_unknown(&not.key) && heads.get(&not.key).is_none());
        heads.keep(2, not.clone());
        assert_eq!(heads.versions([&there.key, &not.key].into_iter()).len(), 2);
        heads.heads.clear();
        assert!(heads.is_unknown(&not.key), "it is there, wherever it is kept");
        for n in 0..2 * ABSENT {
            heads.looked_for([StateKey::new("pause", &format!("p{n}")).unwrap()].iter());
        }
        assert!(heads.absent.len() <= ABSENT);
    }

    #[test]
    fn room_is_made_when_it_is_needed() {
        let mut heads = KnownHeads::default();
        for n in 0..50 {
            heads.keep(n, head(&format!("s{n}"), 1 << 20));
            heads.forget_some();
            assert!(heads.bytes <= BYTES);
            assert!(heads.get(&StateKey::new("position", &format!("s{n}")).unwrap()).is_some() || n > 0);
        }
        let sum: usize = heads.heads.values().map(|head| weight(&head.version)).sum();
        assert_eq!(heads.bytes, sum);
        heads.keep(1, head("s49", 1));
        let sum: usize = heads.heads.values().map(|head| weight(&head.version)).sum();
        assert_eq!(heads.bytes, sum);
    }
}
