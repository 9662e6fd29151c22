//! What a batch asks besides its writes: that something is so, and that what it does not name goes.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::Arc;

use super::{Change, Check, CheckFailed, Expectation, Fence, Refusal, Write};
use crate::model::{Origin, StateId, StateKey, StateType, Verdict, Version};

/// The most states that one batch closes.
pub const CLOSED_MAX: usize = 10_000;
/// The most bytes of data, in all, that the states have which one batch closes.
pub const CLOSED_BYTES: usize = 16 << 20;
/// The most bytes of data that the checks of one batch look through; a document counts once for each check.
pub const CHECKED_BYTES: usize = 256 << 20;

/// What a batch asks besides its writes. Everything is decided by the heads as they are inside the commit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Terms {
    /// These must hold, or nothing is written.
    pub checks: Vec<Check>,
    /// Living states in one of these that the batch does not name are deleted.
    pub closings: Vec<Closing>,
    /// What those deletes say of themselves.
    pub signed: Signed,
    /// The run that writes must still hold its lease.
    pub fence: Option<Fence>,
}

/// States of which what is not named is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// Only these types; never none.
    pub types: Vec<StateType>,
    /// Only ids that start with this.
    pub prefix: Option<StateId>,
}

/// Who deletes what is closed, why, and as part of what: as in a [`Write`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signed {
    /// Who.
    pub author: Option<Arc<str>>,
    /// Why.
    pub description: Option<Arc<str>>,
    /// The batch.
    pub batch_id: Option<Arc<str>>,
    /// Where it comes from.
    pub origin: Option<Arc<Origin>>,
}

/// A batch would close, or look through, more than one batch may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    /// To close.
    #[error(
        "close_missing would close more than {CLOSED_MAX} states, or states with more than {} MiB of data: give a longer prefix, \
         fewer types, or delete some of them first",
        CLOSED_BYTES >> 20
    )]
    ToClose,
    /// To look through.
    #[error(
        "the checks would look through more than {} MiB of documents: check versions or hashes of large documents in place of values",
        CHECKED_BYTES >> 20
    )]
    ToCheck,
}

impl Closing {
    /// Whether a state is one of those.
    #[must_use]
    pub fn has(&self, key: &StateKey) -> bool {
        self.types.contains(&key.state_type)
            && self.prefix.as_ref().is_none_or(|prefix| key.state_id.as_str().starts_with(prefix.as_str()))
    }
}

impl Terms {
    /// The states that a batch names on these terms: what it writes, and what it looks at, is not closed.
    #[must_use]
    pub fn named<'a>(&'a self, batch: &'a [Write]) -> HashSet<&'a StateKey> {
        let written = batch.iter().map(|write| &write.key);
        let fence = self.fence.iter().flat_map(|fence| [fence.session(), fence.pause()]);
        written.chain(self.checks.iter().map(|check| &check.key)).chain(fence).collect()
    }

    /// Whether these are no terms but that the run which writes holds its lease: that can be decided at any later time.
    #[must_use]
    pub fn only_fence(&self) -> bool {
        self.checks.is_empty() && self.closings.is_empty()
    }

    /// Refuses the batch of a run that does not hold its lease any more, or that is paused.
    pub(super) fn stop_who_lost<S: BuildHasher>(
        &self,
        heads: &HashMap<StateKey, Version, S>,
    ) -> Result<(), Refusal> {
        let Some(fence) = &self.fence else { return Ok(()) };
        let session = heads.get(fence.session());
        if fence.holds(session) {
            let pause = heads.get(fence.pause()).filter(|pause| Fence::is_paused(Some(pause)));
            return pause.map_or(Ok(()), |pause| {
                Err(Refusal::RunPaused { fence: fence.clone(), pause: Box::new(pause.clone()) })
            });
        }
        Err(Refusal::LeaseLost { fence: fence.clone(), session: session.cloned().map(Box::new) })
    }

    /// Refuses the batch unless all checks hold.
    pub(super) fn check<S: BuildHasher>(&self, heads: &HashMap<StateKey, Version, S>) -> Result<(), Refusal> {
        let head = |check: &Check| heads.get(&check.key);
        let work = self.checks.iter().map(|check| check.work(head(check))).fold(0, usize::saturating_add);
        if work > CHECKED_BYTES {
            return Err(Refusal::TooMuch(TooMuch::ToCheck));
        }
        let failing = self.checks.iter().filter(|check| !check.holds(head(check)));
        let failed: Vec<_> =
            failing.map(|check| CheckFailed { check: check.clone(), head: head(check).cloned() }).collect();
        if failed.is_empty() { Ok(()) } else { Err(Refusal::ChecksFailed(failed)) }
    }

    /// The deletes of what is closed, in the order of types and ids.
    pub(super) fn deletes<S: BuildHasher>(
        &self,
        batch: &[Write],
        heads: &HashMap<StateKey, Version, S>,
    ) -> Result<Vec<Write>, Refusal> {
        if self.closings.is_empty() {
            return Ok(Vec::new());
        }
        let named = self.named(batch);
        let closed = |head: &&Version| {
            !head.is_deleted()
                && self.closings.iter().any(|closing| closing.has(&head.key))
                && !named.contains(&head.key)
        };
        let mut closed: Vec<&Version> = heads.values().filter(closed).collect();
        let bytes: usize = closed.iter().map(|head| head.size()).sum();
        if closed.len() > CLOSED_MAX || bytes > CLOSED_BYTES {
            return Err(Refusal::TooMuch(TooMuch::ToClose));
        }
        closed.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(closed.into_iter().map(|head| self.signed.delete(head.key.clone())).collect())
    }
}

impl Signed {
    fn delete(&self, key: StateKey) -> Write {
        Write {
            key,
            change: Change::Delete,
            expectation: Expectation::Any,
            verdict: Verdict::NotChecked,
            author: self.author.clone(),
            description: self.description.clone(),
            batch_id: self.batch_id.clone(),
            origin: self.origin.clone(),
            foreseen: None,
            rebase: None,
        }
    }
}
