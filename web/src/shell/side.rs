//! The pages, the saved views, and which store this is.

use leptos::prelude::*;

use super::{desk, router};
use crate::live::live;
use crate::model::address::{Page, Query};
use crate::model::standing::Standing;
use crate::model::{age, number};
use crate::parts::{Icon, Menu, Pic};

/// One entry: address, icon, words, whether phones keep it under "More".
type Entry = (&'static str, Icon, &'static str, bool);

const PAGES: &[Entry] = &[
    ("/", Icon::Overview, "Overview", false),
    ("/view/states", Icon::States, "States", false),
    ("/view/activity", Icon::Activity, "Activity", false),
    ("/view/runs", Icon::Runs, "Runs", false),
    ("/view/snapshots", Icon::Snapshot, "Snapshots", true),
    ("/view/compare", Icon::Compare, "Compare", true),
    ("/view/restore", Icon::Restore, "Restore", true),
    ("/view/import", Icon::Import, "Import", true),
    ("/view/health", Icon::Heart, "Health", true),
];
const VIEWS: &[Entry] = &[
    ("/view/states?validity=invalid", Icon::Warn, "Invalid", true),
    ("/view/states?deleted=only", Icon::Trash, "Deleted", true),
    ("/view/states?type=position", Icon::Funnel, "Open positions", true),
];

/// The side bar; on phones a bar at the bottom.
#[component]
pub(crate) fn Side() -> impl IntoView {
    let entry = |entry: &'static Entry| view! { <EntryLink entry/> };
    let desk = desk();
    let empty = Memo::new(move |_| {
        desk.status.value.with(|status| status.as_ref().and_then(|s| s.seq).is_none_or(|seq| seq.0 == 0))
    });
    view! {
        <nav class="side" aria-label="Pages">
            {PAGES.iter().map(entry).collect_view()}
            <Show when=move || !empty.get()>
                <div class="head">"Saved views"</div>
                {VIEWS.iter().map(entry).collect_view()}
            </Show>
            <div class="more">
                <Menu words="More" icon=Icon::More class="up">
                    {PAGES.iter().chain(VIEWS).filter(|entry| entry.3).map(|(href, icon, words, _)| view! {
                        <a href=*href><Pic icon=*icon/>{*words}</a>
                    }).collect_view()}
                </Menu>
            </div>
            <Foot/>
        </nav>
    }
}

#[component]
fn EntryLink(entry: &'static Entry) -> impl IntoView {
    let (desk, router, live) = (desk(), router(), live());
    let (href, icon, words, in_more) = *entry;
    let (path, search) = href.split_once('?').unwrap_or((href, ""));
    let (page, own) = (Page::at(path), Query::parse(search));
    let current = move || {
        let here = match router.page.get() {
            Page::State | Page::ByHand => Page::States,
            Page::Run | Page::Reconcile => Page::Runs,
            Page::Restored(_) | Page::Handshake(_) | Page::Handshakes => Page::Restore,
            Page::Opened => Page::Import,
            page => page,
        };
        let view = router.query.with(saved_view);
        (here == page && (page != Page::States || view == saved_view(&own))).then_some("page")
    };
    let figure = move || {
        let status = desk.status.value.with(|status| status.as_ref().map(|status| figure(status, words)));
        let positions = || {
            desk.overview.value.with(|day| {
                let types = &day.as_ref()?.types;
                Some(types.iter().find(|t| t.state_type == "position").map_or(0, |t| t.live))
            })
        };
        let count = if words == "Open positions" { positions() } else { status.flatten() };
        let old = move || live.contact.get().is_stale();
        count.map(|count| view! { <span class="n" class:outdated=old>{number::count(count)}</span> })
    };
    view! {
        <a href=href class:in-more=in_more aria-current=current title=words>
            <Pic icon/>
            <span class="t">{words}</span>
            {figure}
        </a>
    }
}

/// Which saved view a query of the States page is, if it is one.
fn saved_view(query: &Query) -> Option<&'static str> {
    let alone = |name: &str| query.clone().with(name, None) == Query::default();
    match (query.get("validity"), query.get("deleted"), query.get("type")) {
        (Some("invalid"), ..) if alone("validity") => Some("invalid"),
        (_, Some("only"), _) if alone("deleted") => Some("deleted"),
        (.., Some("position")) if alone("type") => Some("positions"),
        _ => None,
    }
}

fn figure(status: &Standing, words: &str) -> Option<u64> {
    match words {
        "States" => status.states(),
        "Runs" => status.runs_live,
        "Snapshots" => status.snapshots,
        "Invalid" => status.states_invalid,
        "Deleted" => status.states_deleted,
        _ => None,
    }
}

#[component]
fn Foot() -> impl IntoView {
    let (desk, live) = (desk(), live());
    let host = window().location().host().unwrap_or_default();
    let about = move || {
        desk.status.value.with(|status| {
            status.as_ref().map(|status| {
                let chain = match status.verified_seq {
                    _ if status.chain_fault.is_some() => "chain damaged".to_owned(),
                    Some(seq) => format!("chain verified to {}", number::count(seq.0)),
                    None => "chain not verified yet".to_owned(),
                };
                let engine = engine_name(&status.store.engine).to_owned();
                view! { <div>{engine}" · times in UTC"</div><div>{chain}</div> }
            })
        })
    };
    // Of the figures above, too.
    let as_of = move || {
        let at = live.contact.get().as_of()?;
        Some(view! { <div class="outdated">{format!("all as of {}", age::clock(at))}</div> })
    };
    view! { <div class="foot"><b class="cut">{host}</b>{about}{as_of}</div> }
}

/// The engine without its version.
pub(crate) fn engine_name(engine: &str) -> &str {
    engine.split_once(' ').map_or(engine, |(name, _)| name)
}
