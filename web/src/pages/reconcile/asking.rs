//! Asking the server how both sides stand and what the choices would write, and what its answers mean for the board.

use std::sync::Arc;
use std::time::Duration;

use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::{
    ChosenRow, PlanReconcile, ReconcileOutdated, ReconcilePlan, ReconcilePolicy, Scope,
};

use super::board::{Board, Refused};
use crate::api::{self, ApiError};
use crate::live::live;
use crate::model::address::encode_segment;
use crate::model::inbox::Event;
use crate::model::reconcile::Chosen;

/// Choices that follow each other quickly are asked of the server once.
pub(super) const SETTLE: Duration = Duration::from_millis(250);
/// While positions are written to it is asked again at most this often.
const AFRESH: Duration = Duration::from_secs(2);

impl Board {
    /// Something else is chosen: what was worked out is not of that any more.
    pub(super) fn changed(self, after: Duration) {
        self.confirmed.set(false);
        self.request(after, false);
    }

    /// Asks once more, for the same choices.
    pub(super) fn again(self) {
        self.request(Duration::ZERO, false);
    }

    /// Keeps what the list says of drift, as the program does when it looks by itself.
    pub(super) fn record_drift(self) {
        self.request(Duration::ZERO, true);
    }

    fn policy(self) -> ReconcilePolicy {
        let adopts = self.router.query.with_untracked(|query| query.get("policy") == Some("adopt"));
        if adopts && self.by_policy.get_value() { ReconcilePolicy::Adopt } else { ReconcilePolicy::Halt }
    }

    fn request(self, after: Duration, record: bool) {
        let Some(number) = self.number.try_update(|number| {
            *number += 1;
            *number
        }) else {
            return;
        };
        set_timeout(
            move || {
                let latest = move || self.number.try_get_untracked() == Some(number);
                let Some(asked) = self.asked.try_get_untracked().flatten().filter(|_| latest()) else {
                    return;
                };
                let by_policy = self.by_policy.get_value();
                let choices = if by_policy { Vec::new() } else { self.chosen.with_untracked(Chosen::list) };
                let request = PlanReconcile {
                    scope: Scope::default(),
                    list: asked.list.clone(),
                    options: asked.options.clone(),
                    policy: self.policy(),
                    choices,
                    record,
                    answers: None,
                    epoch: None,
                };
                let path = format!("/runs/{}/reconcile", encode_segment(&self.id.get_value()));
                spawn_local(async move {
                    let answer = api::send::<ReconcilePlan>(Method::POST, &path, Some(&request)).await;
                    if latest() {
                        self.take(answer, &request.choices, by_policy);
                    }
                });
            },
            after,
        );
    }

    fn take(self, answer: Result<ReconcilePlan, ApiError>, choices: &[ChosenRow], by_policy: bool) {
        match answer {
            Ok(plan) => {
                self.fault.try_set(None);
                self.refused.try_set(None);
                if by_policy {
                    self.chosen.try_set(Chosen::of(&plan));
                }
                self.plan.try_set(Some(Arc::new(plan)));
                self.confirmed.try_set(true);
            }
            Err(error) => {
                self.confirmed.try_set(false);
                if let Some(outdated) = error.moved_rows() {
                    self.outdated(&outdated);
                } else if let Some(refused) = refused(&error, choices) {
                    self.fault.try_set(None);
                    self.refused.try_set(Some(refused));
                } else {
                    self.fault.try_set(Some(error));
                }
            }
        }
    }

    /// Rows that something was chosen of are not what was looked at: they lose their choice, and everything else stays.
    pub(super) fn outdated(self, outdated: &ReconcileOutdated) {
        if let Some(shown) = self.plan.try_get_untracked().flatten() {
            self.moved.try_update(|moved| {
                moved.add(outdated.moved.iter().map(|moved| moved.row.as_str()), &shown);
            });
        }
        self.by_policy.try_set_value(false);
        self.chosen.try_update(|chosen| chosen.without_moved(outdated));
        self.confirmed.try_set(false);
        self.request(Duration::ZERO, false);
    }

    /// Asks again when positions are written to, or the run's program writes anything that counts.
    pub(super) fn follow(self) {
        let due = StoredValue::new(false);
        live().on_events(move |events| {
            let counts = |event: &Event| event.state_type.as_str() == "position";
            let asked = self.asked.try_with_untracked(Option::is_some) == Some(true);
            if asked
                && events.iter().any(counts)
                && due.try_update_value(|due| !std::mem::replace(due, true)) == Some(true)
            {
                set_timeout(
                    move || {
                        if due.try_set_value(false).is_none() {
                            self.again();
                        }
                    },
                    AFRESH,
                );
            }
        });
    }
}

/// The choice that the server does not take, where that is why.
fn refused(error: &ApiError, choices: &[ChosenRow]) -> Option<Refused> {
    error.wrong_fields().into_iter().find_map(|field| {
        let (nth, member) = field.pointer.strip_prefix("/choices/")?.split_once('/')?;
        let chosen = choices.get(nth.parse::<usize>().ok()?)?;
        Some(Refused { row: chosen.row.clone(), member: member.to_owned(), words: field.message })
    })
}
