//! What was written: the commit, each new version, Undo.

use leptos::prelude::*;
use stateloft_core::api::{EventPage, VersionView};
use stateloft_core::model::StateKey;

use super::board::{Board, Dialog};
use super::told::Told;
use super::undo::Undo;
use crate::api::{self, ApiError};
use crate::live::remote;
use crate::model::address::{self, Query};
use crate::model::change::{Glyph, Story};
use crate::model::hidden::told;
use crate::model::{age, number};
use crate::parts::{FaultNote, GlyphMark, Icon, Notice, NoticeKind, Pic, theirs};

/// Versions that are read at once; a commit has ten thousand at most.
const PAGE: u32 = 1000;
/// Rows that are drawn.
const ROWS: usize = 200;
/// What is kept of a reconcile beside what it wrote of states.
const KEPT: [&str; 2] = ["reconcile", "drift"];

/// The card of the commit that ended with a seq.
#[component]
pub(super) fn Done(board: Board, seq: u64) -> impl IntoView {
    let commit = remote(move || Some(seq), |seq| async move { commit(seq).await });
    view! {
        <FaultNote remote=commit/>
        {move || commit.value.get().map(|versions| if versions.is_empty() {
            view! { <Notice kind=NoticeKind::Warn head="No reconcile ended there.">"The address names another version, or one that is not in this store."</Notice> }.into_any()
        } else {
            view! { <Card board versions/> }.into_any()
        })}
    }
}

/// The versions of one commit, the first one first; nothing where it was no reconcile.
async fn commit(last: u64) -> Result<Vec<VersionView>, ApiError> {
    let (mut all, mut before) = (Vec::new(), last + 1);
    loop {
        let page: EventPage = api::events_before(before, PAGE, Query::default()).await?;
        let batch = all
            .first()
            .or(page.events.first().map(|event| &event.version))
            .and_then(|version: &VersionView| version.batch_id.clone());
        let (Some(batch), Some(lowest)) = (batch, page.events.iter().map(|event| event.version.seq.0).min())
        else {
            break;
        };
        let own: Vec<VersionView> = page
            .events
            .into_iter()
            .map(|event| event.version)
            .filter(|version| version.batch_id.as_ref() == Some(&batch))
            .collect();
        let whole = own.iter().all(|version| version.seq.0 > lowest);
        all.extend(own);
        if whole || lowest <= 1 {
            break;
        }
        before = lowest;
    }
    let is_one = all.first().is_some_and(|version| version.seq.0 == last)
        && all.iter().any(|version| version.state_type.as_str() == KEPT[0]);
    all.sort_by_key(|version| version.seq);
    Ok(if is_one { all } else { Vec::new() })
}

#[component]
fn Card(board: Board, versions: Vec<VersionView>) -> impl IntoView {
    let Some((first, last)) = versions.first().cloned().zip(versions.last().cloned()) else {
        return ().into_any();
    };
    let asked = first.correlation_id.clone().zip(first.batch_id.clone());
    let asked = asked
        .map(|(plan, handshake)| view! { <Told plan=plan.to_string() handshake=handshake.to_string()/> });
    let states: Vec<VersionView> =
        versions.into_iter().filter(|version| !KEPT.contains(&version.state_type.as_str())).collect();
    let head = match states.len() as u64 {
        0 => "Recorded that it was looked at; no state was written".to_owned(),
        written => format!("{} written", number::counted(written, "state", "states")),
    };
    let by = last.user_id.as_ref().map_or_else(String::new, |name| format!(", by {}", told(name)));
    let facts = format!(
        "seq {} to {}, one commit, {}{by}. \u{201c}{}\u{201d}",
        number::count(first.seq.0),
        number::count(last.seq.0),
        age::to_second(last.timestamp),
        told(last.description.as_deref().unwrap_or_default())
    );
    let more = states.len().saturating_sub(ROWS) as u64;
    let rows = states.iter().take(ROWS).cloned().map(|version| view! { <Row version/> }).collect_view();
    let close = move |_| board.router.adjust(&[("done", None)]);
    view! {
        <section class="panel result reconcile-result" aria-label="Result">
            <div class="result-head">
                <span class="tick"><Pic icon=Icon::Check/></span>
                <div class="grow"><h2>{head}</h2><p class="ink2">{facts}</p></div>
                {(!states.is_empty()).then(|| view! { <Undo states=states.clone() before=first.seq.0.saturating_sub(1)/> })}
                <button class="btn icon small" aria-label="Close" on:click=close><Pic icon=Icon::Close/></button>
            </div>
            <div class="result-rows">
                {rows}
                {(more > 0).then(|| view! { <p class="loading">{format!("and {}", number::counted(more, "state more", "states more"))}</p> })}
            </div>
            {asked}
            <div class="foot">
                <span>"The list is older than this. "<button class="link" on:click=move |_| board.dialog.set(Some(Dialog::List))>"Give a newer one"</button>" to see that both sides agree now."</span>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Row(version: VersionView) -> impl IntoView {
    let key = StateKey { state_type: version.state_type.clone(), state_id: version.state_id.clone() };
    let (href, number) = (address::version(&key, version.version.0), version.version);
    view! {
        <div class="trow cells done-row">
            <GlyphMark glyph=Glyph::of(version.operation)/>
            <a class="id" href=address::state(&key)>{theirs(key.state_id.as_str())}</a>
            <a class="mono" href=href>{format!("v{number}")}</a>
            <span class="mono ink2">{theirs(&Story::brief(&version))}</span>
        </div>
    }
}
