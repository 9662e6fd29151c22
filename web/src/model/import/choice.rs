//! What of the files is to be written: the boxes.

use std::collections::{BTreeMap, BTreeSet};

use stateloft_core::api::Standing;

use super::found::{Found, Item, may_be_written};
use super::stood::{Age, Stood};
use crate::model::restore::Tick;

/// Boxes that somebody turned, by the name of what they stand at; the others are as they are by themselves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ticks {
    turned: BTreeMap<String, bool>,
    /// Of those that are ticked: what goes into the history only.
    history: BTreeSet<String>,
}

/// What the server is told, by the items' names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// Written although they are not by themselves.
    pub choose: Vec<String>,
    /// Written, and the head stays what it is.
    pub history_only: Vec<String>,
    /// Left out although they are written by themselves.
    pub leave: Vec<String>,
}

/// Why something is not ticked by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It is older than what the store holds.
    Older,
    /// Nothing says whether it is newer than what the store holds.
    Unknown,
    /// Nothing says which of several versions in the files is the newest.
    Unordered,
}

impl Reason {
    /// Why this one is not, if it is not.
    #[must_use]
    pub fn of(stood: &Stood) -> Option<Self> {
        match (stood.standing.status, stood.age) {
            (Standing::Unordered, _) => Some(Self::Unordered),
            (Standing::Different, Age::Older) => Some(Self::Older),
            (Standing::Different, Age::Unknown | Age::Alone) => Some(Self::Unknown),
            _ => None,
        }
    }
}

impl Ticks {
    /// Whether an item is ticked; `None` where it has no box.
    #[must_use]
    pub fn of(&self, item: &Item, stood: &Stood) -> Option<bool> {
        let by_itself = || Reason::of(stood).is_none();
        may_be_written(stood.standing.status)
            .then(|| self.turned.get(&item.name).copied().unwrap_or_else(by_itself))
    }

    /// Turns a box. What is ticked by hand becomes the head.
    pub fn set(&mut self, item: &Item, on: bool) {
        self.history.remove(&item.name);
        self.turned.insert(item.name.clone(), on);
    }

    /// Puts an item into the history only, or takes it out of what is written.
    pub fn put_into_history(&mut self, item: &Item, on: bool) {
        self.set(item, on);
        if on {
            self.history.insert(item.name.clone());
        }
    }

    /// Whether an item goes into the history only.
    #[must_use]
    pub fn is_history(&self, item: &Item) -> bool {
        self.history.contains(&item.name)
    }

    /// The box over several of them; `None` where none has one.
    #[must_use]
    pub fn over<'a>(&self, items: impl Iterator<Item = (&'a Item, &'a Stood)>) -> Option<Tick> {
        let boxes: Vec<bool> = items.filter_map(|(item, stood)| self.of(item, stood)).collect();
        let on = boxes.iter().filter(|on| **on).count();
        match (on, boxes.len()) {
            (_, 0) => None,
            (0, _) => Some(Tick::Off),
            (on, all) if on < all => Some(Tick::Mixed),
            _ => Some(Tick::On),
        }
    }

    /// What is otherwise than by itself, as the server wants it named.
    #[must_use]
    pub fn order(&self, found: &Found, stood: &[Stood]) -> Choices {
        let mut order = Choices::default();
        for (item, stood) in found.items.iter().zip(stood) {
            match (stood.standing.status, self.of(item, stood)) {
                (Standing::Different, Some(true)) if self.is_history(item) => {
                    order.history_only.push(item.name.clone());
                }
                (Standing::Different | Standing::Unordered, Some(true)) => {
                    order.choose.push(item.name.clone());
                }
                (Standing::New, Some(false)) => order.leave.push(item.name.clone()),
                _ => {}
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use stateloft_core::api::ImportStanding;

    use super::super::samples::{found, item};
    use super::*;

    fn stood(status: Standing, age: Age) -> Stood {
        Stood { standing: ImportStanding { status, version: None }, age }
    }

    #[test]
    fn only_what_is_new_or_known_to_be_newer_is_ticked_by_itself() {
        let ticks = Ticks::default();
        let on = |status, age| ticks.of(&item("A", 1), &stood(status, age));
        assert_eq!(on(Standing::New, Age::Alone), Some(true));
        assert_eq!(on(Standing::Different, Age::Newer), Some(true));
        assert_eq!(on(Standing::Different, Age::Older), Some(false));
        assert_eq!(on(Standing::Different, Age::Unknown), Some(false));
        assert_eq!(on(Standing::Unordered, Age::Alone), Some(false));
        assert_eq!(on(Standing::Unchanged, Age::Alone), None, "there is nothing to write");
    }

    #[test]
    fn the_server_is_told_what_is_otherwise_than_by_itself() {
        let found = found(vec![item("A", 1), item("B", 2), item("C", 3), item("D", 4)]);
        let stood = [
            stood(Standing::New, Age::Alone),
            stood(Standing::New, Age::Alone),
            stood(Standing::Different, Age::Newer),
            stood(Standing::Different, Age::Older),
        ];
        let mut ticks = Ticks::default();
        let name = |at: usize| found.items[at].name.clone();
        let order = Choices { choose: vec![name(2)], ..Choices::default() };
        assert_eq!(ticks.order(&found, &stood), order, "the server writes none in place of another");
        let over = |ticks: &Ticks| ticks.over(found.items.iter().zip(&stood));
        assert_eq!(over(&ticks), Some(Tick::Mixed));
        ticks.set(&found.items[1], false);
        ticks.set(&found.items[3], true);
        let order = Choices { choose: vec![name(2), name(3)], leave: vec![name(1)], ..Choices::default() };
        assert_eq!(ticks.order(&found, &stood), order);
        ticks.put_into_history(&found.items[3], true);
        let order = Choices { choose: vec![name(2)], history_only: vec![name(3)], leave: vec![name(1)] };
        assert_eq!((ticks.order(&found, &stood), over(&ticks)), (order, Some(Tick::Mixed)));
        ticks.set(&found.items[3], true);
        assert!(!ticks.is_history(&found.items[3]), "who ticks the box wants it as the head");
        ticks.put_into_history(&found.items[3], false);
        assert_eq!(ticks.of(&found.items[3], &stood[3]), Some(false));
        found.items.iter().for_each(|item| ticks.set(item, false));
        assert_eq!(over(&ticks), Some(Tick::Off));
        assert_eq!(ticks.over(std::iter::empty()), None);
    }
}
