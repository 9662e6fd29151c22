//! A state of the file, as of the moment that is shown.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::bundle::StateThen;
use stateloft_core::model::{Operation, Seq};

use crate::model::change::{Glyph, Story};
use crate::model::{age, number, opened};
use crate::parts::{GlyphMark, Verdict, theirs};

/// The columns.
#[component]
pub(super) fn Head() -> impl IntoView {
    view! {
        <div class="cells thead file-row">
            <span>"Type"</span>
            <span>"Id"</span>
            <span class="num">"Versions"</span>
            <span></span>
            <span>"Last change"</span>
            <span class="num">"Seq"</span>
            <span>"When"</span>
            <span>"Author"</span>
            <span>"Verdict"</span>
        </div>
    }
}

/// One state.
#[component]
pub(super) fn FileRow(
    row: Arc<StateThen>,
    at: Memo<Option<Seq>>,
    cursor: Memo<Option<Seq>>,
) -> impl IntoView {
    let version = &row.version;
    let seq = version.seq;
    let gone = version.operation == Operation::Delete;
    let href = {
        let row = Arc::clone(&row);
        move || opened::state_address(&row.version, at.get())
    };
    let count = number::count(row.versions as u64);
    let all = format!(
        "{} in the file up to v{}",
        number::counted(row.versions as u64, "version", "versions"),
        version.version
    );
    view! {
        <a class="trow cells file-row" href=href class:gone=gone class:cursor=move || cursor.get() == Some(seq)>
            <span class="ty ink2">{version.state_type.to_string()}</span>
            <span class="id">{theirs(version.state_id.as_str())}</span>
            <span class="v mono num" data-tip=all>{count}</span>
            <GlyphMark glyph=Glyph::of(version.operation)/>
            <span class="st mono ink2"><span class="narrow-inline">{version.state_type.to_string()}</span>{Story::brief(version)}</span>
            <span class="seq mono num">{number::count(seq.0)}</span>
            <span class="when mono ink2" data-tip=age::of_version(version)>{age::to_second(version.effective_at())}</span>
            <span class="by ink2">{theirs(version.user_id.as_deref().unwrap_or_default())}</span>
            <span class="ve"><Verdict verdict=version.verdict.clone()/></span>
        </a>
    }
}
