//! States that are named, read many at a time: of thousands of them, one by one, each would be a question of its own to the store.

use stateloft_core::api::Scope;
use stateloft_core::model::{Seq, StateKey};

use crate::store::{MovedState, Points, Result};

/// States that one question is about.
const AT_ONCE: usize = 1_000;

/// States that are left to read.
pub(super) struct Named {
    keys: Vec<StateKey>,
    read: usize,
}

impl Named {
    pub(super) fn new(mut keys: Vec<StateKey>) -> Self {
        keys.sort();
        keys.dedup();
        Self { keys, read: 0 }
    }

    /// The next of them that have a version after a seq, by type and id: each with its head, and what it was at that seq. As many as
    /// a page of the store holds; `None` at the end.
    pub(super) async fn next(
        &mut self,
        store: &(impl Points + ?Sized),
        since: Seq,
    ) -> Result<Option<Vec<MovedState>>> {
        while self.read < self.keys.len() {
            let left = &self.keys[self.read..];
            let chunk = &left[..left.len().min(AT_ONCE)];
            let scope = Scope { states: chunk.to_vec(), ..Scope::default() };
            let page = store.moved_since(since, &scope, None, AT_ONCE).await?;
            // A page that is full of data ends before its states do.
            match page.last() {
                None => self.read += chunk.len(),
                Some(last) => {
                    self.read += chunk.partition_point(|key| *key <= last.head.key);
                    return Ok(Some(page));
                }
            }
        }
        Ok(None)
    }
}
