//! What must be true of states that a batch only looks at.

use super::Expectation;
use crate::diff::same_value;
use crate::hash::ContentHash;
use crate::json::{Document, Node, Pointer};
use crate::model::{StateKey, Version};

/// Something that must be true of a state when the batch is written. What the batch itself writes does not count.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Which of the request's items it is, so that a failure can name it.
    pub item: usize,
    /// Which state.
    pub key: StateKey,
    /// What must be true of it.
    pub condition: Condition,
}

/// What must be true of a state.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// This of its head.
    Head(Expectation),
    /// It is live, and its data has this hash.
    Content(ContentHash),
    /// Its data has a value there, or has none. A state that is not live has none anywhere.
    Has(Pointer, bool),
    /// Its data has this value there, however it is spelled: see [`same_value`].
    Equals(Pointer, Document),
}

/// A check that does not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckFailed {
    /// The check.
    pub check: Check,
    /// The state's head; `None` if it never existed.
    pub head: Option<Version>,
}

impl Check {
    /// Whether it holds for this head. Of a head that is damaged only its place is known.
    #[must_use]
    pub fn holds(&self, head: Option<&Version>) -> bool {
        let damaged = head.is_some_and(|head| head.damaged.is_some());
        match &self.condition {
            Condition::Head(expected) => expected.holds(head),
            _ if damaged => false,
            Condition::Content(hash) => head.is_some_and(|head| head.content_hash == Some(*hash)),
            Condition::Has(_, wanted) => self.found(head).is_some() == *wanted,
            Condition::Equals(_, value) => {
                self.found(head).is_some_and(|found| same_value(found, value.root()))
            }
        }
    }

    /// The value that is at the place of which the check speaks, if it speaks of one.
    #[must_use]
    pub fn found<'h>(&self, head: Option<&'h Version>) -> Option<Node<'h>> {
        match &self.condition {
            Condition::Has(pointer, _) | Condition::Equals(pointer, _) => {
                head?.data.as_ref()?.tape().get(pointer)
            }
            Condition::Head(_) | Condition::Content(_) => None,
        }
    }

    /// Bytes of documents that are looked through for it.
    pub(super) fn work(&self, head: Option<&Version>) -> usize {
        match &self.condition {
            Condition::Head(_) | Condition::Content(_) => 0,
            Condition::Has(..) | Condition::Equals(..) => head.map_or(0, Version::size),
        }
    }
}
