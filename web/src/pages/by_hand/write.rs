//! Writing what was said: the server's plan for exactly these paths is applied, in one commit, with live programs asked first.

use leptos::prelude::*;
use stateloft_core::api::{ApplyGiven, Code, HandshakeTerms};

use super::form::Hand;
use crate::api::ApiError;
use crate::model::by_hand::button;
use crate::model::handshake::order::{Given, Order};
use crate::model::restore::{Form, holders};
use crate::pages::restore;
use crate::parts::Author;

/// What is filled in beside the fields, and how the write goes.
#[derive(Clone, Copy)]
pub(super) struct Sending {
    pub(super) form: RwSignal<Form>,
    pub(super) author: Author,
    pub(super) restoring: restore::Sending,
    /// The last try was refused because something had moved.
    pub(super) refused: RwSignal<bool>,
}

impl Sending {
    pub(super) fn new() -> Self {
        Self {
            form: RwSignal::new(Form::default()),
            author: Author::remembered(),
            restoring: restore::Sending::new(),
            refused: RwSignal::new(false),
        }
    }
}

impl Hand {
    /// The version that it becomes, as the server says.
    pub(super) fn next_version(self) -> Option<u64> {
        self.checking.planned.with(|planned| Some(planned.as_ref()?.plan.states.first()?.next_version.0))
    }

    /// Who holds it, in words.
    pub(super) fn holders(self) -> Option<String> {
        self.checking.planned.with(|planned| holders(&planned.as_ref()?.plan.held_by))
    }

    /// What is missing before it can be written; the field is named.
    pub(super) fn lacks(self) -> Option<String> {
        let lack = self.judged.with(|judged| match judged {
            None => Some("The position is being read.".to_owned()),
            Some(judged) => judged.done.as_ref().err().map(|lack| lack.words.clone()),
        });
        if lack.is_some() {
            return lack;
        }
        if !self.moved.with(Vec::is_empty) {
            return Some("It moved: look at both, and go on with what it is now.".to_owned());
        }
        if let Some(violation) = self.checking.broken().first() {
            return Some(format!(
                "Breaks a rule at {}: {}",
                crate::model::hidden::told(&violation.pointer),
                violation.message
            ));
        }
        let planned = self.checking.planned.with(Option::is_some);
        if !planned {
            return Some("Being checked.".to_owned());
        }
        let form = self.sending.form.get();
        if form.reason.trim().is_empty() {
            return Some("Say why: the reason is kept with the version.".to_owned());
        }
        form.wait_seconds().err()
    }

    /// The words on the button: what is missing, else what it will do.
    pub(super) fn button(self, lacks: Option<String>) -> String {
        if self.sending.restoring.writing.busy.get() {
            return if self.holders().is_some() { "Asking…" } else { "Writing…" }.to_owned();
        }
        if let Some(lacks) = lacks {
            return lacks;
        }
        let version = self.next_version().unwrap_or_default();
        let words = self.judged.with(|judged| {
            let done = judged.as_ref()?.done.as_ref().ok()?;
            self.lot.with(|lot| {
                self.typed.with(|typed| {
                    self.read(|position| {
                        button(self.mode.get(), typed, position, lot.as_ref(), done, version)
                    })
                })
            })
        });
        words.unwrap_or_default()
    }

    /// Writes what is on the screen, if it can be, and goes to what became of it.
    pub(super) fn write(self) {
        let Sending { form, author, restoring, refused } = self.sending;
        if restoring.writing.busy.get_untracked() || untrack(|| self.lacks()).is_some() {
            return;
        }
        let Some(planned) = self.checking.planned.get_untracked() else { return };
        let (user_id, said) = (author.value(), form.get_untracked());
        let Ok(wait) = said.wait_seconds() else { return };
        let still = self
            .checking
            .checked
            .with_untracked(|checked| checked.as_ref().map_or(0, |checked| checked.still));
        let request = ApplyGiven {
            name: planned.request.name,
            states: planned.request.states,
            scope: planned.request.scope,
            selection: planned.request.selection,
            exact: false,
            delete_others: false,
            reason: said.reason.trim().to_owned(),
            user_id,
            // Only what was broken before: what would break one more is not written from here.
            accept_violations: still > 0,
            run_id: None,
            correlation_id: None,
            causation_id: None,
            handshake: wait.map(|seconds| HandshakeTerms { wait_seconds: Some(seconds), without_word: None }),
        };
        refused.set(false);
        let order = Order::Given(Box::new(Given { plan: planned.plan, request }));
        restoring.send(order, || (), move |error| self.refuse(error));
    }

    /// Takes a refusal: where the position moved it is read anew, and what moved is shown beside what was typed.
    fn refuse(self, error: ApiError) -> Result<(), ApiError> {
        match error.code() {
            Some(Code::PlanOutdated) => {
                self.sending.refused.try_set(true);
                self.head.reload();
                self.checking.again();
                Ok(())
            }
            _ => Err(error),
        }
    }
}
