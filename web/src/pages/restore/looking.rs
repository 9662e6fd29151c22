//! What of a plan has been looked at: the rows' eyes, and the row that the keys are at.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::api::PlannedState;
use stateloft_core::diff::{Change, Diff};
use stateloft_core::model::StateKey;
use stateloft_core::restore::selection_key;

use super::detail::Stage;
use super::items::Item;
use super::planning::Planning;
use crate::model::restore::{PathFate, fate, set_path, set_state, set_unlocked};
use crate::model::seen::Rows;
use crate::parts::{Icon, Pic};
use crate::shell::keys;

/// A row with an eye: a state, or a path of one as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The state's name in a selection.
    pub(super) state: String,
    /// The path.
    pub(super) path: Option<String>,
}

impl Row {
    /// The row of an item, if it has an eye.
    pub(super) fn of(item: &Item) -> Option<Self> {
        match item {
            Item::State { plan, at, .. } => {
                Some(Self { state: selection_key(&plan.states[*at].key), path: None })
            }
            Item::Change { state, diff, at, .. } => Some(Self {
                state: selection_key(&state.state().key),
                path: Some(diff.changes[*at].display.clone()),
            }),
            _ => None,
        }
    }
}

impl Planning {
    /// How many rows of a state that would be written have no eye.
    pub(super) fn lacking(self, state: &PlannedState) -> u64 {
        self.with_rows(state, |name, rows| self.seen.with(|seen| seen.lacking(name, rows)))
    }

    /// How many of all states.
    pub(super) fn lacking_in_all(self) -> u64 {
        self.plan
            .with(|plan| plan.iter().flat_map(|plan| &plan.states).map(|state| self.lacking(state)).sum())
    }

    /// How many of all states have moved since they were looked at.
    pub(super) fn moved_in_all(self) -> u64 {
        let of = |state: &PlannedState| {
            self.with_rows(state, |name, rows| self.seen.with(|seen| seen.moved(name, rows)))
        };
        self.plan.with(|plan| plan.iter().flat_map(|plan| &plan.states).map(of).sum())
    }

    fn with_rows<T>(self, state: &PlannedState, use_them: impl FnOnce(&str, Rows<'_>) -> T) -> T {
        let name = selection_key(&state.key);
        let ticks = self.ticks.with(|ticks| ticks.get(&name).cloned());
        if ticks.as_ref().is_some_and(|ticks| ticks.skip) {
            return use_them(&name, Rows::Counted(0));
        }
        match self.details.get(&name) {
            Some(Stage::Done { diff, whole, .. }) if whole || self.is_exact() => {
                use_them(&name, Rows::Whole(&diff.changes))
            }
            Some(Stage::Done { diff, .. }) => use_them(&name, Rows::Boxed(&diff.changes, ticks.as_ref())),
            _ => use_them(&name, Rows::Counted(self.outcome(state).selected)),
        }
    }

    fn is_exact(self) -> bool {
        self.plan.with(|plan| plan.as_ref().is_some_and(|plan| plan.exact))
    }

    /// Sets the eye of a row.
    pub(super) fn look_at(self, row: &Row) {
        self.seen.update(|seen| match &row.path {
            Some(path) => seen.set(&row.state, path),
            None => seen.set_state(&row.state),
        });
    }

    /// Ticks or unticks a path.
    pub(super) fn turn_path(self, key: &StateKey, diff: &Arc<Diff>, change: &Change) {
        let name = selection_key(key);
        let fate = self.ticks.with_untracked(|ticks| fate(change, ticks.get(&name)));
        let on = fate != PathFate::Written;
        self.tick(|ticks| match fate {
            // Unlocking is a step of its own.
            PathFate::Kept => {}
            _ if change.volatile => set_unlocked(ticks, key, &change.path, on),
            _ => set_path(ticks, key, &diff.changes, &change.path, on),
        });
    }

    /// Listens to `j k`, to `Space`, which sets the eye, to `x`, which ticks, and to `Enter`, which unfolds. `only_unseen`: rows
    /// leave the list when their eye is set.
    pub(super) fn walk(self, rows: Memo<Vec<Item>>, only_unseen: Memo<bool>) {
        let next = move |on: bool| {
            rows.with_untracked(|rows| {
                let rows: Vec<Row> = rows.iter().filter_map(Row::of).collect();
                let at = self
                    .cursor
                    .with_untracked(|cursor| rows.iter().position(|row| Some(row) == cursor.as_ref()));
                let to = match (at, on) {
                    (None, _) => Some(0),
                    (Some(at), true) => Some(at + 1),
                    (Some(at), false) => at.checked_sub(1),
                };
                to.and_then(|to| rows.get(to).cloned())
            })
        };
        let item = move || {
            let cursor = self.cursor.get_untracked()?;
            rows.with_untracked(|rows| {
                rows.iter().find(|item| Row::of(item).as_ref() == Some(&cursor)).cloned()
            })
        };
        keys().on_key(move |key| match key {
            "j" | "k" => {
                let to = next(key == "j");
                let moves = to.is_some();
                if moves {
                    self.cursor.set(to);
                }
                moves
            }
            " " => {
                let Some(row) = item().as_ref().and_then(Row::of) else { return false };
                let to = next(true).or_else(|| next(false)).filter(|_| only_unseen.get_untracked());
                self.look_at(&row);
                if to.is_some() {
                    self.cursor.set(to);
                }
                true
            }
            "x" => item().is_some_and(|item| self.turn(&item)),
            "Enter" => match item() {
                Some(Item::State { plan, at, .. }) => {
                    self.unfold(&selection_key(&plan.states[at].key));
                    true
                }
                _ => false,
            },
            _ => false,
        });
    }

    /// Ticks or unticks a row; true if it has a box.
    fn turn(self, item: &Item) -> bool {
        match item {
            Item::State { plan, at, .. } => {
                let key = &plan.states[*at].key;
                let off = self.ticks.with_untracked(|ticks| {
                    ticks.get(&selection_key(key)).is_some_and(|ticks| ticks.skip || !ticks.left.is_empty())
                });
                self.tick(|ticks| set_state(ticks, key, off));
                true
            }
            Item::Change { state, diff, at, whole: false } => {
                self.turn_path(&state.state().key, diff, &diff.changes[*at]);
                true
            }
            _ => false,
        }
    }
}

/// A row's eye: dashed where it has not been looked at.
#[component]
pub(super) fn Eye(
    planning: Planning,
    row: Row,
    /// What it is the eye of.
    of: String,
    /// Whether it has been looked at.
    #[prop(into)]
    seen: Signal<bool>,
) -> impl IntoView {
    let tip = move || if seen.get() { "looked at" } else { "not looked at" };
    view! {
        <button type="button" class="eye" class:unseen=move || !seen.get() aria-pressed=move || seen.get().to_string()
            aria-label=format!("Looked at {of}") data-tip=tip on:click=move |_| planning.look_at(&row)>
            <Pic icon=Icon::Eye/>
        </button>
    }
}
