//! What every comparison shows: tabs, chips, and the tab's content.

use leptos::prelude::*;
use stateloft_core::diff::Counts;
use wasm_bindgen::JsValue;

use super::Shown;
use super::changes::Changes;
use super::comparison::{Comparison, Failure, Stage};
use super::text::SideBySide;
use super::tree::Tree;
use crate::live::live;
use crate::model::change::Glyph;
use crate::model::pick::Tab;
use crate::model::{changes, counts, number};
use crate::parts::{CopyButton, Icon, Notice, NoticeKind, Pic, WholeDialog};
use crate::shell::{narrow, router};
use crate::worker::{self, WorkerError};

/// The four tabs.
#[component]
pub(crate) fn Tabs(
    /// Which is shown.
    tab: Memo<Tab>,
    /// What is compared.
    comparison: Comparison,
    /// Shows another one.
    choose: Callback<Tab>,
) -> impl IntoView {
    let narrow = narrow();
    let count = move || comparison.diff().map(|diff| changes::shown(&diff, false, None).len());
    let one = move |this: Tab| {
        view! {
            <button role="tab" aria-selected=move || (tab.get() == this).to_string() on:click=move |_| choose.run(this)>
                {move || this.label(narrow.get())}
                {move || (this == Tab::Changes).then(count).flatten().map(|count| {
                    view! { <span class="n">{number::count(count as u64)}</span> }
                })}
            </button>
        }
    };
    view! { <div class="tabs" role="tablist" aria-label="Views of the comparison">{Tab::ALL.map(one).collect_view()}</div> }
}

/// `+2 added`, `~6 changed`, `−1 removed`, and what only looks different: filters.
#[component]
fn CountChips(
    /// What is compared.
    comparison: Comparison,
    /// What of it is shown.
    shown: Shown,
) -> impl IntoView {
    let router = router();
    let counts = Memo::new(move |_| comparison.diff().map(|diff| diff.counts));
    let one = move |(at, glyph): (usize, Glyph)| {
        let count = move || counts.get().map_or(0, |counts| counts::kinds(&counts)[at].1);
        let on = move || shown.only.get() == Some(glyph);
        let class = move || {
            let tone = if count() > 0 { glyph.class() } else { "" };
            format!("filter count {tone}{}", if on() { " on" } else { "" })
        };
        let press = move |_| router.set(&[("only", (!on()).then_some(glyph.word()))]);
        view! {
            <Show when=move || counts::always(glyph) || on() || count() != 0>
                <button class=class aria-pressed=move || on().to_string() on:click=press>
                    <span>
                        {move || format!("{} {}", glyph.sign(), number::count(count().into()))}
                        <span class="word">{format!(" {}", glyph.word())}</span>
                    </span>
                </button>
            </Show>
        }
    };
    let kinds = counts::kinds(&Counts::default()).map(|(glyph, _)| glyph);
    view! {
        <Show when=move || counts.get().is_some()>
            {kinds.into_iter().enumerate().map(one).collect_view()}
        </Show>
    }
}

/// What limits the tab's content: kinds of changes, or for the tree whether equal values are folded.
#[component]
pub(crate) fn BarFilters(
    /// What is compared.
    comparison: Comparison,
    /// What of it is shown.
    shown: Shown,
    /// How.
    tab: Memo<Tab>,
) -> impl IntoView {
    move || match tab.get() {
        Tab::Tree => view! { <TreeFilters/> }.into_any(),
        _ => view! { <CountChips comparison shown/> }.into_any(),
    }
}

#[component]
fn TreeFilters() -> impl IntoView {
    let router = router();
    let everything = Memo::new(move |_| router.param("all").as_deref() == Some("show"));
    view! {
        <button
            class="filter" class:on=move || !everything.get() aria-pressed=move || (!everything.get()).to_string()
            on:click=move |_| router.set(&[("all", None)])
        >"only what changed"</button>
        <button
            class="filter" class:on=move || everything.get() aria-pressed=move || everything.get().to_string()
            on:click=move |_| router.set(&[("all", Some("show"))])
        >"show everything"</button>
    }
}

/// The content of the tab, or how far the comparison is.
#[component]
pub(crate) fn CompareBody(
    /// What is compared.
    comparison: Comparison,
    /// What of it is shown.
    shown: Shown,
    /// How.
    tab: Memo<Tab>,
) -> impl IntoView {
    let done = Memo::new(move |_| comparison.stage.with(|stage| matches!(stage, Stage::Done(_))));
    view! {
        <Show when=move || done.get() fallback=move || view! { <Progress comparison/> }>
            {move || match tab.get() {
                Tab::Changes => view! { <Changes comparison shown/> }.into_any(),
                Tab::Tree => view! { <Tree comparison shown/> }.into_any(),
                Tab::Text => view! { <SideBySide comparison shown/> }.into_any(),
                Tab::Patch => view! { <Patch comparison/> }.into_any(),
            }}
            <Muted comparison shown/>
        </Show>
        <WholeDialog open=shown.whole/>
    }
}

/// How far it is, or why there is nothing.
#[component]
fn Progress(comparison: Comparison) -> impl IntoView {
    move || {
        match comparison.stage.get() {
        Stage::Idle => view! { <p class="loading">"Reading the versions."</p> }.into_any(),
        Stage::Reading => {
            view! { <Working words=Signal::derive(move || format!("Reading {}", comparison.amount())) cancel=None/> }
                .into_any()
        }
        Stage::Comparing(_) => {
            let words = Signal::derive(move || format!("Comparing {}", comparison.amount()));
            view! { <Working words cancel=Some(Callback::new(move |()| comparison.cancel()))/> }.into_any()
        }
        Stage::Failed(failure) => view! { <Failed failure comparison/> }.into_any(),
        Stage::Done(_) => ().into_any(),
    }
    }
}

/// Long work: what, for how long, and a way out.
#[component]
pub(crate) fn Working(
    /// What is being done, and how much of it there is.
    #[prop(into)]
    words: Signal<String>,
    /// Stops it.
    cancel: Option<Callback<()>>,
) -> impl IntoView {
    let seconds = RwSignal::new(0_u32);
    if let Ok(timer) = set_interval_with_handle(
        move || {
            seconds.try_update(|seconds| *seconds += 1);
        },
        std::time::Duration::from_secs(1),
    ) {
        on_cleanup(move || timer.clear());
    }
    let elapsed = move || Some(seconds.get()).filter(|s| *s > 0).map(|s| format!(", {s} s"));
    view! {
        <div class="working" role="status">
            <div class="progress busy"><i></i></div>
            <span>{move || words.get()}{elapsed}</span>
            {cancel.map(|cancel| view! { <button class="link" on:click=move |_| cancel.run(())>"Cancel"</button> })}
        </div>
    }
}

#[component]
fn Failed(failure: Failure, comparison: Comparison) -> impl IntoView {
    let live = live();
    // A server that was away is asked again as soon as the connection is back.
    let passes = matches!(&failure, Failure::Api(error) if error.passes());
    Effect::new(move |first: Option<()>| {
        live.back.track();
        if passes && first.is_some() {
            comparison.retry();
        }
    });
    view! {
        <Notice kind=NoticeKind::Error head=failure.sentence()>
            {failure.detail()}" "
            <button class="link" on:click=move |_| comparison.retry()>"Try again"</button>
        </Notice>
    }
}

/// Volatile paths that are not shown, and how many are equal.
#[component]
fn Muted(comparison: Comparison, shown: Shown) -> impl IntoView {
    let router = router();
    let muted = Memo::new(move |_| {
        let diff = comparison.diff()?;
        let names: Vec<String> =
            diff.changes.iter().filter(|c| c.volatile).map(|c| c.display.clone()).collect();
        Some((names.len() as u64, names.into_iter().take(4).collect::<Vec<_>>().join(" ")))
    });
    let equal = move || {
        comparison.diff().map(|diff| {
            let order = if diff.counts.reordered > 0 { "order differs" } else { "key order equal" };
            format!("{}, {order}", number::counted(diff.equal_paths.into(), "path equal", "paths equal"))
        })
    };
    let toggle = move |_| {
        let value = (!shown.volatile.get_untracked()).then_some("show");
        router.set(&[("volatile", value)]);
    };
    view! {
        <div class="foot muted">
            {move || muted.get().filter(|(count, _)| *count > 0).map(|(count, names)| {
                let state = if shown.volatile.get() { "shown" } else { "muted" };
                view! {
                    <span class="chip">
                        <Pic icon=Icon::Funnel size=14/>
                        {format!("{} {state}", number::counted(count, "volatile path", "volatile paths"))}
                    </span>
                    <span class="mono cut names">{names}</span>
                    <button class="link" on:click=toggle>{if shown.volatile.get() { "mute" } else { "show" }}</button>
                }
            })}
            <span class="end">{equal}</span>
        </div>
    }
}

/// The difference as RFC 6902, worked out by the component.
async fn patch_of(comparison: Comparison) -> Result<String, WorkerError> {
    let (Some(texts), Some(key)) = (comparison.texts.get_untracked(), comparison.key.try_get_value()) else {
        return Ok(String::new());
    };
    let state_type = JsValue::from_str(key.state_type.as_str());
    worker::call("json_patch", &[state_type, texts.a, texts.b]).await
}

/// The tab "JSON Patch".
#[component]
fn Patch(comparison: Comparison) -> impl IntoView {
    let patch = RwSignal::new(None::<Result<String, WorkerError>>);
    Effect::new(move || {
        if comparison.diff().is_some() {
            leptos::task::spawn_local(async move {
                let made = patch_of(comparison).await;
                patch.try_set(Some(made));
            });
        }
    });
    let text =
        Signal::derive(move || patch.with(|p| p.as_ref().and_then(|p| p.clone().ok()).unwrap_or_default()));
    view! {
        <div class="bar">
            <CopyButton text what="the patch" words="Copy"/>
            <span class="about">"RFC 6902: turns A into B; the order and spelling of keys are beyond it"</span>
        </div>
        {move || match patch.get() {
            None => view! { <p class="loading">"Working out the patch."</p> }.into_any(),
            Some(Err(error)) => view! { <Notice kind=NoticeKind::Error head="There is no patch.">{error.words()}</Notice> }.into_any(),
            Some(Ok(text)) => view! { <pre class="body patch mono" tabindex="0">{one_a_line(&text)}</pre> }.into_any(),
        }}
    }
}

/// The patch with an operation on each line; of a very long one the beginning.
fn one_a_line(patch: &str) -> String {
    const DRAWN: usize = 300_000;
    let lines = patch.replace("},{\"op\":", "},\n {\"op\":");
    match lines.char_indices().nth(DRAWN) {
        Some((at, _)) => format!("{}\n… the rest is in what Copy gives", &lines[..at]),
        None => lines,
    }
}
