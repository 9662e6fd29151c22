//! A live list that stands still: what has come meanwhile, and how short lists keep their rows where they are.

use std::collections::HashSet;
use std::hash::Hash;

use stateloft_core::model::StateKey;

use super::number;

/// More than this is not counted on: who comes back after a night is not helped by the exact number.
const MOST: usize = 9_999;

/// What a row of a list is about: the same thing that changes twice is one new row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Which {
    /// A state.
    State(StateKey),
    /// A version, by its seq or by its number in its state.
    Version(u64),
}

/// What came while a list stood still.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    rows: HashSet<Which>,
    untold: bool,
    behind: bool,
}

impl Waiting {
    /// Something came that makes a row new.
    pub fn note(&mut self, which: Which) {
        self.behind = true;
        if self.rows.len() <= MOST {
            self.rows.insert(which);
        }
    }

    /// Something came that the list must take in, but that makes no row new.
    pub fn note_quietly(&mut self) {
        self.behind = true;
    }

    /// Something came of which is not known what it is.
    pub fn note_untold(&mut self) {
        self.behind = true;
        self.untold = true;
    }

    /// Whether the list is behind what has come.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.behind
    }

    /// `5 new`; nothing when there is nothing to show.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        match self.rows.len() {
            0 if self.untold => Some("There is something new".to_owned()),
            0 => None,
            count if count > MOST => Some(format!("Over {} new", number::count(MOST as u64))),
            count if self.untold => Some(format!("{} and more new", number::count(count as u64))),
            count => Some(format!("{} new", number::count(count as u64))),
        }
    }
}

/// The rows of a short list while it stands still: each where it was, with what is known of it now; new ones below. What is
/// gone stays until the list moves again.
#[must_use]
pub fn in_place<T: Clone, K: Eq + Hash>(shown: &[T], now: &[T], key: impl Fn(&T) -> K) -> Vec<T> {
    let mut rows: Vec<T> = Vec::with_capacity(now.len().max(shown.len()));
    for old in shown {
        let present = now.iter().find(|row| key(row) == key(old));
        rows.push(present.unwrap_or(old).clone());
    }
    let known: HashSet<K> = shown.iter().map(&key).collect();
    rows.extend(now.iter().filter(|row| !known.contains(&key(row))).cloned());
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(id: &str) -> Which {
        Which::State(StateKey::new("position", id).unwrap())
    }

    #[test]
    fn what_changes_twice_is_one_new_row() {
        let mut waiting = Waiting::default();
        assert_eq!((waiting.words(), waiting.is_behind()), (None, false));
        for id in ["A", "B", "A", "C", "A"] {
            waiting.note(state(id));
        }
        assert_eq!(waiting.words().as_deref(), Some("3 new"));
        let mut versions = Waiting::default();
        (1..=1204).chain(1..=1204).for_each(|seq| versions.note(Which::Version(seq)));
        assert_eq!(versions.words().as_deref(), Some("1,204 new"));
    }

    #[test]
    fn what_makes_no_row_new_is_taken_in_all_the_same() {
        let mut waiting = Waiting::default();
        waiting.note_quietly();
        assert_eq!((waiting.words(), waiting.is_behind()), (None, true));
    }

    #[test]
    fn what_is_not_known_is_not_counted() {
        let mut waiting = Waiting::default();
        waiting.note_untold();
        assert_eq!(waiting.words().as_deref(), Some("There is something new"));
        waiting.note(state("A"));
        assert_eq!(waiting.words().as_deref(), Some("1 and more new"));
        let mut night = Waiting::default();
        (0..20_000).for_each(|seq| night.note(Which::Version(seq)));
        assert_eq!(night.words().as_deref(), Some("Over 9,999 new"));
    }

    #[test]
    fn a_short_list_keeps_every_row_where_it_was() {
        let key = |row: &(char, u32)| row.0;
        let shown = [('a', 1), ('b', 1), ('c', 1)];
        assert_eq!(in_place(&shown, &[('c', 2), ('a', 1), ('b', 1)], key), [('a', 1), ('b', 1), ('c', 2)]);
        assert_eq!(in_place(&shown, &[('d', 1), ('a', 3)], key), [('a', 3), ('b', 1), ('c', 1), ('d', 1)]);
        assert_eq!(in_place(&[], &[('d', 1)], key), [('d', 1)], "nothing was shown");
        assert_eq!(in_place(&shown, &[], key), shown, "what is gone stays until the list moves again");
    }
}
