//! The form beside the rows: the reason, and the button that states what it writes.

use leptos::prelude::*;
use stateloft_core::api::{ApplyReconcile, HandshakeTerms, ReconcilePlan, Scope};

use super::board::Board;
use crate::api::{self, ApiError};
use crate::model::handshake::order::{Order, Reconciling};
use crate::model::reconcile::{Tally, missing};
use crate::model::restore::holders;
use crate::pages::restore::{Holding, Sending};
use crate::parts::{Author, AuthorField, CopyButton, ReasonField, WriteNote};

/// The form.
#[component]
pub(super) fn Apply(board: Board) -> impl IntoView {
    let (author, sending) = (Author::remembered(), Sending::new());
    let writing = sending.writing;
    let busy = writing.busy;
    let form = board.form;
    let lacks = Memo::new(move |_| {
        let refused = board.refused.get().map(|refused| refused.words);
        let (confirmed, reason) = (board.confirmed.get(), board.reason.get());
        let lack = board.plan.with(|plan| missing(plan.as_ref()?, confirmed, refused.as_deref(), &reason));
        lack.or_else(|| form.with(|form| form.wait_seconds().err()))
    });
    let tally = Memo::new(move |_| {
        board.plan.with(|plan| plan.as_ref().map(|plan| Tally::of(plan)).unwrap_or_default())
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if !busy.get_untracked() && lacks.with_untracked(Option::is_none) {
            board.apply(author.value(), sending);
        }
    };
    let held = Memo::new(move |_| board.plan.with(|plan| holders(&plan.as_ref()?.held_by)));
    let words = move || match (busy.get(), held.with(Option::is_some)) {
        (false, _) => tally.with(Tally::button),
        (true, true) => "Asking\u{2026}".to_owned(),
        (true, false) => "Writing\u{2026}".to_owned(),
    };
    view! {
        <form class="panel padded apply" on:submit=submit>
            <ReasonField reason=board.reason words="Reason, kept with the commit"/>
            <AuthorField author/>
            <WriteNote writing/>
            {move || held.get().map(|runs| view! { <Holding runs form/> })}
            <button type="submit" class="btn main act" disabled=move || busy.get() || lacks.with(Option::is_some)>{words}</button>
            <p class="note lacks" aria-live="polite">{move || lacks.get()}</p>
            <div class="row ends">
                <button type="button" class="btn plain" on:click=move |_| {
                    if let Ok(history) = window().history() {
                        let _ = history.back();
                    }
                }>"Cancel"</button>
                <CopyButton text=Signal::derive(move || curl(board, author.value())) what="the command" words="Copy as curl"/>
            </div>
        </form>
    }
}

impl Board {
    /// The request that writes what is on the screen, with the hash that binds it.
    fn to_apply(self, user_id: Option<String>) -> Option<(String, ApplyReconcile)> {
        let plan = self.plan.get_untracked()?;
        let asked = self.asked.get_untracked()?;
        let ReconcilePlan { plan: hash, choices, .. } = plan.as_ref();
        let wait = self.form.with_untracked(crate::model::restore::Form::wait_seconds).ok()?;
        let request = ApplyReconcile {
            run_id: self.id.get_value(),
            scope: Scope::default(),
            list: asked.list.clone(),
            options: asked.options.clone(),
            choices: choices.clone(),
            reason: self.reason.get_untracked().trim().to_owned(),
            user_id,
            epoch: None,
            handshake: wait.map(|seconds| HandshakeTerms { wait_seconds: Some(seconds), without_word: None }),
        };
        Some((hash.clone(), request))
    }

    /// Writes what is on the screen, and goes to what becomes of it.
    fn apply(self, user_id: Option<String>, sending: Sending) {
        let Some((plan, request)) = self.to_apply(user_id) else { return };
        let held =
            self.plan.with_untracked(|plan| plan.as_ref().is_some_and(|plan| !plan.held_by.is_empty()));
        self.stopped.set(false);
        let written = move || {
            // Where somebody has gone elsewhere, there is no board any more.
            if self.reason.try_set(String::new()).is_none() {
                self.anew();
            }
        };
        let order = Order::Reconcile(Box::new(Reconciling { plan, held, request }));
        sending.send(order, written, move |error| self.refuse(error));
    }

    fn refuse(self, error: ApiError) -> Result<(), ApiError> {
        let Some(outdated) = error.moved_rows() else { return Err(error) };
        self.stopped.try_set(true);
        self.outdated(&outdated);
        Ok(())
    }
}

/// The same as the button, for a terminal.
fn curl(board: Board, user_id: Option<String>) -> String {
    let Some((hash, request)) = board.to_apply(user_id) else { return String::new() };
    let origin = window().location().origin().unwrap_or_default();
    let auth = if api::key().is_some() { " -H \"Authorization: Bearer $TRADING_STATE_API_KEY\"" } else { "" };
    let body = serde_json::to_string(&request).unwrap_or_default().replace('\'', "'\\''");
    format!(
        "curl -sS -X POST{auth} -H 'Content-Type: application/json' '{origin}/api/v1/reconciles/{hash}/apply' -d '{body}'"
    )
}
