//! One row of a feed, as Overview and Activity show it.

use leptos::prelude::*;
use stateloft_core::model::StateKey;

use crate::model::change::Glyph;
use crate::model::feed::Row;
use crate::model::{address, age};
use crate::parts::{Chip, Counts, GlyphMark, Icon, Pic, StoryLine, theirs};
use crate::shell::clock;

/// A row younger than this (seconds) flashes when it appears.
const FRESH: i64 = 3;

/// The cells of a feed's row: time, glyph, type, id, version, what happened, author.
#[component]
pub(crate) fn FeedCells(
    /// The row.
    row: Row,
    /// With the counts of paths.
    #[prop(optional)]
    counts: bool,
) -> impl IntoView {
    let newest = row.newest.clone();
    let (time, tip) = (newest.effective_at(), age::of_version(&newest));
    // A feed has no room for a date; of what happened elsewhere, long ago, the time of day says too little.
    let imported = newest.saved_at.map(|saved| format!("imported, of {}", &saved.to_string()[..10]));
    let burst = row.is_burst().then(|| row.burst_words());
    let invalid = newest.verdict.is_invalid().then(|| {
        let why = newest.verdict.violations().first().map(|v| format!("{} {}", v.pointer, v.message));
        view! { <span class="c-warn warn" role="img" aria-label="breaks a rule" data-tip=why><Pic icon=Icon::Warn size=14/></span> }
    });
    view! {
        <span class="t mono ink2"><time datetime=time.to_string() data-tip=tip>{age::clock(time)}</time></span>
        <GlyphMark glyph=Glyph::of(newest.operation)/>
        <span class="ty ink2">{newest.state_type.to_string()}</span>
        <span class="id"><span class="cut">{theirs(newest.state_id.as_str())}</span>{invalid}</span>
        <span class="v mono ink2 num">{row.versions()}</span>
        <span class="st">
            {imported.map(|words| view! { <Chip>{words}</Chip> })}
            {burst.map(|words| view! { <Chip>{words}</Chip> })}
            <StoryLine version=row.story()/>
        </span>
        {counts.then(|| view! { <span class="ct"><Counts counts={(&newest.change).into()}/></span> })}
        <span class="by ink2 cut">{theirs(newest.user_id.as_deref().unwrap_or_default())}</span>
    }
}

/// A row that is a link to its version.
#[component]
pub(crate) fn FeedLink(
    /// The row.
    row: Row,
) -> impl IntoView {
    let newest = &row.newest;
    let key = StateKey { state_type: newest.state_type.clone(), state_id: newest.state_id.clone() };
    let href = address::version(&key, newest.version.0);
    let fresh = age::seconds_between(newest.timestamp, clock().read()) < FRESH;
    view! {
        <a class="trow dense cells feed" class:flash=fresh href=href>
            <FeedCells row/>
        </a>
    }
}
