//! How much of a document may be looked at.

use std::cell::Cell;

#[cfg(feature = "validate")]
use crate::json::Node;

/// Members and elements that may still be looked at. Counted, never timed: the same document is always checked, or never.
#[derive(Debug)]
pub(crate) struct Steps(Cell<u64>);

impl Steps {
    pub(crate) fn of(steps: u64) -> Self {
        Self(Cell::new(steps))
    }

    pub(crate) fn unlimited() -> Self {
        Self::of(u64::MAX)
    }

    /// Looks at so many.
    pub(crate) fn take(&self, steps: usize) {
        self.0.set(self.0.get().saturating_sub(steps as u64));
    }

    /// Whether there are none left. What was found is not all there is then.
    pub(crate) fn are_spent(&self) -> bool {
        self.0.get() == 0
    }

    /// An object's value under a key. Every member in front of it is looked at.
    #[cfg(feature = "validate")]
    pub(crate) fn get<'a>(&self, node: Node<'a>, key: &str) -> Option<Node<'a>> {
        if self.are_spent() {
            return None;
        }
        let mut looked_at = 1;
        let mut members = node.members().inspect(|_| looked_at += 1);
        let found = members.find(|member| member.key.is(key)).map(|member| member.value);
        self.take(looked_at);
        found
    }
}
