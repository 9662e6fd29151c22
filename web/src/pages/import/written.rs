//! What became of an import: the button's words in the past tense, each version, Undo.

use leptos::prelude::*;
use stateloft_core::api::{EventPage, VersionView};
use stateloft_core::model::{Operation, StateKey};

use super::undo::UndoImport;
use crate::api::{self, ApiError};
use crate::live::remote;
use crate::model::address::{self, Query};
use crate::model::change::Glyph;
use crate::model::hidden::told;
use crate::model::import::Written;
use crate::model::{age, number};
use crate::pages::restore::Sending;
use crate::parts::{Empty, FaultNote, GlyphMark, Icon, Pic, Verdict, WriteNote, theirs};
use crate::shell::router;

/// Versions drawn of a large import.
const ROWS: usize = 500;
/// Versions that are read at once.
const PAGE: &str = "1000";
/// Pages without any that are looked at before there are none.
const PATIENCE: usize = 20;

/// The card of the import that the address names.
#[component]
pub(super) fn ImportResult(id: String) -> impl IntoView {
    let router = router();
    let after =
        Memo::new(move |_| router.param("after").and_then(|seq| seq.parse::<u64>().ok()).unwrap_or_default());
    let import = id.clone();
    let read = remote(move || Some(after.get()), move |after| versions(import.clone(), after));
    let card = move || {
        let written = read.value.get()?;
        Some(match Written::of(written) {
            Some(written) => view! { <Card id=id.clone() written/> }.into_any(),
            None => view! {
                <section class="panel"><Empty icon=Icon::Import head="There is no such import">"Its address may be cut short."</Empty></section>
            }
            .into_any(),
        })
    };
    view! { <FaultNote remote=read/>{card} }
}

/// Everything that the import wrote, which lies together in the log.
async fn versions(id: String, after: u64) -> Result<Vec<VersionView>, ApiError> {
    let (mut versions, mut after, mut without) = (Vec::new(), after, 0);
    loop {
        let query = Query::default()
            .with("after", Some(&after.to_string()))
            .with("limit", Some(PAGE))
            .with("data", Some("false"))
            .with("correlation_id", Some(&id));
        let page: EventPage = api::get(&format!("/events{query}")).await?;
        without = if page.events.is_empty() { without + 1 } else { 0 };
        versions.extend(page.events.into_iter().map(|event| event.version));
        let is_through = !versions.is_empty() && without > 0;
        if is_through || page.next_after >= page.seq || without > PATIENCE {
            return Ok(versions);
        }
        after = page.next_after.0;
    }
}

#[component]
fn Card(id: String, written: Written) -> impl IntoView {
    let sending = Sending::of("undone");
    let facts = facts(&written);
    let more = written.states.len().saturating_sub(ROWS) as u64;
    let rows =
        written.states.iter().take(ROWS).cloned().map(|version| view! { <Row version/> }).collect_view();
    let held = written.held.len() as u64;
    let (sentence, last) = (written.sentence(), written.range.1);
    view! {
        <section class="panel result import-result" aria-label="Result">
            <div class="result-head">
                <span class="tick"><Pic icon=Icon::Check/></span>
                <div class="grow"><h2>{sentence}</h2><p class="ink2">{facts}</p></div>
                <UndoImport id written sending/>
            </div>
            <div class="result-rows">
                <div class="thead cells result-row">
                    <span></span><span>"State"</span><span>"Type"</span><span>"New version"</span><span>"What"</span><span>"Verdict"</span>
                </div>
                {rows}
                {(more > 0).then(|| view! { <p class="loading">{format!("and {}", number::counted(more, "version more", "versions more"))}</p> })}
            </div>
            <div class="foot">
                <a class="row" href=address::activity_at(last.0)><Pic icon=Icon::Activity size=14/>"See it in Activity"</a>
                {(held > 0).then(|| view! {
                    <a class="row" href="/view/import?tab=quarantine"><Pic icon=Icon::Warn size=14/>{format!("{} in quarantine, to be settled", number::counted(held, "part", "parts"))}</a>
                })}
            </div>
        </section>
        <WriteNote writing=sending.writing/>
    }
}

/// `seq 18,232 to 18,279, one commit, 2026-11-21 09:47:03 UTC, by ops.desk`
fn facts(written: &Written) -> String {
    let (first, last) = written.range;
    let range = if first == last {
        format!("seq {}", number::count(first.0))
    } else {
        format!("seq {} to {}", number::count(first.0), number::count(last.0))
    };
    let one = written.states.first().or(written.held.first());
    let by = one
        .and_then(|version| version.user_id.as_deref())
        .map_or_else(String::new, |name| format!(", by {}", told(name)));
    let when = one.map_or_else(String::new, |version| format!(", {}", age::to_second(version.timestamp)));
    format!("{range}, one commit{when}{by}")
}

#[component]
fn Row(version: VersionView) -> impl IntoView {
    let key = StateKey { state_type: version.state_type.clone(), state_id: version.state_id.clone() };
    let glyph = if version.operation == Operation::Create { Glyph::Added } else { Glyph::Changed };
    let what = version.description.as_deref().unwrap_or_default().to_owned();
    view! {
        <div class="trow cells result-row">
            <GlyphMark glyph/>
            <a class="id" href=address::state(&key)>{theirs(key.state_id.as_str())}</a>
            <span class="ink2">{key.state_type.to_string()}</span>
            <a class="mono" href=address::version(&key, version.version.0)>{format!("v{}", version.version)}</a>
            <span class="ink2" data-tip=told(&what)>{theirs(&what)}</span>
            <span><Verdict verdict=version.verdict/></span>
        </div>
    }
}
