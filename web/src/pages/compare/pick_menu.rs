//! The menu that chooses A or B: by version, time, seq or snapshot.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use stateloft_core::api::SnapshotView;

use super::Side;
use crate::api;
use crate::live::{live, remote};
use crate::model::address::Query;
use crate::model::history::RailVersion;
use crate::model::pick::Pick;
use crate::model::{age, number};
use crate::pages::state::Reader;
use crate::parts::{Icon, Menu, Pic, theirs};
use crate::shell::{clock, router};

/// Versions and snapshots offered.
const OFFERED: usize = 12;

/// Chooses one side; the choice goes into the address.
#[component]
pub(crate) fn PickMenu(
    /// `a` or `b`: the name in the address.
    name: &'static str,
    /// Words on the button.
    #[prop(into)]
    words: Signal<String>,
    /// The versions read so far.
    versions: Reader,
    /// What stands for no choice: "previous version", "head, as it moves".
    default: &'static str,
    /// CSS class of the button.
    #[prop(default = "btn small")]
    button: &'static str,
    /// More classes for the anchor.
    #[prop(default = "right")]
    class: &'static str,
) -> impl IntoView {
    view! {
        <Menu words button class>
            <Choices name versions default/>
        </Menu>
    }
}

#[component]
fn Choices(name: &'static str, versions: Reader, default: &'static str) -> impl IntoView {
    let (router, live) = (router(), live());
    let choose = move |value: Option<String>| router.set(&[(name, value.as_deref())]);
    let snapshots = remote(
        move || Some(live.lists.get()),
        |_| async { api::snapshots(&Query::default().with("limit", Some("12"))).await },
    );
    let newest = move || {
        versions.versions.value.with(|versions| {
            let rail = versions.as_ref().map(|versions| versions.rail.clone()).unwrap_or_default();
            rail.iter().take(OFFERED).cloned().collect::<Vec<_>>()
        })
    };
    let named = move || {
        snapshots.value.with(|list| list.as_ref().map(|list| list.snapshots.clone()).unwrap_or_default())
    };
    view! {
        <button type="button" on:click=move |_| choose(None)>{default}</button>
        <PickField name/>
        <div class="sep"></div>
        {move || newest().into_iter().map(|version| view! { <VersionChoice name version/> }).collect_view()}
        <Show when=move || !named().is_empty()><div class="sep"></div></Show>
        {move || named().into_iter().map(|snapshot| view! { <SnapshotChoice name snapshot/> }).collect_view()}
    }
}

#[component]
fn VersionChoice(name: &'static str, version: RailVersion) -> impl IntoView {
    let (router, clock) = (router(), clock());
    let at = stateloft_core::model::Timestamp::from_micros(version.at);
    let author = version.author.as_deref().unwrap_or("unnamed").to_owned();
    let number = version.version;
    view! {
        <button type="button" on:click=move |_| router.set(&[(name, Some(&number.to_string()))])>
            <b class="mono">{format!("v{number}")}</b>
            <span class="cut">{theirs(&author)}</span>
            <span class="n">{age::moment(at, clock.read())}</span>
        </button>
    }
}

#[component]
fn SnapshotChoice(name: &'static str, snapshot: SnapshotView) -> impl IntoView {
    let router = router();
    let pick = format!("snapshot:{}", snapshot.snapshot_id);
    view! {
        <button type="button" on:click=move |_| router.set(&[(name, Some(&pick))])>
            <Pic icon=Icon::Snapshot size=14/>
            <span class="mono cut">{snapshot.snapshot_id.to_string()}</span>
            <span class="n">{format!("seq {}", number::count(snapshot.seq.0))}</span>
        </button>
    }
}

/// Any version, time, seq or snapshot, typed.
#[component]
fn PickField(name: &'static str) -> impl IntoView {
    let router = router();
    let field = NodeRef::<html::Input>::new();
    let wrong = RwSignal::new(false);
    let enter = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = field.get_untracked().map(|input| input.value()).unwrap_or_default();
        let text = typed.trim().trim_start_matches('v');
        match Pick::parse(text) {
            Some(pick) => {
                router.set(&[(name, Some(&pick.to_string()))]);
                // The focus leaving closes the menu.
                if let Some(input) = field.get_untracked() {
                    let _ = input.blur();
                }
            }
            None => wrong.set(true),
        }
    };
    view! {
        <form class="pick-field" on:submit=enter>
            <input
                class="field" class:broken=move || wrong.get() node_ref=field autocomplete="off" spellcheck="false"
                placeholder="57, a time, seq:9 or snapshot:NAME" aria-label="Version, time, seq or snapshot"
                aria-invalid=move || wrong.get().then_some("true") on:input=move |_| wrong.set(false)
            />
            <Show when=move || wrong.get()>
                <p class="note c-warn" role="alert">
                    "Not a version. A time needs its zone: 2026-11-21T09:46:11Z"
                </p>
            </Show>
        </form>
    }
}

/// Words for a chosen side: `A previous, v202`, `B v203`.
pub(crate) fn side_words(letter: char, previous: bool, pick: Option<&Pick>, side: Option<&Side>) -> String {
    let version = side.map(|side| format!("v{}", side.version));
    match (pick, version) {
        (Some(Pick::At(_)), Some(version)) => {
            format!("{letter} {}, {version}", pick.map(Pick::words).unwrap_or_default())
        }
        (_, Some(version)) if previous => format!("{letter} previous, {version}"),
        (_, Some(version)) => format!("{letter} {version}"),
        (Some(pick), None) => format!("{letter} {}", pick.words()),
        (None, None) => format!("{letter} nothing before"),
    }
}
