//! What lists keep of the entries of the browser's history, so that Back returns to the place in the list.

use std::collections::VecDeque;

/// Entries of which something is kept; the one left longest ago goes first.
const ENTRIES: usize = 12;

/// What was kept, by entry and by the name of who keeps it.
#[derive(Debug)]
pub struct Places<V> {
    kept: VecDeque<(u64, Vec<(&'static str, V)>)>,
}

impl<V> Default for Places<V> {
    fn default() -> Self {
        Self { kept: VecDeque::new() }
    }
}

impl<V> Places<V> {
    /// An entry is left: what is kept of it replaces what was kept before.
    pub fn leave(&mut self, entry: u64, what: Vec<(&'static str, V)>) {
        self.kept.retain(|(kept, _)| *kept != entry);
        self.kept.push_back((entry, what));
        while self.kept.len() > ENTRIES {
            self.kept.pop_front();
        }
    }

    /// What is kept of an entry under this name.
    #[must_use]
    pub fn peek(&self, entry: u64, name: &str) -> Option<&V> {
        let (_, what) = self.kept.iter().find(|(kept, _)| *kept == entry)?;
        what.iter().find(|(kept, _)| *kept == name).map(|(_, value)| value)
    }

    /// The same; it is given back once.
    pub fn take(&mut self, entry: u64, name: &str) -> Option<V> {
        let (_, what) = self.kept.iter_mut().find(|(kept, _)| *kept == entry)?;
        let at = what.iter().position(|(kept, _)| *kept == name)?;
        Some(what.swap_remove(at).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_its_own_place() {
        let mut places = Places::default();
        places.leave(1, vec![("states", 300)]);
        places.leave(2, vec![("states", 40), ("rail", 7)]);
        assert_eq!(places.peek(2, "rail"), Some(&7));
        assert_eq!((places.take(1, "states"), places.take(1, "states")), (Some(300), None), "once");
        assert_eq!((places.take(2, "states"), places.peek(3, "states")), (Some(40), None));
    }

    #[test]
    fn an_entry_that_is_left_again_has_its_last_place() {
        let mut places = Places::default();
        places.leave(1, vec![("states", 300)]);
        places.leave(2, vec![("rail", 1)]);
        places.leave(1, vec![("states", 900)]);
        assert_eq!(places.take(1, "states"), Some(900));
    }

    #[test]
    fn only_the_last_entries_are_kept() {
        let mut places = Places::default();
        (0..40).for_each(|entry| places.leave(entry, vec![("states", entry)]));
        assert_eq!(places.peek(27, "states"), None);
        assert_eq!(places.peek(28, "states"), Some(&28));
        assert_eq!(places.peek(39, "states"), Some(&39));
    }
}
