//! Which living states a batch closes because it does not name them, as far as a store must read them before it can decide.
//!
//! A store says which states live where a batch closes what it does not name. Those are decided on together with the others of
//! the group, by heads that move on from request to request; so what another request of the same group saves is closed as well, or
//! comes after. Where a batch would close more than it may, nothing is read for it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use stateloft_core::commit::{CLOSED_BYTES, CLOSED_MAX, Closing, Terms, Write};
use stateloft_core::model::{StateId, StateKey, StateType};

/// A living state and the bytes of its data.
#[derive(Debug)]
pub(super) struct Living {
    pub(super) key: StateKey,
    pub(super) size: u64,
}

/// A request of a group that closes what it does not name.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// Which one of the group.
    request: usize,
    pub(super) closings: &'a [Closing],
    named: HashSet<&'a StateKey>,
}

/// What is read for the closings of a group.
#[derive(Debug, Default)]
pub(super) struct ToClose {
    /// States whose heads are needed.
    pub(super) heads: BTreeSet<StateKey>,
    /// The requests that would close more than one may.
    pub(super) crowded: HashSet<usize>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(request: usize, writes: &'a [Write], terms: &'a Terms) -> Option<Self> {
        let asked = || Self { request, closings: &terms.closings, named: terms.named(writes) };
        (!terms.closings.is_empty()).then(asked)
    }

    /// So many living states of one closing need to be known: with more of them it is too much, whichever the batch names.
    pub(super) fn limit(&self) -> usize {
        CLOSED_MAX + self.named.len() + 1
    }
}

impl ToClose {
    /// Adds what one request closes, of the states that live there.
    pub(super) fn add(&mut self, asked: &Asked<'_>, living: impl IntoIterator<Item = Living>) {
        let missing = living.into_iter().filter(|living| !asked.named.contains(&living.key));
        // Where closings overlap, a state is there more than once.
        let missing: BTreeMap<StateKey, u64> = missing.map(|living| (living.key, living.size)).collect();
        let bytes = missing.values().fold(0_u64, |sum, size| sum.saturating_add(*size));
        if missing.len() > CLOSED_MAX || bytes > CLOSED_BYTES as u64 {
            self.crowded.insert(asked.request);
        } else {
            self.heads.extend(missing.into_keys());
        }
    }
}

/// Where the states of a type that a closing may reach begin, in the order of types and ids. They follow each other.
pub(super) fn first(closing: &Closing, state_type: &StateType) -> Option<StateKey> {
    // Ids have no control characters and are not empty, so none is before this one.
    let first = || StateId::new(" ").ok();
    let state_id = closing.prefix.clone().or_else(first)?;
    Some(StateKey { state_type: state_type.clone(), state_id })
}

/// Whether a state still is among those that follow [`first`].
pub(super) fn reaches(closing: &Closing, state_type: &StateType, key: &StateKey) -> bool {
    key.state_type == *state_type && closing.has(key)
}
