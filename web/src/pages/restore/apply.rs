//! The form under a plan: reason, acceptance, typed count, and the button that states its effect.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::api::{ApplyRequest, HandshakeTerms, Plan, PlanCounts};

use super::planning::Planning;
use super::sending::Sending;
use crate::api::{self, ApiError};
use crate::model::handshake::order::{Order, Planned};
use crate::model::number;
use crate::model::restore::{Agreement, Form, button_text, holders, missing};
use crate::parts::{Author, AuthorField, CopyButton, Notice, NoticeKind, WriteNote};

/// The form.
#[component]
pub(super) fn Apply(planning: Planning) -> impl IntoView {
    let author = Author::remembered();
    let sending = Sending::new();
    let writing = sending.writing;
    let busy = writing.busy;
    let form = planning.form;
    let counts = Memo::new(move |_| planning.counts());
    let violations = Memo::new(move |_| {
        let Some(plan) = planning.plan.get() else { return 0 };
        plan.states.iter().map(|state| planning.outcome(state).verdict.violations().len() as u64).sum::<u64>()
    });
    let lacks = Memo::new(move |_| {
        let moved = planning.moved_in_all();
        form.with(|form| counts.with(|counts| missing(form, counts, planning.agreement.get(), moved)))
    });
    let held = Memo::new(move |_| planning.plan.with(|plan| holders(&plan.as_ref()?.held_by)));
    let deletes = move || counts.with(|counts| counts.deleted > 0);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if !busy.get_untracked() && lacks.with_untracked(Option::is_none) {
            planning.apply(author.value(), sending);
        }
    };
    view! {
        <form class="panel padded apply" on:submit=submit>
            <label class="labelled">
                <span>"Reason, kept with every new version"</span>
                <textarea
                    class="field" rows="2" maxlength="4000" prop:value=move || form.with(|form| form.reason.clone())
                    on:input=move |event| form.update(|form| form.reason = event_target_value(&event))
                ></textarea>
            </label>
            <AuthorField author/>
            <Show when=move || { violations.get() > 0 }>
                <label class="row">
                    <input
                        class="check" type="checkbox" prop:checked=move || form.with(|form| form.accept)
                        on:change=move |event| form.update(|form| form.accept = event_target_checked(&event))
                    />
                    {move || format!("I accept {}", number::counted(violations.get(), "violation", "violations"))}
                </label>
            </Show>
            <Show when=deletes>
                <label class="labelled">
                    <span class="c-del">
                        {move || {
                            let count = counts.with(|counts| counts.deleted);
                            format!("Type {count} to delete {}", number::counted(count, "state", "states"))
                        }}
                    </span>
                    <input
                        class="field mono" inputmode="numeric" autocomplete="off"
                        prop:value=move || form.with(|form| form.typed.clone())
                        on:input=move |event| form.update(|form| form.typed = event_target_value(&event))
                    />
                </label>
            </Show>
            <Show when=move || planning.agreement.get() == Agreement::Differ>
                <Notice kind=NoticeKind::Error head="Browser and server worked out different plans.">
                    "Nothing can be written. Load the page again; if it stays so, the console and the server are of different versions."
                </Notice>
            </Show>
            <WriteNote writing/>
            {move || held.get().map(|runs| view! { <Holding runs form/> })}
            <Button held counts unseen=Memo::new(move |_| planning.lacking_in_all()) busy lacks deletes=Signal::derive(deletes)/>
            <p class="note lacks" aria-live="polite">{move || lacks.get()}</p>
            <div class="row ends">
                <button type="button" class="btn plain" on:click=move |_| {
                    if let Ok(history) = window().history() {
                        let _ = history.back();
                    }
                }>"Cancel"</button>
                <CopyButton text=Signal::derive(move || curl(planning, author.value())) what="the command" words="Copy as curl"/>
            </div>
        </form>
    }
}

/// Who holds some of it, and what becomes of that.
#[component]
pub(crate) fn Holding(
    /// In words.
    runs: String,
    form: RwSignal<Form>,
) -> impl IntoView {
    view! {
        <Notice kind=NoticeKind::Info head=format!("{runs} holds some of it, and is asked first.")>
            "Without its word nothing is written; after the write it is told to read again, and until it has, what it saves is refused."
        </Notice>
        <label class="row waits-for">
            <span>"It has"</span>
            <input
                class="field mono" inputmode="numeric" autocomplete="off" placeholder="10" maxlength="3" size="3"
                prop:value=move || form.with(|form| form.wait.clone())
                on:input=move |event| form.update(|form| form.wait = event_target_value(&event))
            />
            <span>"seconds to make way"</span>
        </label>
    }
}

#[component]
fn Button(
    held: Memo<Option<String>>,
    counts: Memo<PlanCounts>,
    unseen: Memo<u64>,
    busy: RwSignal<bool>,
    lacks: Memo<Option<String>>,
    deletes: Signal<bool>,
) -> impl IntoView {
    let class = move || if deletes.get() { "btn danger full act" } else { "btn main act" };
    let words = move || {
        if busy.get() {
            if held.with(Option::is_some) { "Asking…" } else { "Writing…" }.to_owned()
        } else {
            counts.with(|counts| button_text(counts, unseen.get()))
        }
    };
    view! {
        <button type="submit" class=class disabled=move || busy.get() || lacks.with(Option::is_some)>
            {words}
        </button>
    }
}

impl Planning {
    /// Writes what is on the screen, and goes to what becomes of it.
    fn apply(self, user_id: Option<String>, sending: Sending) {
        let Some((plan, request)) = self.request_to_apply(user_id) else { return };
        let done = move || {
            self.form.try_set(Form::default());
        };
        sending
            .send(Order::Apply(Box::new(Planned { plan, request })), done, move |error| self.refuse(error));
    }

    /// The request that applies what is on the screen, with the plan whose hash binds it.
    fn request_to_apply(self, user_id: Option<String>) -> Option<(Arc<Plan>, ApplyRequest)> {
        let confirmed = self.confirmed.get_untracked()?;
        let form = self.form.get_untracked();
        let wait = form.wait_seconds().ok()?;
        let request = ApplyRequest {
            target: confirmed.target.clone(),
            scope: confirmed.scope.clone(),
            selection: confirmed.selection.clone(),
            exact: confirmed.exact,
            seq: Some(confirmed.seq),
            reason: form.reason.trim().to_owned(),
            user_id,
            accept_violations: form.accept,
            run_id: None,
            correlation_id: None,
            causation_id: None,
            handshake: wait.map(|seconds| HandshakeTerms { wait_seconds: Some(seconds), without_word: None }),
        };
        Some((confirmed, request))
    }

    /// Takes a refusal: a plan that heads have moved under is put beside its successor; everything else is to be said.
    fn refuse(self, error: ApiError) -> Result<(), ApiError> {
        let (Some((fresh, said)), Some(shown)) =
            (error.fresh_plan(), self.plan.try_get_untracked().flatten())
        else {
            return Err(error);
        };
        self.refused(Arc::new(fresh), said, &shown);
        Ok(())
    }
}

/// The same as the button, for a terminal.
fn curl(planning: Planning, user_id: Option<String>) -> String {
    let Some((plan, request)) = planning.request_to_apply(user_id) else { return String::new() };
    let origin = window().location().origin().unwrap_or_default();
    let needs_key = api::key().is_some();
    let auth = if needs_key { " -H \"Authorization: Bearer $TRADING_STATE_API_KEY\"" } else { "" };
    let body = serde_json::to_string(&request).unwrap_or_default().replace('\'', "'\\''");
    format!(
        "curl -sS -X POST{auth} -H 'Content-Type: application/json' '{origin}/api/v1/restores/{}/apply' -d '{body}'",
        plan.plan
    )
}
