//! One part in quarantine: its bytes, and the two ways out of there.

use gloo_net::http::Method;
use leptos::prelude::*;
use stateloft_core::api::{SettleAs, SettleQuarantine, SettledQuarantine, StateSummary, StateView};
use stateloft_core::model::{Operation, StateId, StateKey, StateType};

use crate::api::{self, ApiError};
use crate::model::address::{self, Query};
use crate::model::found::{Found, Hand, Next};
use crate::model::hidden::told;
use crate::model::import::{Naming, Waiting, named_missing};
use crate::model::number;
use crate::parts::{
    Author, AuthorField, CopyButton, Icon, Notice, NoticeKind, Pic, WriteNote, Writing, or_none, theirs,
};
use crate::shell::{desk, router, toasts};

/// The column.
#[component]
pub(super) fn Settle(row: StateSummary) -> impl IntoView {
    let waiting = Waiting::of(&row);
    let id = row.version.state_id.to_string();
    let shown = match waiting.text.clone() {
        Some(text) => view! { <pre class="mono held-bytes" tabindex="0">{theirs(&text)}</pre> }.into_any(),
        None => view! { <Notice kind=NoticeKind::Warn head="Its bytes cannot be read.">"It is not as an import wrote it."</Notice> }.into_any(),
    };
    let size = waiting.bytes.map(|bytes| number::counted(bytes as u64, "byte", "bytes"));
    let text = waiting.text.unwrap_or_default();
    view! {
        <section class="panel padded held">
            <h2 class="mono">{theirs(&id)}</h2>
            <p class="row why"><Pic icon=Icon::Warn size=14/><span>{theirs(&waiting.reason)}</span></p>
            <div class="row"><span class="note grow">{size}", as they were"</span><CopyButton text=Signal::stored(text) what="the bytes" words="Copy"/></div>
            {shown}
        </section>
        <Form row/>
    }
}

#[component]
fn Form(row: StateSummary) -> impl IntoView {
    let naming = RwSignal::new(Naming::default());
    let dropping = RwSignal::new(false);
    let author = Author::remembered();
    let writing = Writing::of("settled");
    let lacks = Memo::new(move |_| naming.with(|naming| named_missing(naming, dropping.get())));
    let row = StoredValue::new(row);
    let act = acting(row, naming, dropping, author, writing);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if !writing.busy.get_untracked() && lacks.with_untracked(Option::is_none) {
            act();
        }
    };
    let words = move || {
        if writing.busy.get() {
            return "Writing…".to_owned();
        }
        let name = naming.with(|naming| told(naming.state_id.trim()));
        match (dropping.get(), name.is_empty()) {
            (true, _) => "Drop it from quarantine".to_owned(),
            (false, true) => "Name it: save it as a state".to_owned(),
            (false, false) => format!("Name it: save it as {name}"),
        }
    };
    let class = move || if dropping.get() { "btn danger full act" } else { "btn main act" };
    view! {
        <form class="panel padded apply settle" on:submit=submit>
            <fieldset class="segments" aria-label="What to do">
                <button type="button" class:on=move || !dropping.get() aria-pressed=move || (!dropping.get()).to_string() on:click=move |_| dropping.set(false)>"Name it"</button>
                <button type="button" class:on=move || dropping.get() aria-pressed=move || dropping.get().to_string() on:click=move |_| dropping.set(true)>"Drop it"</button>
            </fieldset>
            <Show when=move || !dropping.get()><Names naming/></Show>
            <label class="labelled">
                <span>"Reason, kept with it"</span>
                <textarea
                    class="field" rows="2" maxlength="4000" prop:value=move || naming.with(|naming| naming.reason.clone())
                    on:input=move |event| naming.update(|naming| naming.reason = event_target_value(&event))
                ></textarea>
            </label>
            <AuthorField author/>
            <WriteNote writing/>
            <button type="submit" class=class disabled=move || writing.busy.get() || lacks.with(Option::is_some)>{words}</button>
            <p class="note lacks" aria-live="polite">{move || lacks.get()}</p>
            <p class="note">"One commit. It leaves quarantine either way; its history keeps the bytes."</p>
        </form>
    }
}

#[component]
fn Names(naming: RwSignal<Naming>) -> impl IntoView {
    let types = move || {
        desk().overview.value.with(|day| {
            let types = day.as_ref().map(|day| day.types.clone()).unwrap_or_default();
            types.into_iter().map(|t| view! { <option value=t.state_type></option> }).collect_view()
        })
    };
    view! {
        <label class="labelled">
            <span>"Type"</span>
            <input
                class="field mono" name="state_type" list="known-types" autocomplete="off" spellcheck="false" placeholder="position"
                prop:value=move || naming.with(|naming| naming.state_type.clone())
                on:input=move |event| naming.update(|naming| naming.state_type = event_target_value(&event))
            />
            <datalist id="known-types">{types}</datalist>
        </label>
        <label class="labelled">
            <span>"Id; no state may have it yet"</span>
            <input
                class="field mono" name="state_id" autocomplete="off" spellcheck="false"
                prop:value=move || naming.with(|naming| naming.state_id.clone())
                on:input=move |event| naming.update(|naming| naming.state_id = event_target_value(&event))
            />
        </label>
    }
}

/// What the button does.
fn acting(
    row: StoredValue<StateSummary>,
    naming: RwSignal<Naming>,
    dropping: RwSignal<bool>,
    author: Author,
    writing: Writing,
) -> impl Fn() + Copy {
    let (router, toasts) = (router(), toasts());
    move || {
        let Some(version) = row.try_with_value(|row| row.version.clone()) else { return };
        let Naming { state_type, state_id, reason } = naming.get_untracked();
        let named = StateType::new(state_type.trim()).ok().zip(StateId::new(state_id.trim()).ok());
        let save_as = named.filter(|_| !dropping.get_untracked()).map(|(state_type, state_id)| SettleAs {
            state_type,
            state_id,
            expected_version: 0,
        });
        let user_id = author.value();
        let request = SettleQuarantine {
            run_id: None,
            correlation_id: None,
            causation_id: None,
            state_id: version.state_id.clone(),
            expected_version: version.version.0,
            save_as,
            reason: reason.trim().to_owned(),
            user_id: user_id.clone(),
        };
        let base = version.version.0;
        let key = StateKey { state_type: version.state_type, state_id: version.state_id };
        let hand = (user_id, Some(request.reason.clone()));
        let send = async move {
            let settled: SettledQuarantine =
                api::send(Method::POST, "/imports/settle", Some(&request)).await?;
            if let Some(saved) = settled.saved {
                let key = StateKey { state_type: saved.state_type, state_id: saved.state_id };
                toasts.done("Settled.", format!("It is {} now.", told(&key.to_string())));
                router.go(&address::state(&key));
            } else {
                toasts.done("Settled.", "It was dropped; its history keeps the bytes.");
                router.set(&[("held", None)]);
            }
            Ok(())
        };
        let look = move |hand: Hand| {
            let key = key.clone();
            Box::pin(async move { looked(&key, base, hand).await }) as _
        };
        writing.run(hand, send, look, move || router.set(&[("held", None)]));
    }
}

/// Looks whether it was settled by this hand.
async fn looked(key: &StateKey, base: u64, hand: Hand) -> Result<Found, ApiError> {
    let query = Query::default().with("version", Some(&(base + 1).to_string()));
    let behind: Option<StateView> = or_none(api::state(key, &query).await)?;
    let next = Next { base, operation: Operation::Delete, content: None, hand };
    Ok(next.judge(behind.map(|view| view.version).as_ref()))
}
