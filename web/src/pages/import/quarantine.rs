//! What could not be placed when it was imported, and waits to be settled.

use leptos::prelude::*;
use stateloft_core::api::{StateList, StateSummary};
use stateloft_core::import::kept;

use super::settle::Settle;
use crate::api;
use crate::live::{Remote, live, remote};
use crate::model::address::Query;
use crate::model::hidden::told;
use crate::model::import::{Waiting, step};
use crate::model::number;
use crate::parts::{Empty, FaultNote, Icon, Kbd, Pic, age_of, theirs};
use crate::shell::{keys, router};

/// How many are listed at first, and when all are asked for.
const PAGES: (&str, &str) = ("100", "1000");

/// The page.
#[component]
pub(super) fn Quarantine() -> impl IntoView {
    let (router, live) = (router(), live());
    let limit = RwSignal::new(PAGES.0);
    // Changes when something was settled here, or came by an import elsewhere.
    let again = RwSignal::new(0_u64);
    live.on_events(move |events| {
        if events.iter().any(|event| event.state_type.as_str() == kept::QUARANTINE) {
            again.try_update(|again| *again += 1);
        }
    });
    let list = remote(
        move || Some((live.lists.get(), again.get(), limit.get())),
        |(.., limit)| async move {
            let query = Query::default()
                .with("state_type", Some(kept::QUARANTINE))
                .with("data", Some("true"))
                .with("limit", Some(limit));
            api::states(&query).await
        },
    );
    let chosen = Memo::new(move |_| router.param("held"));
    let one = Memo::new(move |_| {
        let id = chosen.get()?;
        list.value.with(|list| {
            let states = &list.as_ref()?.states;
            states.iter().find(|row| row.version.state_id.as_str() == id).cloned()
        })
    });
    walk(list);
    let about = move || {
        let total = list.value.with(|list| list.as_ref().map(|list| list.total));
        total.map(|total| {
            format!(
                "{} to be settled: what no import could place, with its bytes",
                number::counted(total, "part", "parts")
            )
        })
    };
    view! {
        <div class="page import-page">
            <div class="page-head">
                <h1>"Quarantine"</h1><span class="about">{about}</span>
                <div class="acts"><a class="btn" href="/view/import"><Pic icon=Icon::Import/>"Import"</a></div>
            </div>
            <FaultNote remote=list/>
            <div class="import-body">
                <List list limit/>
                <aside class="plan-aside">
                    {move || match one.get() {
                        Some(row) => view! { <Settle row/> }.into_any(),
                        None => view! {
                            <section class="panel"><Empty icon=Icon::Warn head="Nothing is chosen">
                                "Choose a part at the left: name the state that it is, or drop it with a reason."
                            </Empty></section>
                        }.into_any(),
                    }}
                </aside>
            </div>
        </div>
    }
}

/// `j k` choose.
fn walk(list: Remote<StateList>) {
    let router = router();
    keys().on_key(move |key| {
        if key != "j" && key != "k" {
            return false;
        }
        let ids: Vec<String> = list.value.with_untracked(|list| {
            let rows = list.as_ref().map(|list| list.states.as_slice()).unwrap_or_default();
            rows.iter().map(|row| row.version.state_id.to_string()).collect()
        });
        let here = router.query.with_untracked(|query| query.get("held").map(str::to_owned));
        if let Some(next) = step(&ids, here.as_deref(), key == "j") {
            router.adjust(&[("held", Some(next))]);
        }
        true
    });
}

#[component]
fn List(list: Remote<StateList>, limit: RwSignal<&'static str>) -> impl IntoView {
    let rows =
        move || list.value.with(|list| list.as_ref().map(|list| list.states.clone()).unwrap_or_default());
    let none = move || list.value.with(|list| list.as_ref().is_some_and(|list| list.states.is_empty()));
    let more = move || list.value.with(|list| list.as_ref().is_some_and(|list| list.next_cursor.is_some()));
    view! {
        <section class="panel import-list" aria-label="Quarantine">
            <div class="thead cells held-row">
                <span>"Where it stood"</span><span>"Why it could not be placed"</span><span class="num">"Bytes"</span><span>"Since"</span>
            </div>
            <div class="body">
                <Show when=none>
                    <Empty icon=Icon::Check head="Nothing is in quarantine">
                        "Whatever an import cannot place waits here, with its bytes and the reason."
                    </Empty>
                </Show>
                <For each=rows key=|row| row.version.version_id.clone() let:row><Row row/></For>
                <Show when=move || more() && limit.get() == PAGES.0>
                    <p class="loading"><button class="link" on:click=move |_| limit.set(PAGES.1)>"Show more"</button></p>
                </Show>
            </div>
            <div class="foot"><span class="cut">"what is settled stays settled, also when it is imported again"</span>
                <span class="keys"><Kbd name="j"/><Kbd name="k"/>"choose"</span></div>
        </section>
    }
}

#[component]
fn Row(row: StateSummary) -> impl IntoView {
    let router = router();
    let id = row.version.state_id.to_string();
    let waiting = Waiting::of(&row);
    let href = {
        let id = id.clone();
        move || router.query.with(|query| format!("/view/import{}", query.clone().with("held", Some(&id))))
    };
    let on = {
        let id = id.clone();
        move || router.param("held").as_deref() == Some(id.as_str())
    };
    let bytes = waiting.bytes.map_or_else(|| "no data".to_owned(), |bytes| number::bytes(bytes as u64));
    view! {
        <a class="trow cells held-row" class:selected=on href=href>
            <span class="id" data-tip=told(&id)>{theirs(&id)}</span>
            <span class="ink2" data-tip=told(&waiting.reason)>{theirs(&waiting.reason)}</span>
            <span class="num mono">{bytes}</span>
            <span class="ink3">{age_of(&row.version)}</span>
        </a>
    }
}
