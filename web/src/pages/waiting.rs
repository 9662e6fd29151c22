//! Writes that were accepted and wait in the fallback journal: they have no version yet.

use leptos::prelude::*;
use stateloft_core::api::{ChangeKind, PendingList, PendingState};
use stateloft_core::model::StateKey;

use crate::api;
use crate::live::remote;
use crate::model::address::{self, Query};
use crate::model::hidden::told;
use crate::model::{age, number};
use crate::parts::{FaultNote, Icon, Pic, theirs};
use crate::shell::{clock, desk};

/// Rows shown; the API has the rest.
const SHOWN: &str = "20";

/// What waits, of one state or of all; nothing where nothing does.
#[component]
pub(crate) fn Waiting(#[prop(optional)] of: Option<StateKey>) -> impl IntoView {
    let desk = desk();
    // Read again when their number moves.
    let waiting = Memo::new(move |_| {
        desk.status.value.with(|status| {
            let journal = status.as_ref().and_then(|status| status.fallback.as_ref());
            journal.map(|journal| (journal.pending, journal.replayed)).filter(|(pending, _)| *pending > 0)
        })
    });
    let query = Query::default()
        .with("limit", Some(SHOWN))
        .with("state_type", of.as_ref().map(|key| key.state_type.as_str()))
        .with("state_id", of.as_ref().map(|key| key.state_id.as_str()));
    let list = remote(
        move || waiting.get(),
        move |_| {
            let path = format!("/fallback/pending{query}");
            async move { api::get::<PendingList>(&path).await }
        },
    );
    let shown = move || {
        waiting.get()?;
        list.value.get().filter(|list| list.total > 0)
    };
    view! {
        <Show when=move || waiting.get().is_some()><FaultNote remote=list/></Show>
        {move || shown().map(panel)}
    }
}

fn panel(list: PendingList) -> impl IntoView {
    let more = list.total.saturating_sub(list.writes.len() as u64);
    let head = match list.total {
        1 => "1 write waits for the store".to_owned(),
        total => format!("{} writes wait for the store", number::count(total)),
    };
    view! {
        <section class="panel pending" aria-label="Writes that wait">
            <div class="head">
                <span class="c-warn"><Pic icon=Icon::Warn/></span>
                <h2>{head}</h2>
                <span class="note">"accepted, pending: no version yet"</span>
            </div>
            <div class="body">
                {list.writes.into_iter().map(row).collect_view()}
                {(more > 0).then(|| view! { <p class="hint">{format!("and {} more", number::count(more))}</p> })}
            </div>
        </section>
    }
}

fn row(write: PendingState) -> impl IntoView {
    let clock = clock();
    let key = StateKey { state_type: write.state_type, state_id: write.state_id };
    let what = match write.write {
        ChangeKind::Save => "save",
        ChangeKind::Restore => "restore",
        ChangeKind::Delete => "delete",
    };
    let who = write.user_id.as_deref().unwrap_or("nobody named").to_owned();
    let accepted = write.accepted_at;
    view! {
        <div class="line">
            <a class="mono" href=address::state(&key)>{format!("{} ", key.state_type)}{theirs(key.state_id.as_str())}</a>
            <span>{format!("pending {what} by {}, accepted ", told(&who))}{move || age::ago(accepted, clock.now.get())}</span>
        </div>
    }
}
