//! Writing what was said: the server's plan for exactly these paths is applied, in one commit, with live programs asked first.

use leptos::prelude::*;
use stateloft_core::api::{ApplyGiven, Code, RestoreRecord};

use super::form::Hand;
use crate::api::ApiError;
use crate::model::address::encode_segment;
use crate::model::by_hand::button;
use crate::model::restore::{Form, holders};
use crate::pages::restore::{Sent, send_restore};
use crate::parts::{Author, Writing};

/// What is filled in beside the fields, and how the write goes.
#[derive(Clone, Copy)]
pub(super) struct Sending {
    pub(super) form: RwSignal<Form>,
    pub(super) author: Author,
    pub(super) writing: Writing,
    /// The last try was refused because something had moved.
    pub(super) refused: RwSignal<bool>,
}

impl Sending {
    pub(super) fn new() -> Self {
        Self {
            form: RwSignal::new(Form::default()),
            author: Author::remembered(),
            writing: Writing::new(),
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
        (!form.without.trim().is_empty() && !self.sending.author.is_given())
            .then(|| "Say who you are: it is kept with what is written without a run’s word.".to_owned())
    }

    /// The words on the button: what is missing, else what it will do.
    pub(super) fn button(self, lacks: Option<String>) -> String {
        if self.sending.writing.busy.get() {
            return if self.holders().is_some() { "Asking, up to 10 s…" } else { "Writing…" }.to_owned();
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
        let Sending { form, author, writing, refused } = self.sending;
        if writing.busy.get_untracked() || untrack(|| self.lacks()).is_some() {
            return;
        }
        let Some(planned) = self.checking.planned.get_untracked() else { return };
        let (user_id, said) = (author.value(), form.get_untracked());
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
            user_id: user_id.clone(),
            // Only what was broken before: what would break one more is not written from here.
            accept_violations: still > 0,
            run_id: None,
            correlation_id: None,
            causation_id: None,
            handshake: said.handshake(user_id.as_deref()),
        };
        let plan = planned.plan.plan;
        let sent = Sent {
            path: format!("/restores/documents/{}/apply", encode_segment(&plan)),
            hand: (user_id, Some(request.reason.clone())),
            request,
        };
        refused.set(false);
        let router = self.router;
        let shown =
            move |restore_id: &str| router.go(&format!("/view/restore/{}", encode_segment(restore_id)));
        let is_it = move |record: &RestoreRecord| record.plan == plan;
        send_restore(writing, sent, is_it, shown, move |error| self.refuse(error));
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
            Some(Code::NoWord) => {
                self.sending.form.try_update(|form| form.silent = true);
                Err(error)
            }
            _ => Err(error),
        }
    }
}
