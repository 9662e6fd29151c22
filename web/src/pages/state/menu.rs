//! What else can be done with a state: read it raw, copy it, delete it, bring it back.

use gloo_net::http::Method;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::{Deleted, StateView, UndeleteRequest};
use stateloft_core::model::{Operation, StateKey};
use wasm_bindgen::JsValue;

use super::View;
use crate::api;
use crate::model::address::Query;
use crate::model::found::{Found, Hand, Next};
use crate::model::hidden::told;
use crate::pages::compare::Side;
use crate::parts::{
    Ask, Author, AuthorField, Icon, Menu, Notice, NoticeKind, Pic, ReasonField, WriteNote, Writing, age_of,
    copy, or_none,
};
use crate::shell::{desk, toasts};
use crate::worker;

/// The menu.
#[component]
pub(super) fn MoreMenu(view: View) -> impl IntoView {
    let deleting = RwSignal::new(false);
    let owner = StoredValue::new_local(Owner::current());
    let inside = move |act: Box<dyn FnOnce()>| {
        // The menu is gone when the click is handled; what it uses must be looked up in the page.
        if let Some(owner) = owner.try_get_value().flatten() {
            owner.with(act);
        }
    };
    let is_live =
        move || view.head.with(|head| head.as_ref().is_some_and(|h| h.operation != Operation::Delete));
    view! {
        <Menu words="More" icon=Icon::More bare=true button="btn icon" class="right">
            <button type="button" on:click=move |_| inside(Box::new(move || open_raw(view)))>
                <Pic icon=Icon::Link size=14/>"Open the raw document"
            </button>
            <button type="button" on:click=move |_| inside(Box::new(move || copy_document(view)))>
                <Pic icon=Icon::Copy size=14/>"Copy the document"
            </button>
            <button type="button" on:click=move |_| inside(Box::new(move || copy(curl(view), "the command")))>
                <Pic icon=Icon::Copy size=14/>"Copy as curl"
            </button>
            <Show when=is_live>
                <div class="sep"></div>
                <button type="button" class="c-del" on:click=move |_| deleting.set(true)>
                    <Pic icon=Icon::Trash size=14/>"Delete…"
                </button>
            </Show>
        </Menu>
        <Show when=move || deleting.get()><DeleteDialog view open=deleting/></Show>
    }
}

fn raw_path(key: &StateKey, side: &Side) -> String {
    api::state_path(key, "/raw", &Query::default().with("version", Some(&side.version.to_string())))
}

fn shown(view: View) -> Option<(StateKey, Side)> {
    Some((view.key.try_get_value()?, view.b.side.get_untracked()?))
}

fn open_raw(view: View) {
    let Some((key, side)) = shown(view) else { return };
    if api::key().is_none() {
        let _ = window().open_with_url_and_target(&format!("/api/v1{}", raw_path(&key, &side)), "_blank");
        return;
    }
    // A link cannot carry the key: the text is fetched and opened as a file of this page.
    let toasts = toasts();
    spawn_local(async move {
        match worker::text_of(&key, &side).await {
            Ok(text) => open_text(&text),
            Err(error) => toasts.failed("Not opened.", error.of_read().0),
        }
    });
}

fn open_text(text: &JsValue) {
    let parts = js_sys::Array::of1(text);
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("application/json");
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options);
    let url = blob.and_then(|blob| web_sys::Url::create_object_url_with_blob(&blob));
    if let Ok(url) = url {
        let _ = window().open_with_url_and_target(&url, "_blank");
    }
}

fn copy_document(view: View) {
    let Some((key, side)) = shown(view) else { return };
    let toasts = toasts();
    let owner = Owner::current();
    spawn_local(async move {
        match (worker::text_of(&key, &side).await, owner) {
            (Ok(text), Some(owner)) => {
                owner.with(|| copy(text.as_string().unwrap_or_default(), "the document"));
            }
            (Ok(_), None) => {}
            (Err(error), _) => toasts.failed("Not copied.", error.of_read().0),
        }
    });
}

fn curl(view: View) -> String {
    let Some((key, side)) = shown(view) else { return String::new() };
    let origin = window().location().origin().unwrap_or_default();
    let needs_key = desk().status.value.with_untracked(|s| s.as_ref().is_some_and(|s| s.key_required));
    let auth = if needs_key { " -H \"Authorization: Bearer $TRADING_STATE_API_KEY\"" } else { "" };
    // Percent-encoding leaves no quote in the address.
    format!("curl -sS{auth} '{origin}/api/v1{}'", raw_path(&key, &side))
}

/// Asks, with a reason; refused if the state has moved on meanwhile.
#[component]
fn DeleteDialog(view: View, open: RwSignal<bool>) -> impl IntoView {
    let toasts = toasts();
    let author = Author::remembered();
    let reason = RwSignal::new(String::new());
    let writing = Writing::new();
    let name = view.key.with_value(|key| key.state_id.to_string());
    let version = move || view.head.with(|head| head.as_ref().map_or(0, |head| head.version.0));
    let act = move |()| {
        let Some(key) = view.key.try_get_value() else { return };
        let (base, user_id) = (untrack(version), author.value());
        let why = reason.get_untracked().trim().to_owned();
        let query = Query::default()
            .with("expected_version", Some(&base.to_string()))
            .with("description", Some(&why))
            .with("user_id", user_id.as_deref());
        let of = key.clone();
        let send = async move {
            let deleted: Deleted = api::send_of(Method::DELETE, &of, "", &query, None::<&()>).await?;
            open.try_set(false);
            toasts.done(
                format!("Deleted {}.", told(of.state_id.as_str())),
                format!("v{} is its tombstone.", deleted.version.version),
            );
            Ok(())
        };
        let look = move |hand: Hand| {
            let next = Next { base, operation: Operation::Delete, content: None, hand };
            Box::pin(behind(key.clone(), next)) as _
        };
        writing.run((user_id, Some(why)), send, look, move || {
            open.try_set(false);
        });
    };
    view! {
        <Ask
            open title=format!("Delete {}?", told(&name)) confirm=format!("Delete {}", told(&name)) danger=true writing
            act=Callback::new(act)
        >
            <p>
                {move || format!("It is at v{} now. ", version())}
                "Deleting writes a tombstone: the history stays, and Undelete brings the state back. If it is saved "
                "again meanwhile, nothing is deleted."
            </p>
            <ReasonField reason words="Reason, kept with the tombstone"/>
            <AuthorField author/>
        </Ask>
    }
}

/// Looks at the version behind the one that was to be written on.
async fn behind(key: StateKey, next: Next) -> Result<Found, api::ApiError> {
    let query = Query::default().with("version", Some(&(next.base + 1).to_string()));
    let there = or_none(api::state(&key, &query).await)?;
    Ok(next.judge(there.as_ref().map(|state| &state.version)))
}

/// What a deleted state opens on.
#[component]
pub(super) fn Tombstone(view: View, head: Side) -> impl IntoView {
    let toasts = toasts();
    let writing = Writing::new();
    let deleted = match head.user_id.as_deref() {
        Some(author) => format!("Deleted by {}", told(author)),
        None => "Deleted".to_owned(),
    };
    let why =
        head.description.as_deref().filter(|why| !why.is_empty()).map(|why| format!("“{}”. ", told(why)));
    let version = head.version.0;
    let undelete = move |_| {
        let Some(key) = view.key.try_get_value() else { return };
        let user_id = Author::stored();
        let request = UndeleteRequest {
            user_id: user_id.clone(),
            expected_version: Some(version),
            ..UndeleteRequest::default()
        };
        let of = key.clone();
        let send = async move {
            let query = Query::default();
            let back: StateView =
                api::send_of(Method::POST, &of, "/undelete", &query, Some(&request)).await?;
            toasts.done(
                format!("{} is back.", told(of.state_id.as_str())),
                format!("As v{}.", back.version.version),
            );
            Ok(())
        };
        let look = move |hand: Hand| {
            let key = key.clone();
            Box::pin(async move {
                // It comes back as it was before it was deleted.
                let query = Query::default().with("version", Some(&(version - 1).to_string()));
                let content = api::state(&key, &query).await?.version.content_hash;
                behind(key, Next { base: version, operation: Operation::Restore, content, hand }).await
            }) as _
        };
        writing.run((user_id, Some(String::new())), send, look, || {});
    };
    view! {
        <Notice kind=NoticeKind::Warn head=deleted>
            {age_of(&head)}". "{why}"Its history stays. "
            <button class="link" disabled=move || writing.busy.get() on:click=undelete>"Undelete"</button>
        </Notice>
        <WriteNote writing/>
    }
}
