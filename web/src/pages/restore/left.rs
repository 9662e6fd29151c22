//! What is kept of a plan while somebody looks elsewhere, so that Back returns to the same place.

use std::collections::BTreeSet;
use std::rc::Rc;

use leptos::prelude::*;

use super::looking::Row;
use super::planning::Planning;
use super::sent::reason_for;
use crate::model::plan_address::Ask;
use crate::model::seen::Seen;

/// The name under which the history keeps it.
const NAME: &str = "restore";

/// A plan as it was left.
#[derive(Clone)]
struct Left {
    ask: Ask,
    open: BTreeSet<String>,
    noise: BTreeSet<String>,
    cursor: Option<Row>,
    scrolled: f64,
    reason: String,
    /// The hash of the plan that was on the screen, and what of it had been looked at.
    seen: Option<(String, Seen)>,
}

impl Planning {
    /// Comes back to what was left of this entry of the history, and keeps it when it is left.
    pub(super) fn come_back(self) {
        let left =
            self.router.take::<Left>(NAME).filter(|left| self.ask.with_untracked(|ask| *ask == left.ask));
        if let Some(left) = left {
            self.open.set(left.open);
            self.noise.set(left.noise);
            self.cursor.set(left.cursor);
            self.form.update(|form| form.reason = left.reason);
            self.jump.set(Some(left.scrolled));
            self.seen_before.set_value(left.seen);
        } else if let Some(reason) = self.ask.with_untracked(reason_for) {
            self.form.update(|form| form.reason = reason);
        }
        self.router.keep(NAME, move || {
            let plan = self.plan.get_untracked()?;
            let left = Left {
                ask: self.ask.get_untracked(),
                open: self.open.get_untracked(),
                noise: self.noise.get_untracked(),
                cursor: self.cursor.get_untracked(),
                scrolled: self.scrolled.get_untracked(),
                reason: self.form.with_untracked(|form| form.reason.clone()),
                seen: Some((plan.plan.clone(), self.seen.get_untracked())),
            };
            Some(Rc::new(left))
        });
    }

    /// What had been looked at of this very plan counts as looked at; of another one it does not.
    pub(super) fn see_again(self, plan: &str) {
        let before = self.seen_before.try_update_value(Option::take).flatten();
        if let Some((_, seen)) = before.filter(|(before, _)| before == plan) {
            self.seen.set(seen);
        }
    }
}
