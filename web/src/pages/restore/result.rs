//! The result of a restore: the button's words in the past tense, each new version, Undo.

use leptos::prelude::*;
use stateloft_core::api::{AppliedRestore, Code, RestoreRecord, VersionView};
use stateloft_core::model::{Operation, StateKey};

use super::earlier::{Earlier, target_words};
use super::sending::Sending;
use super::since::SinceRestore;
use super::undo::{Undo, UndoRefused};
use crate::api;
use crate::live::{live, remote};
use crate::model::address::{self, Query, encode_segment};
use crate::model::age;
use crate::model::change::{Glyph, Story};
use crate::model::hidden::told;
use crate::model::number;
use crate::model::restore::{exact_text, result_text};
use crate::parts::{CopyLink, Empty, FaultNote, GlyphMark, Icon, Pic, Verdict, theirs};
use crate::shell::desk;

/// Rows drawn of a restore of very many states.
const ROWS: usize = 500;

/// The page.
#[component]
pub(crate) fn Restored(id: String) -> impl IntoView {
    let live = live();
    let path = format!("/restores/{}", encode_segment(&id));
    let found = remote(
        move || Some(live.lists.get()),
        move |_| {
            let path = path.clone();
            async move { api::get::<AppliedRestore>(&path).await }
        },
    );
    let unknown = move || {
        found.fault.with(|fault| fault.as_ref().and_then(|fault| fault.error.code()))
            == Some(Code::RestoreNotFound)
    };
    // The record never changes; only its being there does.
    let applied = Memo::new_with_compare(
        move |_| found.value.get(),
        |old, new| {
            let id = |applied: Option<&Option<AppliedRestore>>| {
                applied.and_then(Option::as_ref).map(|applied| applied.record.restore_id.clone())
            };
            id(old) != id(new)
        },
    );
    let hash = move || {
        applied.with(|applied| {
            let plan = &applied.as_ref()?.record.plan;
            Some(format!("plan {}…{}", plan.get(..4)?, plan.get(60..)?))
        })
    };
    view! {
        <div class="page restored-page">
            <div class="page-head">
                <h1>"Restore"</h1><span class="about mono">{hash}</span>
                <div class="acts"><CopyLink/></div>
            </div>
            <Show
                when=move || !unknown()
                fallback=move || view! {
                    <section class="panel"><Empty icon=Icon::Restore head="There is no such restore">"Its address may be cut short."</Empty></section>
                }
            >
                <FaultNote remote=found/>
                {move || applied.get().map(|applied| view! {
                    <Card applied=applied.clone()/>
                    <SinceRestore written=applied.versions/>
                })}
            </Show>
            <Earlier but=id/>
        </div>
    }
}

#[component]
fn Card(applied: AppliedRestore) -> impl IntoView {
    let AppliedRestore { record, versions, handshake } = applied;
    let asked = handshake.map_or(0, |view| view.handshake.runs.len() as u64);
    let facts = facts(&record);
    let (refused, sending) = (RwSignal::new(None), Sending::new());
    let more = versions.len().saturating_sub(ROWS) as u64;
    let rows = versions.iter().take(ROWS).cloned().map(|version| {
        let glyph = glyph_of(&record, &versions, &version);
        view! { <Row version glyph/> }
    });
    let rows = rows.collect_view();
    view! {
        <section class="panel result" aria-label="Result">
            <div class="result-head">
                <span class="tick"><Pic icon=Icon::Check/></span>
                <div class="grow"><h2>{result_text(&record.counts)}</h2><p class="ink2">{facts}</p></div>
                <Undo record=record.clone() refused sending/>
            </div>
            <div class="result-rows">
                <div class="thead cells result-row">
                    <span></span><span>"State"</span><span>"Type"</span><span>"New version"</span><span>"What changed"</span><span>"Verdict"</span>
                </div>
                {rows}
                {(more > 0).then(|| view! { <p class="loading">{format!("and {}", number::counted(more, "state more", "states more"))}</p> })}
            </div>
            <ResultFoot record asked/>
        </section>
        <UndoRefused refused writing=sending.writing/>
    }
}

/// `seq 18,232 to 18,234, one commit, 2026-11-21 09:47:03 UTC, by ops.desk. “reason”`
fn facts(record: &RestoreRecord) -> String {
    let range = match (record.first_seq, record.last_seq) {
        (first, last) if first == last => format!("seq {}", number::count(first.0)),
        (first, last) => format!("seq {} to {}", number::count(first.0), number::count(last.0)),
    };
    let by = record.user_id.as_ref().map_or_else(String::new, |name| format!(", by {}", told(name)));
    let undoes = if record.undoes.is_some() { ". It undid an earlier restore." } else { "" };
    let target = target_words(&record.target);
    let exact = Some(exact_text(&record.counts)).filter(|text| !text.is_empty());
    let exact = exact.map_or_else(String::new, |text| format!(", {text}"));
    format!(
        "{range}, one commit, {}{by}, to {target}{exact}. “{}”{undoes}",
        age::to_second(record.timestamp),
        told(&record.reason)
    )
}

/// What a written version was. That a state came back is known only where every candidate did: a version that
/// only adds paths may also be of a state that was there.
fn glyph_of(record: &RestoreRecord, all: &[VersionView], version: &VersionView) -> Glyph {
    let only_adds = |v: &VersionView| {
        v.operation != Operation::Delete
            && v.change.added > 0
            && v.change.changed == 0
            && v.change.removed == 0
    };
    let candidates = all.iter().filter(|version| only_adds(version)).count() as u64;
    match version.operation {
        Operation::Delete => Glyph::Removed,
        _ if !only_adds(version) || record.counts.recreated == 0 => Glyph::Changed,
        _ if candidates == record.counts.recreated => Glyph::Added,
        _ => Glyph::Restored,
    }
}

#[component]
fn Row(version: VersionView, glyph: Glyph) -> impl IntoView {
    let key = StateKey { state_type: version.state_type.clone(), state_id: version.state_id.clone() };
    let href = address::version(&key, version.version.0);
    let number = version.version;
    let what = match (version.operation, glyph) {
        (Operation::Delete, _) => "deleted".to_owned(),
        (_, Glyph::Added) => {
            format!("recreated, {}", number::counted(version.change.added.into(), "path", "paths"))
        }
        // As a change like any other: that it was a restore is what this page is about.
        _ => Story::brief(&VersionView { operation: Operation::Update, ..version.clone() }),
    };
    let accepted = version.verdict.is_invalid().then_some(", accepted");
    view! {
        <div class="trow cells result-row">
            <GlyphMark glyph/>
            <a class="id" href=address::state(&key)>{theirs(key.state_id.as_str())}</a>
            <span class="ink2">{key.state_type.to_string()}</span>
            <a class="mono" href=href>{format!("v{number}")}</a>
            <span class="mono ink2">{what}</span>
            <span><Verdict verdict=version.verdict/>{accepted}</span>
        </div>
    }
}

#[component]
fn ResultFoot(
    record: RestoreRecord,
    /// So many live runs were asked first.
    asked: u64,
) -> impl IntoView {
    let desk = desk();
    let handshake = (asked > 0).then(|| {
        let words = format!("How {} made way", number::counted(asked, "live run", "live runs"));
        view! { <a class="row" href=address::handshake(&record.restore_id)><Pic icon=Icon::Pause size=14/>{words}</a> }
    });
    let name = record.snapshot_before.to_string();
    let snapshot = format!("/view/snapshots{}", Query::default().with("compare", Some(&name)));
    let verified = move || {
        desk.status.value.with(|status| status.as_ref().and_then(|status| status.verified_seq)).map(|seq| {
            view! { <Pic icon=Icon::Check size=14/>{format!("chain verified to {}", number::count(seq.0))} }
        })
    };
    view! {
        <div class="foot">
            <span class="row"><Pic icon=Icon::Snapshot size=14/>"Before: "<a class="mono" href=snapshot>{name}</a></span>
            <a class="row" href=address::activity_at(record.last_seq.0)><Pic icon=Icon::Activity size=14/>"See it in Activity"</a>
            {handshake}
            <span class="end row">{verified}</span>
        </div>
    }
}
