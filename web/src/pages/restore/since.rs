//! What was saved to the restored states since the restore, live.

use std::collections::BTreeSet;

use leptos::prelude::*;
use stateloft_core::api::{EventPage, VersionView};
use stateloft_core::model::StateKey;

use crate::api::{self, ApiError};
use crate::live::{live, remote};
use crate::model::address::{self, Query};
use crate::model::age;
use crate::model::number;
use crate::model::still::Which;
use crate::parts::{FaultNote, Icon, NewRows, Pic, Stand, StoryLine, theirs};

/// States that are asked about one by one; of more only what is saved from now on is shown.
const ASKED: usize = 12;
/// Rows kept.
const ROWS: usize = 200;

#[derive(Clone)]
struct Since {
    /// Newest first.
    rows: Vec<VersionView>,
    seen: u64,
    complete: bool,
}

/// The panel.
#[component]
pub(super) fn SinceRestore(
    /// The versions that the restore wrote.
    written: Vec<VersionView>,
) -> impl IntoView {
    let key_of = |version: &VersionView| StateKey {
        state_type: version.state_type.clone(),
        state_id: version.state_id.clone(),
    };
    let keys: BTreeSet<StateKey> = written.iter().map(key_of).collect();
    let newest = written.iter().map(|version| version.seq.0).max().unwrap_or(0);
    let live = live();
    let wanted = keys.clone();
    let list = remote(
        || Some(()),
        move |()| {
            let (keys, seen) = (wanted.clone(), live.seq.get_untracked().max(newest));
            async move { read(&keys, newest, seen).await }
        },
    );
    let ours = keys.clone();
    let stand = Stand::new(|| false);
    let mine = keys.clone();
    list.follow_standing(
        stand,
        |since| since.seen,
        move |since, events| {
            for event in events {
                since.seen = since.seen.max(event.seq.0);
                if ours.contains(&key_of(event)) && !since.rows.iter().any(|row| row.seq == event.seq) {
                    since.rows.insert(0, (**event).clone());
                }
            }
            since.rows.truncate(ROWS);
        },
        move |_, event| mine.contains(&key_of(event)).then_some(Which::Version(event.seq.0)),
    );
    let rows =
        move || list.value.with(|since| since.as_ref().map(|since| since.rows.clone()).unwrap_or_default());
    let none = move || list.value.with(|since| since.as_ref().is_some_and(|since| since.rows.is_empty()));
    let complete = move || list.value.with(|since| since.as_ref().is_none_or(|since| since.complete));
    let words = match keys.len() as u64 {
        1 => "live, this state only".to_owned(),
        count => format!("live, these {} only", number::counted(count, "state", "states")),
    };
    view! {
        <section class="panel since" aria-label="Since the restore">
            <div class="head">
                <h2>"Since the restore"</h2><span class="note">{words}</span>
                <NewRows stand/>
                <Show when=move || !complete()><span class="end">"shown from when this page was opened"</span></Show>
            </div>
            <FaultNote remote=list/>
            <Show when=none><p class="loading">"Nothing was saved to them since."</p></Show>
            <div class="body" {..stand.held()}>
                <For each=rows key=|row| row.seq let:row><Row row/></For>
            </div>
        </section>
    }
}

async fn read(keys: &BTreeSet<StateKey>, last: u64, seen: u64) -> Result<Since, ApiError> {
    let mut rows: Vec<VersionView> = Vec::new();
    let complete = keys.len() <= ASKED;
    if complete {
        for key in keys {
            let query = Query::default()
                .with("after", Some(&last.to_string()))
                .with("data", Some("false"))
                .with("limit", Some("100"))
                .with("topic", Some(&format!("state:{}", key.state_id)));
            let page: EventPage = api::get(&format!("/events{query}")).await?;
            let of_key = |event: &stateloft_core::api::Event| event.version.state_type == key.state_type;
            rows.extend(page.events.into_iter().filter(of_key).map(|event| event.version));
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.seq));
    }
    Ok(Since { rows, seen, complete })
}

#[component]
fn Row(row: VersionView) -> impl IntoView {
    let key = StateKey { state_type: row.state_type.clone(), state_id: row.state_id.clone() };
    let number = row.version.0;
    let author = row.user_id.as_deref().unwrap_or("no author").to_owned();
    view! {
        <a class="since-row" href=address::version(&key, number)>
            <span class="mono ink2" data-tip=age::of_version(&row)>{age::clock(row.effective_at())}</span>
            <Pic icon=Icon::Author size=14/>
            <b>{theirs(&author)}</b>
            <span class="ink2">"saved"</span>
            <span class="mono strong cut">{theirs(key.state_id.as_str())}{format!(" v{number}")}</span>
            <span class="ink2">{format!("on top of v{}:", number.saturating_sub(1))}</span>
            <span class="grow cut"><StoryLine version=row/></span>
        </a>
    }
}
