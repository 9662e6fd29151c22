//! Rows that are selected, and the row under the keyboard's cursor.

use std::collections::BTreeSet;

/// Selected rows by key. A range goes from the row last toggled to the one asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection<K: Ord> {
    /// The selected keys.
    pub keys: BTreeSet<K>,
    anchor: Option<K>,
}

impl<K: Ord> Default for Selection<K> {
    fn default() -> Self {
        Self { keys: BTreeSet::new(), anchor: None }
    }
}

impl<K: Ord + Clone> Selection<K> {
    /// Selects a row, or no longer.
    pub fn toggle(&mut self, key: &K) {
        if !self.keys.remove(key) {
            self.keys.insert(key.clone());
        }
        self.anchor = Some(key.clone());
    }

    /// Selects every row from the one last toggled to this one.
    pub fn extend_to(&mut self, key: &K, rows: &[K]) {
        let place = |wanted: &K| rows.iter().position(|row| row == wanted);
        match (self.anchor.as_ref().and_then(place), place(key)) {
            (Some(from), Some(to)) => {
                self.keys.extend(rows[from.min(to)..=from.max(to)].iter().cloned());
            }
            _ => self.toggle(key),
        }
    }

    /// Selects nothing.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.anchor = None;
    }
}

/// The row that the cursor moves to: `by` rows on, held at both ends; the first row when there is none yet, or when its
/// row is gone.
#[must_use]
pub fn step<K: PartialEq>(rows: &[K], cursor: Option<&K>, by: isize) -> Option<usize> {
    let last = rows.len().checked_sub(1)?;
    match cursor.and_then(|cursor| rows.iter().position(|row| row == cursor)) {
        Some(at) => Some(at.saturating_add_signed(by).min(last)),
        None => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shift_extends_from_the_row_last_toggled() {
        let rows = [1, 2, 3, 4, 5];
        let mut selection = Selection::default();
        selection.toggle(&4);
        selection.extend_to(&2, &rows);
        assert_eq!(selection.keys.iter().copied().collect::<Vec<_>>(), [2, 3, 4]);
        selection.toggle(&3);
        assert_eq!(selection.keys.iter().copied().collect::<Vec<_>>(), [2, 4]);
        selection.clear();
        selection.extend_to(&5, &rows);
        assert_eq!(selection.keys.iter().copied().collect::<Vec<_>>(), [5], "nothing to extend from");
    }

    #[test]
    fn the_cursor_stays_in_the_list() {
        let rows = ["a", "b", "c"];
        assert_eq!(step(&rows, None, 1), Some(0));
        assert_eq!(step(&rows, Some(&"a"), 1), Some(1));
        assert_eq!(step(&rows, Some(&"a"), -1), Some(0));
        assert_eq!(step(&rows, Some(&"c"), 1), Some(2));
        assert_eq!(step(&rows, Some(&"gone"), 1), Some(0));
        assert_eq!(step::<u8>(&[], None, 1), None);
    }
}
