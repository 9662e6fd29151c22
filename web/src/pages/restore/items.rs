//! The rows of a plan's list: states, and below an unfolded one its changes.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::api::{Effect, Plan, PlannedState};
use stateloft_core::diff::Diff;
use stateloft_core::model::Violation;
use stateloft_core::restore::selection_key;

use super::detail::Stage;
use super::looking::Row;
use super::planning::Planning;
use crate::model::restore::would_be;
use crate::pages::compare::Failure;

/// One row.
#[derive(Clone)]
pub(super) enum Item {
    /// A state.
    State {
        /// The plan it is of.
        plan: Arc<Plan>,
        /// Place among the plan's states.
        at: usize,
        /// Whether its changes are below.
        open: bool,
    },
    /// What the columns are.
    Head {
        /// The state.
        state: Place,
    },
    /// A change.
    Change {
        /// The state.
        state: Place,
        /// All changes of the state.
        diff: Arc<Diff>,
        /// Place among them.
        at: usize,
        /// It has no box: the state comes or goes as a whole.
        whole: bool,
    },
    /// A rule that the result breaks.
    Broken {
        /// The state.
        state: Place,
        /// The rule.
        violation: Violation,
    },
    /// What is held back of a state.
    Foot {
        /// The state.
        state: Place,
        /// All changes of the state.
        diff: Arc<Diff>,
    },
    /// The documents are fetched and compared.
    Working {
        /// The state.
        state: Place,
    },
    /// They could not be.
    Failed {
        /// The state.
        state: Place,
        /// Why.
        failure: Failure,
    },
    /// The states that are equal to the target, as one line.
    Equal {
        /// How many.
        count: u64,
        /// By type, as far as they are listed.
        types: String,
        /// Whether they are listed below.
        open: bool,
    },
    /// One of them.
    EqualState {
        /// The plan it is of.
        plan: Arc<Plan>,
        /// Place among the plan's states.
        at: usize,
    },
}

/// A state of a plan.
#[derive(Clone)]
pub(super) struct Place {
    /// The plan.
    pub(super) plan: Arc<Plan>,
    /// Place among its states.
    pub(super) at: usize,
}

impl Place {
    /// The state.
    pub(super) fn state(&self) -> &PlannedState {
        &self.plan.states[self.at]
    }
}

impl Item {
    /// What tells the row from others.
    pub(super) fn key(&self) -> String {
        let of = |state: &PlannedState| format!("{} {}", selection_key(&state.key), state.now.version);
        match self {
            Self::State { plan, at, open } => format!("s{open}{}{}", of(&plan.states[*at]), plan.plan),
            Self::Head { state } => format!("h{}", of(state.state())),
            Self::Change { state, diff, at, .. } => {
                let change = &diff.changes[*at];
                format!("c{at} {}\u{0}{}\u{0}{:?}", of(state.state()), change.path, change.kind)
            }
            Self::Broken { state, violation } => {
                format!("b{}\u{0}{}\u{0}{}", of(state.state()), violation.pointer, violation.message)
            }
            Self::Foot { state, .. } => format!("f{}", of(state.state())),
            Self::Working { state } => format!("w{}", of(state.state())),
            Self::Failed { state, failure } => format!("x{}{}", of(state.state()), failure.sentence()),
            Self::Equal { count, open, .. } => format!("={count}{open}"),
            Self::EqualState { plan, at } => format!("e{}", of(&plan.states[*at])),
        }
    }

    /// What CSS gives it (`restore.css`).
    pub(super) fn height(&self, narrow: bool) -> u32 {
        match self {
            Self::State { .. } | Self::Equal { .. } => 38,
            Self::Head { .. } => {
                if narrow {
                    0
                } else {
                    30
                }
            }
            Self::Change { diff, at, .. } => match (diff.changes[*at].series.is_some(), narrow) {
                (true, false) => 58,
                (true, true) => 60,
                (false, false) => 30,
                (false, true) => 54,
            },
            Self::Broken { .. } => 30,
            Self::Foot { .. } => {
                if narrow {
                    48
                } else {
                    30
                }
            }
            Self::Working { .. } | Self::Failed { .. } => 40,
            Self::EqualState { .. } => 28,
        }
    }
}

/// Name under which the equal states are unfolded; no state has it.
pub(super) const EQUAL: &str = "=";

/// What a list is limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Only {
    /// States with this effect if everything were ticked.
    With(Effect),
    /// What would be written and has not been looked at.
    Unseen,
}

/// Lays the list out.
pub(super) fn items(planning: Planning, only: Option<Only>) -> Vec<Item> {
    let Some(plan) = planning.plan.get() else { return Vec::new() };
    let mut items = Vec::new();
    for (at, state) in plan.states.iter().enumerate().filter(|(_, state)| state.paths > 0) {
        let is_out = only.is_some_and(|only| match only {
            Only::With(effect) => effect != would_be(state),
            Only::Unseen => planning.lacking(state) == 0,
        });
        if is_out {
            continue;
        }
        let name = selection_key(&state.key);
        let open = planning.open.with(|open| open.contains(&name));
        items.push(Item::State { plan: Arc::clone(&plan), at, open });
        if open {
            let place = Place { plan: Arc::clone(&plan), at };
            let noise = planning.noise.with(|noise| noise.contains(&name));
            let from = items.len();
            unfold(&mut items, planning.details.get(&name), &place, noise);
            if only == Some(Only::Unseen) {
                planning.seen.with(|seen| {
                    let is_seen = |row: Row| row.path.is_some_and(|path| seen.has(&row.state, &path));
                    let rows = items.split_off(from);
                    items.extend(rows.into_iter().filter(|item| !Row::of(item).is_some_and(is_seen)));
                });
            }
        }
    }
    if only.is_none_or(|only| only == Only::With(Effect::Equal)) {
        equal(&mut items, planning, &plan);
    }
    items
}

/// `noise`: volatile paths are shown, too, with boxes of their own.
fn unfold(items: &mut Vec<Item>, known: Option<Stage>, state: &Place, noise: bool) {
    let (outcome, diff, whole) = match known {
        None | Some(Stage::Working) => return items.push(Item::Working { state: state.clone() }),
        Some(Stage::Failed(failure)) => return items.push(Item::Failed { state: state.clone(), failure }),
        Some(Stage::Done { outcome, diff, whole, .. }) => (outcome, diff, whole || state.plan.exact),
    };
    items.push(Item::Head { state: state.clone() });
    let broken = outcome.verdict.violations();
    let mut said = vec![false; broken.len()];
    let noise = whole || noise;
    for (at, change) in diff.changes.iter().enumerate().filter(|(_, change)| !change.volatile || noise) {
        items.push(Item::Change { state: state.clone(), diff: Arc::clone(&diff), at, whole });
        for (said, violation) in said.iter_mut().zip(broken) {
            if !*said && violation.pointer == change.path {
                *said = true;
                items.push(Item::Broken { state: state.clone(), violation: violation.clone() });
            }
        }
    }
    for (_, violation) in said.into_iter().zip(broken).filter(|(said, _)| !said) {
        items.push(Item::Broken { state: state.clone(), violation: violation.clone() });
    }
    let held = |change: &stateloft_core::diff::Change| change.volatile || change.protected.is_some();
    if !whole && diff.changes.iter().any(held) {
        items.push(Item::Foot { state: state.clone(), diff });
    }
}

/// The equal states: one line; below it, when unfolded, those that the plan lists.
fn equal(items: &mut Vec<Item>, planning: Planning, plan: &Arc<Plan>) {
    let differing = plan.states.iter().filter(|state| state.paths > 0).count() as u64;
    let count = (plan.counts.equal + plan.counts.written()).saturating_sub(differing);
    if count == 0 {
        return;
    }
    let listed: Vec<usize> =
        plan.states.iter().enumerate().filter(|(_, state)| state.paths == 0).map(|(at, _)| at).collect();
    let mut types: Vec<(String, u64)> = Vec::new();
    for at in &listed {
        let name = plan.states[*at].key.state_type.to_string();
        match types.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => types.push((name, 1)),
        }
    }
    // Only what is listed is known by type: where that is not all, nothing is said of types.
    let all = listed.len() as u64 == count;
    let words =
        types.into_iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ");
    let open = planning.open.with(|open| open.contains(EQUAL));
    items.push(Item::Equal { count, types: if all { words } else { String::new() }, open });
    if open {
        items.extend(listed.into_iter().map(|at| Item::EqualState { plan: Arc::clone(plan), at }));
    }
}
