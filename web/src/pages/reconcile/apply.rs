//! The form beside the rows: the reason, and the button that states what it writes.

use gloo_net::http::Method;
use leptos::prelude::*;
use stateloft_core::api::{AppliedReconcile, ApplyReconcile, EventPage, ReconcilePlan, Scope};

use super::board::Board;
use crate::api::{self, ApiError};
use crate::model::address::{Query, encode_segment};
use crate::model::age;
use crate::model::found::{Found, Hand};
use crate::model::reconcile::{Tally, missing};
use crate::parts::{Author, AuthorField, CopyButton, ReasonField, WriteNote, Writing};

/// The form.
#[component]
pub(super) fn Apply(board: Board) -> impl IntoView {
    let (author, writing) = (Author::remembered(), Writing::new());
    let busy = writing.busy;
    let lacks = Memo::new(move |_| {
        let refused = board.refused.get().map(|refused| refused.words);
        let (confirmed, reason) = (board.confirmed.get(), board.reason.get());
        board.plan.with(|plan| missing(plan.as_ref()?, confirmed, refused.as_deref(), &reason))
    });
    let tally = Memo::new(move |_| {
        board.plan.with(|plan| plan.as_ref().map(|plan| Tally::of(plan)).unwrap_or_default())
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if !busy.get_untracked() && lacks.with_untracked(Option::is_none) {
            board.apply(author.value(), writing);
        }
    };
    let words = move || if busy.get() { "Writing\u{2026}".to_owned() } else { tally.with(Tally::button) };
    view! {
        <form class="panel padded apply" on:submit=submit>
            <ReasonField reason=board.reason words="Reason, kept with the commit"/>
            <AuthorField author/>
            <WriteNote writing/>
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
        let request = ApplyReconcile {
            run_id: self.id.get_value(),
            scope: Scope::default(),
            list: asked.list.clone(),
            options: asked.options.clone(),
            choices: choices.clone(),
            reason: self.reason.get_untracked().trim().to_owned(),
            user_id,
            epoch: None,
            handshake: None,
        };
        Some((hash.clone(), request))
    }

    /// Writes what is on the screen.
    fn apply(self, user_id: Option<String>, writing: Writing) {
        let Some((hash, request)) = self.to_apply(user_id) else { return };
        let hand = (request.user_id.clone(), Some(request.reason.clone()));
        let path = format!("/reconciles/{}/apply", encode_segment(&hash));
        self.stopped.set(false);
        let send = async move {
            let applied = api::send::<AppliedReconcile>(Method::POST, &path, Some(&request)).await?;
            if let Some(last) = applied.versions.iter().map(|version| version.seq.0).max() {
                self.written(last);
            }
            Ok(())
        };
        let there = StoredValue::new(None::<u64>);
        let look = move |hand: Hand| {
            let hash = hash.clone();
            Box::pin(async move {
                let (found, last) = find(&hash, &hand).await?;
                there.try_set_value(last);
                Ok(found)
            }) as _
        };
        let found = move || {
            if let Some(last) = there.try_get_value().flatten() {
                self.written(last);
            }
        };
        writing.run_or(hand, send, look, found, move |error| self.refuse(error));
    }

    /// Shows what was written, and asks how both sides stand now.
    fn written(self, last: u64) {
        self.reason.try_set(String::new());
        self.router.set(&[("done", Some(&last.to_string())), ("row", None)]);
        self.anew();
    }

    fn refuse(self, error: ApiError) -> Result<(), ApiError> {
        let Some(outdated) = error.moved_rows() else { return Err(error) };
        self.stopped.try_set(true);
        self.outdated(&outdated);
        Ok(())
    }
}

/// Looks for the commit that a plan wrote, by its last version.
async fn find(plan: &str, hand: &Hand) -> Result<(Found, Option<u64>), ApiError> {
    let query = Query::default().with("correlation_id", Some(plan));
    let page: EventPage = api::events_before(0, 20, query).await?;
    let Some(newest) = page.events.first().map(|event| &event.version) else {
        return Ok((Found::NotYet("nothing of this plan is there".to_owned()), None));
    };
    let (user_id, at) = (newest.user_id.as_deref(), newest.timestamp);
    if hand.wrote(user_id, newest.description.as_deref(), at) {
        let words = format!("The same plan was written at {}.", age::clock(at));
        return Ok((Found::There(words), Some(newest.seq.0)));
    }
    Ok((Found::NotYet("nothing of this hand is there".to_owned()), None))
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
