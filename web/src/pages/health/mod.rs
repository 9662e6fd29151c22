//! Health: one sentence, then the parts, each with its figures and what can be done about it by hand.

mod breaker;
mod cards;
mod conflicts;
mod verify;

use std::time::Duration;

use leptos::prelude::*;

use crate::model::age;
use crate::model::health::{Mood, sentence};
use crate::parts::{Chip, FaultNote, Icon, Tone};
use crate::shell::{clock, desk};

/// Figures are read so often while somebody looks.
const EVERY: Duration = Duration::from_secs(5);

/// The page.
#[component]
pub(crate) fn Health() -> impl IntoView {
    let (desk, clock) = (desk(), clock());
    if let Ok(timer) = set_interval_with_handle(move || desk.status.reload(), EVERY) {
        on_cleanup(move || timer.clear());
    }
    let verdict = Memo::new(move |_| desk.status.value.with(|status| status.as_ref().map(sentence)));
    let read = move || {
        let at = desk.status.read_at.get()?;
        Some(format!("numbers read {}, every {} s", age::ago(at, clock.now.get()), EVERY.as_secs()))
    };
    view! {
        <div class="page health-page">
            <div class="page-head">
                <h1>"Health"</h1>
                {move || verdict.get().map(|(mood, words)| mark(mood, words))}
                <span class="about wide-only">{read}</span>
                <div class="acts">
                    <a class="btn plain" href="/api/v1/status" target="_blank">"/status as JSON"</a>
                    <verify::VerifyButton/>
                </div>
            </div>
            <FaultNote remote=desk.status/>
            <conflicts::Conflicts/>
            <div class="cards">
                {move || desk.status.value.with(|status| status.as_ref().map(|status| view! {
                    <cards::Store status=status.clone()/>
                    <cards::Events status=status.clone()/>
                    <cards::Chain status=status.clone()/>
                }))}
                <breaker::Breaker/>
                {move || desk.status.value.with(|status| status.as_ref().map(|status| view! {
                    <cards::Journal journal=status.fallback.clone()/>
                    <cards::Caches caches=status.caches.clone()/>
                    <cards::Promises status=status.clone()/>
                }))}
            </div>
        </div>
    }
}

/// A chip in the colour of the news.
fn mark(mood: Mood, words: String) -> AnyView {
    match mood {
        Mood::Good => view! { <Chip tone=Tone::Add icon=Icon::Check>{words}</Chip> }.into_any(),
        Mood::Plain => view! { <Chip>{words}</Chip> }.into_any(),
        Mood::Bad => view! { <Chip tone=Tone::Warn icon=Icon::Warn>{words}</Chip> }.into_any(),
    }
}
