//! The hashes that bind a plan.
use std::collections::BTreeSet;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Side, StatePlan, Writing, selection_key};
use crate::api::{Effect, Scope, Selection};
use crate::diff::ChangeKind;
use crate::json::{Kind, Node};
use crate::model::{Seq, StateKey, Verdict};
use crate::schema::{PathRules, RulesAt};

/// What a plan binds of a state, as 64 hexadecimal digits: what would be written in place of what, its existence, and what
/// today's rules say of the result. What it does not write may move without making the plan another one.
///
/// - A state that is changed: each chosen change, by its kind, its place as it is shown, the old value and the new one.
/// - One that comes back: that it is deleted, and the text that it gets.
/// - One that is deleted: everything in it that is not volatile.
/// - With `exact`, where there are too many changes to list, and where what is there now is damaged: the version that is
///   replaced, and its content hash.
///
/// Layout, hashed with SHA-256: `stateloft-bound-1`, then each field as a 64-bit big-endian length and its bytes; numbers as
/// decimal digits; each list as the number of its items, then the items; what is absent as an empty field. `None` where nothing
/// is written.
#[must_use]
pub fn bound_hash(
    now: &Side,
    plan: &StatePlan,
    verdict: &Verdict,
    rules: &PathRules,
    exact: bool,
) -> Option<String> {
    let mut fields = Fields(Sha256::new());
    fields.text("stateloft-bound-1");
    let whole = exact || now.damaged || (plan.effect == Effect::Changed && plan.diff.is_none());
    match &plan.writing {
        Writing::Nothing => return None,
        Writing::Data(data) => {
            fields.text(if plan.effect == Effect::Recreated { "recreated" } else { "changed" });
            if whole || plan.effect == Effect::Recreated {
                fields.text(data.text());
            }
        }
        Writing::Tombstone => {
            fields.text("deleted");
            if let Some(data) = now.data.as_ref().filter(|_| !whole) {
                fields.steady(data.root(), rules.root());
            }
        }
    }
    if whole {
        fields.text(&now.version.to_string());
        fields.text(&now.content_hash.map(|hash| hash.to_string()).unwrap_or_default());
    } else if let Some(diff) = &plan.diff {
        let chosen = diff.changes.iter().zip(&plan.chosen).filter(|(_, chosen)| **chosen);
        fields.count(chosen.clone().count());
        for (change, _) in chosen {
            fields.text(kind(change.kind));
            fields.text(&change.display);
            fields.text(change.old.as_deref().unwrap_or_default());
            fields.text(change.new.as_deref().unwrap_or_default());
        }
    }
    fields.verdict(verdict);
    Some(fields.hex())
}

/// The hash of a plan: 64 hexadecimal digits.
///
/// It covers the target's seq, the scope, the ticks, whether it is exact, and of every state that would be written what
/// [`bound_hash`] says. The order in which states, paths and types are given is of no account.
///
/// Layout as there, beginning with `stateloft-plan-2`.
#[must_use]
pub fn plan_hash<'a>(
    target_seq: Seq,
    scope: &Scope,
    selection: &Selection,
    exact: bool,
    states: impl IntoIterator<Item = (&'a StateKey, &'a str)>,
) -> String {
    let mut fields = Fields(Sha256::new());
    fields.text("stateloft-plan-2");
    fields.text(&target_seq.to_string());
    fields.scope(scope);
    fields.selection(selection);
    fields.text(if exact { "exact" } else { "" });
    let mut states: Vec<_> = states.into_iter().filter(|(key, _)| !skipped(selection, key)).collect();
    states.sort_unstable();
    fields.count(states.len());
    for (key, bound) in states {
        fields.key(key);
        fields.text(bound);
    }
    fields.hex()
}

fn skipped(selection: &Selection, key: &StateKey) -> bool {
    selection.get(&selection_key(key)).is_some_and(|ticks| ticks.skip)
}

fn kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
        ChangeKind::Spelling => "spelling",
        ChangeKind::Reordered => "reordered",
        ChangeKind::Splice => "splice",
    }
}

struct Fields(Sha256);

impl Fields {
    fn hex(self) -> String {
        self.0.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

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

    /// Which rules are broken where; not the words, which may name values that nothing is written to.
    fn verdict(&mut self, verdict: &Verdict) {
        self.text(match verdict {
            Verdict::NotChecked => "",
            Verdict::Valid => "valid",
            Verdict::Invalid { .. } => "invalid",
        });
        self.count(verdict.violations().len());
        for violation in verdict.violations() {
            self.text(&violation.pointer);
            self.text(&violation.code);
        }
    }

    /// A value without what is volatile in it.
    fn steady(&mut self, node: Node<'_>, rules: RulesAt<'_>) {
        if rules.is_volatile() {
            return self.text("");
        }
        match node.kind() {
            Kind::Object => {
                self.text("{");
                for member in node.members() {
                    self.text(member.key.text());
                    self.steady(member.value, rules.member(&member.key.decoded()));
                }
                self.text("}");
            }
            Kind::Array => {
                self.text("[");
                node.elements().for_each(|element| self.steady(element, rules.element()));
                self.text("]");
            }
            _ => self.text(node.text()),
        }
    }
}
