//! What of a write can be worked out before its turn comes.
//!
//! Commits are decided one after the other, and everybody waits for the one whose turn it is. Hashing a large document and
//! comparing it with the one before takes so long that it is done ahead, for the head there is then; the commit takes
//! it over where that still is the head.

use super::Summarise;
use crate::hash::ContentHash;
use crate::json::Document;
use crate::model::{ChangeSummary, StateType, Version};

/// What was worked out ahead of a write that stores data.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreseen {
    content_hash: ContentHash,
    /// The content of the head that it was compared with; `None` where there was none.
    onto: Option<ContentHash>,
    change: ChangeSummary,
}

impl Foreseen {
    /// Works it out, for data that is to be stored onto this head.
    #[must_use]
    pub fn of(
        state_type: &StateType,
        head: Option<&Version>,
        data: &Document,
        summarise: Summarise<'_>,
    ) -> Self {
        let old = head.and_then(|head| head.data.as_ref());
        Self {
            content_hash: ContentHash::of(data),
            onto: content(head),
            change: summarise(state_type, old, Some(data)),
        }
    }

    /// The hash of the data.
    pub(super) fn content_hash(&self) -> ContentHash {
        self.content_hash
    }

    /// How the data differs from this head's, if it is the one that was foreseen.
    pub(super) fn change_from(&self, head: Option<&Version>) -> Option<ChangeSummary> {
        (content(head) == self.onto).then(|| self.change.clone())
    }
}

/// What identifies the data of a head, if it has any.
fn content(head: Option<&Version>) -> Option<ContentHash> {
    head.filter(|head| head.data.is_some()).and_then(|head| head.content_hash)
}
