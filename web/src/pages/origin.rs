//! Where a version comes from, with ways to what else came from there.

use leptos::prelude::*;
use stateloft_core::api::VersionView;

use crate::model::address::Query;
use crate::parts::theirs;

/// The run, the correlation and the cause of a version, as far as its writer named them.
pub(crate) fn origin_parts(version: &VersionView) -> impl IntoView + use<> {
    let part = |word: &'static str, text: Option<&str>| {
        text.map(|text| {
            let href = format!("/view/activity{}", Query::default().with(word, Some(text)));
            let tip = format!("everything of this {word}");
            view! { <span class="mono ink3 row">{word}" "<a class="cut" href=href data-tip=tip>{theirs(text)}</a></span> }
        })
    };
    view! {
        {part("run", version.run_id.as_deref())}
        {part("correlation", version.correlation_id.as_deref())}
        {version.causation_id.as_deref().map(|text| view! { <span class="mono ink3 row">"because of "<span class="cut">{theirs(text)}</span></span> })}
    }
}
