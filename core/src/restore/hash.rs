//! The hash that binds a plan.
use std::collections::BTreeSet;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Side, selection_key};
use crate::api::{Scope, Selection};
use crate::model::{Seq, StateKey};

/// A state that a plan is bound to.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'a> {
    /// Which.
    pub key: &'a StateKey,
    /// Its head.
    pub now: &'a Side,
    /// What it was at the target.
    pub target: Option<&'a Side>,
}

/// The hash of a plan: 64 hexadecimal digits.
///
/// It covers the target's seq, the scope, the ticks, and of every state that differs and is not skipped its head and
/// its target, by version and content. A state that is equal is not bound: when it moves, it differs. The order in
/// which states, paths and types are given is of no account.
///
/// Layout, hashed with SHA-256: `statehouse-plan-1`, then each field as a 64-bit big-endian length and its bytes;
/// numbers as decimal digits; each list as the number of its items, then the items; what is absent as an empty field.
#[must_use]
pub fn plan_hash<'a>(
    target_seq: Seq,
    scope: &Scope,
    selection: &Selection,
    states: impl IntoIterator<Item = Bound<'a>>,
) -> String {
    let mut fields = Fields(Sha256::new());
    fields.text("statehouse-plan-1");
    fields.text(&target_seq.to_string());
    fields.scope(scope);
    fields.selection(selection);
    let mut states: Vec<Bound<'_>> =
        states.into_iter().filter(|state| !skipped(selection, state.key)).collect();
    states.sort_by_key(|state| state.key);
    fields.count(states.len());
    for state in states {
        fields.key(state.key);
        fields.side(Some(state.now));
        fields.side(state.target);
    }
    fields.0.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn skipped(selection: &Selection, key: &StateKey) -> bool {
    selection.get(&selection_key(key)).is_some_and(|ticks| ticks.skip)
}

struct Fields(Sha256);

impl Fields {
    fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
    }

    fn count(&mut self, count: usize) {
        self.text(&count.to_string());
    }

    fn list<'a>(&mut self, items: impl Iterator<Item = &'a str>) {
        let items: BTreeSet<&str> = items.collect();
        self.count(items.len());
        for item in items {
            self.text(item);
        }
    }

    fn key(&mut self, key: &StateKey) {
        self.text(key.state_type.as_str());
        self.text(key.state_id.as_str());
    }

    fn scope(&mut self, scope: &Scope) {
        let states: BTreeSet<&StateKey> = scope.states.iter().collect();
        self.count(states.len());
        for key in states {
            self.key(key);
        }
        self.list(scope.types.iter().map(crate::model::StateType::as_str));
        self.text(scope.prefix.as_deref().unwrap_or_default());
    }

    fn selection(&mut self, selection: &Selection) {
        let ticks = selection
            .iter()
            .filter(|(_, ticks)| ticks.skip || !ticks.left.is_empty() || !ticks.unlocked.is_empty());
        self.count(ticks.clone().count());
        for (key, ticks) in ticks {
            self.text(key);
            self.text(if ticks.skip { "skip" } else { "" });
            self.list(ticks.left.iter().map(String::as_str));
            self.list(ticks.unlocked.iter().map(String::as_str));
        }
    }

    fn side(&mut self, side: Option<&Side>) {
        let version = side.map(|side| side.version.to_string()).unwrap_or_default();
        let hash = side.and_then(|side| side.content_hash).map(|hash| hash.to_string());
        self.text(&version);
        self.text(&hash.unwrap_or_default());
    }
}
