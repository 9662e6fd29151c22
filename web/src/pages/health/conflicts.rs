//! Writes of the fallback journal that could not be replayed: base, theirs, mine, and the decision.

use gloo_net::http::Method;
use leptos::prelude::*;
use stateloft_core::api::{ConflictSide, FallbackConflict, FallbackConflicts, KeepSide, SettleConflict};
use stateloft_core::json::Document;

use crate::api;
use crate::live::{Remote, remote};
use crate::model::address::encode_segment;
use crate::model::found::Found;
use crate::model::hidden::told;
use crate::model::{age, number};
use crate::parts::{Author, FaultNote, Icon, Pic, WriteNote, Writing, or_none, theirs};
use crate::shell::{desk, toasts};

/// All that wait; nothing where none does.
#[component]
pub(super) fn Conflicts() -> impl IntoView {
    let desk = desk();
    // Read again when their number moves.
    let waiting = Memo::new(move |_| {
        desk.status.value.with(|status| {
            let journal = status.as_ref().and_then(|status| status.fallback.as_ref());
            journal.map(|journal| journal.conflicts).filter(|conflicts| *conflicts > 0)
        })
    });
    let list = remote(
        move || waiting.get(),
        |_| async move { api::get::<FallbackConflicts>("/fallback/conflicts").await },
    );
    let shown = move || {
        waiting.get()?;
        list.value.with(|list| list.as_ref().map(|list| list.conflicts.clone()))
    };
    view! {
        <FaultNote remote=list/>
        {move || shown().map(|conflicts| {
            conflicts.into_iter().map(|conflict| view! { <Conflict conflict list/> }).collect_view()
        })}
    }
}

#[component]
fn Conflict(conflict: FallbackConflict, list: Remote<FallbackConflicts>) -> impl IntoView {
    let (desk, toasts) = (desk(), toasts());
    let writing = Writing::new();
    let path = format!("/fallback/conflicts/{}", encode_segment(&conflict.pending_id));
    let settle = move |keep: KeepSide| {
        let body = SettleConflict { keep, user_id: Author::stored(), description: None };
        let settle = format!("{path}/settle");
        let settled = move || {
            list.reload();
            desk.status.reload();
        };
        let send = async move {
            let done = api::send::<serde_json::Value>(Method::POST, &settle, Some(&body)).await;
            // What waits in the journal again is no conflict any more.
            if matches!(done, Ok(_) | Err(api::ApiError::Accepted(_))) {
                settled();
            }
            done?;
            let (head, rest) = match keep {
                KeepSide::Mine => ("The waiting write was written.", "It is the newest version now."),
                KeepSide::Theirs => {
                    ("The store stays as it is.", "The waiting write is kept in the journal's folder.")
                }
            };
            toasts.done(head, rest);
            Ok(())
        };
        let path = path.clone();
        let look = move |_| {
            let path = path.clone();
            Box::pin(async move {
                Ok(match or_none(api::get::<FallbackConflict>(&path).await)? {
                    None => Found::There("Nobody waits for a decision any more.".to_owned()),
                    Some(_) => Found::NotYet("it still waits for a decision".to_owned()),
                })
            }) as _
        };
        writing.run((None, None), send, look, settled);
    };
    let (mine, stored) = (settle.clone(), settle);
    let who = conflict.user_id.clone().unwrap_or_else(|| "nobody named".to_owned());
    let states: Vec<String> = conflict
        .sides
        .iter()
        .map(|side| format!("{} {}", side.key.state_type, told(side.key.state_id.as_str())))
        .collect();
    let about = format!("{}, accepted {}", told(&who), age::to_second(conflict.accepted_at));
    view! {
        <section class="panel conflict" aria-label=format!("Conflict: {}", states.join(", "))>
            <div class="head">
                <span class="c-warn"><Pic icon=Icon::Warn/></span>
                <h2>"A write waits for a decision"</h2>
                <span class="note">{about}</span>
            </div>
            <div class="body">
                <p>{conflict.reason.clone()}</p>
                {conflict.description.clone().map(|why| view! { <p class="hint">{format!("\"{}\"", told(&why))}</p> })}
                {conflict.sides.iter().map(side).collect_view()}
                <WriteNote writing/>
                <div class="hands">
                    <button class="btn" disabled=move || writing.busy.get() on:click=move |_| stored(KeepSide::Theirs)>
                        "Keep what is stored"
                    </button>
                    <button class="btn main" disabled=move || writing.busy.get() on:click=move |_| mine(KeepSide::Mine)>
                        "Write the waiting one on top"
                    </button>
                </div>
            </div>
        </section>
    }
}

fn side(side: &ConflictSide) -> impl IntoView + use<> {
    let base = side
        .base_version
        .map_or_else(|| "what the writer saw, unknown".to_owned(), |v| format!("what the writer saw, v{v}"));
    let in_store = side.theirs_version.as_ref().map_or_else(
        || "stored, nothing".to_owned(),
        |version| {
            format!(
                "stored, v{} by {}",
                version.version,
                told(version.user_id.as_deref().unwrap_or("nobody named"))
            )
        },
    );
    view! {
        <div class="three">
            <h3 class="mono">{side.key.state_type.to_string()}" "{theirs(side.key.state_id.as_str())}</h3>
            {column(base, side.base.as_ref())}
            {column(in_store, side.theirs.as_ref())}
            {column(format!("waiting, {}", side.change), side.mine.as_ref())}
        </div>
    }
}

/// Texts longer than this are shown by their beginning; the API has the whole.
const SHOWN: usize = 2_000;

fn column(words: String, data: Option<&Document>) -> impl IntoView + use<> {
    let text = data.map_or_else(
        || "no data".to_owned(),
        |data| {
            let text = data.text();
            match text.char_indices().nth(SHOWN) {
                None => text.to_owned(),
                Some((end, _)) => {
                    format!("{}\u{2026} ({} in all)", &text[..end], number::bytes(text.len() as u64))
                }
            }
        },
    );
    view! { <figure><figcaption>{words}</figcaption><pre class="mono" tabindex="0">{text}</pre></figure> }
}
