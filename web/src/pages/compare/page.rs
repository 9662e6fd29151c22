//! The page: A older left, B newer right, and how they differ.

use leptos::prelude::*;
use stateloft_core::api::VersionView;
use stateloft_core::model::StateKey;

use super::paths::PathList;
use super::{
    BarFilters, Chosen, CompareBody, Comparison, Cursor, PickMenu, Shown, Side, Tabs, newer_side, older_side,
    side_words,
};
use crate::live::Remote;
use crate::model::address;
use crate::model::age;
use crate::model::hidden::told;
use crate::model::number;
use crate::model::pick::Tab;
use crate::pages::state::{Reader, Stretch, broken_since, plan_of, right_one};
use crate::parts::{Chip, CopyLink, FaultNote, Icon, Kbd, Pic, Tone, theirs};
use crate::shell::{Router, keys, router};

/// Two versions of one state.
#[component]
pub(super) fn Pair(key: StateKey) -> impl IntoView {
    let router = router();
    let versions = Reader::new(key.clone(), Signal::derive(|| Some(Stretch::default())));
    let b = newer_side(&key, versions);
    let a = older_side(&key, b.side, versions);
    let comparison = Comparison::new(key.clone(), a.side, b.side);
    let shown = Shown::new();
    let cursor = Cursor::listen(comparison, shown);
    // Two texts beside each other are what this page is for.
    let tab = Memo::new(move |_| match router.param("tab") {
        Some(word) => Tab::parse(Some(&word)),
        None => Tab::Text,
    });
    let choose_tab = move |tab: Tab| router.set(&[("tab", (tab != Tab::Text).then_some(tab.word()))]);
    let plan_key = key.clone();
    let of = key.clone();
    let since = broken_since(move || Some((of.clone(), a.side.get()?)));
    // Never back to what breaks rules, but to before it.
    let target = move || right_one(since, a.side.get()?);
    let plan = Signal::derive(move || plan_of(&plan_key, target().as_ref()));
    let plan_words = move || match (target(), a.side.get()) {
        (Some(target), Some(a)) if target.version == a.version => {
            format!("Plan a restore to A, v{}", a.version)
        }
        (Some(target), _) => format!("Plan a restore to v{}, before A broke rules", target.version),
        (None, _) => "Plan a restore".to_owned(),
    };
    keys().on_key(move |key| {
        match key {
            "1" | "2" | "3" | "4" => choose_tab(Tab::ALL[usize::from(key.as_bytes()[0] - b'1')]),
            "r" => router.go(&plan.get_untracked()),
            _ => return false,
        }
        true
    });
    let place = move || cursor.place().map(|(at, all)| format!("{} of {all}", at + 1));
    let state_href = address::state(&key);
    view! {
        <div class="page compare-page">
            <div class="page-head">
                <h1>"Compare"</h1>
                <a class="mono strong" href=state_href>{theirs(key.state_id.as_str())}</a>
                <Chip>{key.state_type.to_string()}</Chip>
                <div class="acts">
                    <CopyLink/>
                    <a class="btn" href=move || plan.get()><Pic icon=Icon::Restore/>{plan_words}</a>
                </div>
            </div>
            <FaultNote remote=versions.versions/>
            <div class="sides">
                <SideCard letter='A' name="a" chosen=a other=b.side versions/>
                <button class="btn icon" aria-label="Swap A and B" data-tip="Swap A and B" on:click=move |_| swap(router, a, b)>
                    <Pic icon=Icon::Swap/>
                </button>
                <SideCard letter='B' name="b" chosen=b other=a.side versions/>
            </div>
            <div class="filters compare-bar">
                <div class="segments"><Tabs tab comparison choose=Callback::new(choose_tab)/></div>
                <BarFilters comparison shown tab/>
                <div class="about row">
                    <span>{place}</span>
                    <button class="btn small" on:click=move |_| { cursor.step(false); }><Pic icon=Icon::Up size=14/>"Previous"<Kbd name="p"/></button>
                    <button class="btn small" on:click=move |_| { cursor.step(true); }><Pic icon=Icon::Down size=14/>"Next"<Kbd name="n"/></button>
                </div>
            </div>
            <div class="compare-body">
                <PathList comparison shown/>
                <section class="panel" aria-label="The comparison">
                    <CompareBody comparison shown tab/>
                </section>
            </div>
        </div>
    }
}

fn swap(router: Router, a: Chosen, b: Chosen) {
    let number = |side: &Option<Side>| side.as_ref().map(|side| side.version.to_string());
    if let (Some(a), Some(b)) = (a.side.with_untracked(number), b.side.with_untracked(number)) {
        router.set(&[("a", Some(&b)), ("b", Some(&a))]);
    }
}

/// One side: version, time, author, reason; chosen by version, time or snapshot.
#[component]
fn SideCard(
    letter: char,
    name: &'static str,
    chosen: Chosen,
    other: Signal<Option<Side>>,
    versions: Reader,
) -> impl IntoView {
    let default = if letter == 'A' { "the version before B" } else { "head, as it moves" };
    let relation = move || Some(relation(&*chosen.side.get()?, &*other.get()?));
    let words = move || match chosen.side.get() {
        Some(_) => relation().unwrap_or_else(|| "choose".to_owned()),
        None => side_words(letter, false, chosen.pick.get().as_ref(), None),
    };
    let is_head = move |side: &Side| {
        versions.versions.value.with(|v| v.as_ref().and_then(super::super::state::Versions::newest))
            == Some(side.version.0)
    };
    let fetched: Remote<_> = chosen.fetched;
    view! {
        <div class="panel side-card">
            <div class="row">
                <Chip tone=Tone::Ab>{letter.to_string()}</Chip>
                {move || chosen.side.get().map(|side| view! {
                    <b class="mono">{format!("v{}", side.version)}</b>
                    {is_head(&side).then(|| view! { <Chip tone=Tone::Accent>"head"</Chip> })}
                    <span class="mono ink2 cut" data-tip=age::of_version(&side)>{age::to_second(side.effective_at())}</span>
                    {side.saved_at.map(|_| view! { <Chip>"imported"</Chip> })}
                })}
                <PickMenu name words=Signal::derive(words) versions default button="btn plain small"/>
            </div>
            {move || chosen.side.get().map(|side| {
                let author = side.user_id.as_deref().unwrap_or("no author").to_owned();
                let why = side.description.as_deref().filter(|why| !why.is_empty()).map(|why| format!("“{}”", told(why)));
                view! {
                    <div class="row ink2">
                        <Pic icon=Icon::Author size=14/><span>{theirs(&author)}</span>
                        <span class="cut grow">{why}</span>
                        <span class="mono ink3">{format!("seq {}", number::count(side.seq.0))}</span>
                    </div>
                }
            })}
            <FaultNote remote=fetched/>
        </div>
    }
}

/// `older`, or `newer, 16 h 44 m later, 31 versions`.
fn relation(this: &VersionView, other: &VersionView) -> String {
    let versions = this.version.0.checked_sub(other.version.0);
    match versions {
        Some(0) => "the same version".to_owned(),
        None => "older".to_owned(),
        Some(count) => {
            let seconds = (this.effective_at().micros() - other.effective_at().micros()) / 1_000_000;
            let versions = number::counted(count, "version", "versions");
            format!("newer, {} later, {versions}", age::long(seconds))
        }
    }
}
