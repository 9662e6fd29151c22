//! One version that an import would write, by which it is found again where no answer came.

use stateloft_core::api::Standing;
use stateloft_core::hash::ContentHash;
use stateloft_core::model::{Operation, StateKey};

use super::choice::Ticks;
use super::found::Found;
use super::stood::{Look, Stood, quarantined};
use crate::model::found::{Hand, Next};

/// Which version of which state it would be.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// The state.
    pub key: StateKey,
    /// The version that it follows; 0 if it is the first.
    pub base: u64,
    operation: Operation,
    content: ContentHash,
}

impl Probe {
    /// The first of what would be written.
    #[must_use]
    pub fn of(
        found: &Found,
        look: &Look,
        (stood, quarantine): (&[Stood], &[Standing]),
        ticks: &Ticks,
    ) -> Option<Self> {
        let ticked =
            || found.items.iter().zip(stood).filter(|(item, stood)| ticks.of(item, stood) == Some(true));
        // What goes into the history stands before what becomes the head.
        let item = ticked().find(|(item, _)| ticks.is_history(item)).or_else(|| ticked().next());
        let first = || {
            let held = found.quarantine.iter().zip(quarantine);
            let mut new = held.filter(|(_, standing)| **standing != Standing::Unchanged);
            quarantined(new.next()?.0)
        };
        let (key, content) = item.map(|(item, _)| (item.key(), item.content_hash)).or_else(first)?;
        let head = look.states.get(&key).map(|held| &held.head);
        let operation = match head {
            Some(head) if head.operation != Operation::Delete => Operation::Update,
            _ => Operation::Create,
        };
        Some(Self { base: head.map_or(0, |head| head.version.0), key, operation, content })
    }

    /// As what is looked for.
    #[must_use]
    pub fn next(&self, hand: Hand) -> Next {
        Next { base: self.base, operation: self.operation, content: Some(self.content), hand }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{found, item, version};
    use super::super::stood::Held;
    use super::*;

    #[test]
    fn the_first_that_is_ticked_is_looked_for_behind_the_head_that_there_was() {
        let found = found(vec![item("A", 1), item("B", 2)]);
        let mut look = Look::default();
        let head = version("A", 4, 9, "2020-01-01T00:00:00Z");
        look.states.insert(found.items[0].key(), Held::new(head));
        let stood = look.items(&found);
        let mut ticks = Ticks::default();
        let probe = |ticks: &Ticks| Probe::of(&found, &look, (&stood, &[]), ticks);
        let of_new = probe(&ticks).unwrap();
        assert_eq!(
            (of_new.key.state_id.as_str(), of_new.base, of_new.operation),
            ("B", 0, Operation::Create)
        );
        ticks.set(&found.items[0], true);
        let of_old = probe(&ticks).unwrap();
        assert_eq!(
            (of_old.key.state_id.as_str(), of_old.base, of_old.operation),
            ("A", 4, Operation::Update)
        );
        // Of a state with both, what is history only is written first.
        let two = Found { items: vec![item("A", 1), item("A", 3)], ..found.clone() };
        let stood_two = look.items(&two);
        ticks.set(&two.items[0], true);
        let mut both = ticks.clone();
        let mut other = two.clone();
        other.items[1].name = "b.json#".to_owned();
        both.put_into_history(&other.items[1], true);
        let first = Probe::of(&other, &look, (&stood_two, &[]), &both).unwrap();
        assert_eq!(first.content, other.items[1].content_hash);
        found.items.iter().for_each(|item| ticks.set(item, false));
        assert_eq!(probe(&ticks), None);
    }
}
