//! Which children of two containers belong together, as steps; and of two objects, by key.
use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::{Member, Node};

/// Below this many members looking along the object is quicker than hashing its keys.
const FEW: usize = 12;

/// One child of either container, in the order in which a reader wants them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A child that both have, by its positions.
    Pair { old: usize, new: usize },
    /// A child that only the old container has.
    Removed { old: usize },
    /// A child that only the new container has; `after` old children stand before it.
    Added { new: usize, after: usize },
}

/// All children of two containers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Matching {
    pub(super) steps: Vec<Step>,
    /// The old positions of the common children in their new order, where that is another one.
    pub(super) order: Option<Vec<u32>>,
}

/// For each child of the new container the position of the old one that it belongs to, if there is one.
#[derive(Debug)]
pub(super) struct Partners {
    old_count: usize,
    of_new: Vec<Option<usize>>,
}

impl Partners {
    pub(super) fn new(old_count: usize, of_new: Vec<Option<usize>>) -> Self {
        Self { old_count, of_new }
    }

    /// Who belongs together: old and new position.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        self.of_new.iter().enumerate().filter_map(|(new, old)| Some(((*old)?, new)))
    }

    pub(super) fn matching(&self) -> Matching {
        let mut removed: Vec<bool> = vec![true; self.old_count];
        for old in self.of_new.iter().flatten() {
            removed[*old] = false;
        }
        let mut gone = (0..self.old_count).filter(|old| removed[*old]).peekable();
        let mut steps = Vec::with_capacity(self.old_count.max(self.of_new.len()));
        let mut after = 0;
        for (new, partner) in self.of_new.iter().enumerate() {
            match *partner {
                Some(old) => {
                    while let Some(old) = gone.next_if(|gone| *gone < old) {
                        steps.push(Step::Removed { old });
                    }
                    steps.push(Step::Pair { old, new });
                    after = old + 1;
                }
                None => steps.push(Step::Added { new, after }),
            }
        }
        steps.extend(gone.map(|old| Step::Removed { old }));
        Matching { steps, order: order(&self.of_new) }
    }

    /// Only as many partners as stand in the same order in both: what changed places is gone here and new there.
    pub(super) fn in_order(mut self) -> Self {
        // Patience: `piles` holds, for each length, the new child that ends the best rising sequence of that length.
        let mut piles: Vec<usize> = Vec::new();
        let mut before: Vec<Option<usize>> = vec![None; self.of_new.len()];
        for (new, partner) in self.of_new.iter().enumerate() {
            let Some(old) = *partner else { continue };
            let length = piles.partition_point(|end| self.of_new[*end] < Some(old));
            before[new] = length.checked_sub(1).map(|shorter| piles[shorter]);
            if length == piles.len() { piles.push(new) } else { piles[length] = new }
        }
        let mut kept = vec![None; self.of_new.len()];
        let mut at = piles.last().copied();
        while let Some(new) = at {
            kept[new] = self.of_new[new];
            at = before[new];
        }
        self.of_new = kept;
        self
    }
}

fn order(partners: &[Option<usize>]) -> Option<Vec<u32>> {
    if partners.iter().flatten().is_sorted() {
        return None;
    }
    partners.iter().flatten().map(|old| u32::try_from(*old).ok()).collect()
}

/// Whether two objects have the same keys in the same order.
pub(super) fn same_keys(old: Node<'_>, new: Node<'_>) -> bool {
    old.len() == new.len() && old.members().zip(new.members()).all(|(old, new)| old.key.same(new.key))
}

/// Matches the members of two objects by key.
pub(super) fn members(old: &[Member<'_>], new: &[Member<'_>]) -> Partners {
    let mut by_key: Option<HashMap<Cow<'_, str>, usize>> = None;
    let mut expected = 0;
    let of_new = new
        .iter()
        .map(|member| {
            // Mostly the keys stand as they stood, but for a few.
            let found = if old.get(expected).is_some_and(|old| old.key.same(member.key)) {
                Some(expected)
            } else if old.len() <= FEW {
                old.iter().position(|old| old.key.same(member.key))
            } else {
                let by_key = by_key.get_or_insert_with(|| {
                    old.iter().enumerate().map(|(at, member)| (member.key.decoded(), at)).collect()
                });
                by_key.get(&member.key.decoded()).copied()
            };
            expected = found.map_or(expected, |found| found + 1);
            found
        })
        .collect();
    Partners { old_count: old.len(), of_new }
}

/// An element's name for people.
pub(super) fn name_of<'a>(element: Node<'a>, identity: &str) -> Option<Cow<'a, str>> {
    let value = element.get(identity)?;
    value.as_str().or_else(|| Some(Cow::Borrowed(value.text())))
}
