//! The lanes, drawn.

use leptos::ev::PointerEvent;
use leptos::html;
use leptos::prelude::*;

use super::keys::choose;
use super::{Ctx, KindMark};
use crate::model::number;
use crate::model::runs::lanes::{Bar, Gap, Kind, Lane};
use crate::model::runs::walk::Spot;
use crate::model::runs::window::Window;
use crate::parts::{Icon, Pic, theirs};
use crate::shell::{clock, narrow, router};

/// A pull on the axis that is shorter than this part of it is a click.
const A_CLICK: f64 = 0.01;

/// The panel.
#[component]
pub(super) fn Lanes(ctx: Ctx) -> impl IntoView {
    let (clock, narrow) = (clock(), narrow());
    let unfolded = RwSignal::new(false);
    // On phones, lanes that only did their work are one line.
    let folded = move || narrow.get() && !unfolded.get();
    let done = |lane: &Lane| matches!(lane.last, Kind::Completed | Kind::Stopped) && lane.gaps.is_empty();
    let shown = move || {
        ctx.lanes
            .with(|lanes| lanes.iter().filter(|lane| !folded() || !done(lane)).cloned().collect::<Vec<_>>())
    };
    let rest = move || {
        ctx.lanes.with(|lanes| {
            lanes
                .iter()
                .filter(|lane| folded() && done(lane))
                .map(|lane| lane.name.clone())
                .collect::<Vec<_>>()
        })
    };
    let none = move || ctx.runs.value.with(Option::is_some) && ctx.lanes.with(Vec::is_empty);
    view! {
        <section class="panel lanes" aria-labelledby="lanes">
            <div class="head">
                <h2 id="lanes">"Lanes"</h2>
                <span class="note">{move || ctx.window.get().words(clock.now.get())}</span>
                <span class="note">{move || ctx.marked.lacking(ctx.window.get())}</span>
                <Legend/>
            </div>
            <Axis ctx/>
            <div class="body">
                {move || shown().into_iter().map(|lane| view! { <LaneRow ctx lane/> }).collect_view()}
                {move || Some(rest()).filter(|names| !names.is_empty()).map(|names| view! {
                    <button class="lanes-rest" on:click=move |_| unfolded.set(true)>
                        <Pic icon=Icon::Right size=14/>
                        {format!("{} completed: {}", names.len(), names.join(", "))}
                    </button>
                })}
                <Show when=none><p class="loading">"No run here is of these filters."</p></Show>
            </div>
        </section>
    }
}

#[component]
fn Legend() -> impl IntoView {
    view! {
        <span class="legend wide-only" aria-hidden="true">
            <span><i class="run-bar is-live"></i>"live"</span>
            <span><i class="run-bar"></i>"ended"</span>
            <span><Torn/>"crashed"</span>
            <span><i class="hatched"></i>"nobody, after a crash"</span>
            <span><i class="ticks"></i>"checkpoints"</span>
            <span><i class="ring"></i>"restore"</span>
            <span><i class="flag"></i>"snapshot"</span>
            <span class="code-words mono"><span class="word new">"hash"</span></span>"new code or config"
        </span>
    }
}

/// The torn edge of a crash.
#[component]
pub(crate) fn Torn() -> impl IntoView {
    view! {
        <svg class="torn" viewBox="0 0 10 18" width="10" height="18" preserveAspectRatio="none" aria-hidden="true">
            <path class="ground" d="M0 0H7L4 3L8 6L4 9L8 12L4 15L7 18H0Z"/>
            <path class="edge" d="M7 0L4 3L8 6L4 9L8 12L4 15L7 18"/>
        </svg>
    }
}

/// The axis. A pull along it shows that stretch; a double click goes back to the usual one.
#[component]
fn Axis(ctx: Ctx) -> impl IntoView {
    let router = router();
    let area = NodeRef::<html::Div>::new();
    let pulled = RwSignal::new(None::<(f64, f64)>);
    let place = move |event: &PointerEvent| {
        let bounds = area.get_untracked()?.get_bounding_client_rect();
        (bounds.width() > 0.0)
            .then(|| ((f64::from(event.client_x()) - bounds.left()) / bounds.width()).clamp(0.0, 1.0))
    };
    let end = move |_| {
        let Some((a, b)) = pulled.get_untracked() else { return };
        pulled.set(None);
        if (a - b).abs() > A_CLICK {
            let window = ctx.window.get_untracked();
            let (from, to) = (window.moment(a.min(b)).to_string(), window.moment(a.max(b)).to_string());
            router.set(&[("from", Some(&from)), ("to", Some(&to)), ("last", None)]);
        }
    };
    view! {
        <div class="lane axis">
            <span class="who">"Program, instance"</span>
            <div
                class="track" node_ref=area data-tip="Drag: that stretch. Double click: as usual."
                on:pointerdown=move |event| pulled.set(place(&event).map(|at| (at, at)))
                on:pointermove=move |event| {
                    if let (Some((from, _)), Some(to)) = (pulled.get_untracked(), place(&event)) {
                        pulled.set(Some((from, to)));
                    }
                }
                on:pointerup=end
                on:pointerleave=move |_| pulled.set(None)
                on:dblclick=move |_| router.set(&[("from", None), ("to", None), ("last", None)])
            >
                {move || ctx.window.get().marks().into_iter().map(|(at, words, day)| view! {
                    <span class="tick" class:midnight=day style:left=percent(at)>{words}</span>
                }).collect_view()}
                {move || ctx.marks.with(|marks| marks.flags.clone()).into_iter().map(|mark| view! {
                    <a class="flag" tabindex="-1" href=mark.href style:left=percent(mark.at) aria-label=mark.tip.clone() data-tip=mark.tip></a>
                }).collect_view()}
                {move || pulled.get().map(|(a, b)| view! {
                    <i class="pulled" style:left=percent(a.min(b)) style:width=percent((a - b).abs())></i>
                })}
            </div>
            <span class="num">"Runs"</span>
        </div>
    }
}

#[component]
fn LaneRow(ctx: Ctx, lane: Lane) -> impl IntoView {
    let router = router();
    let ids: Vec<String> = lane.bars.iter().map(|bar| bar.run_id.clone()).collect();
    let cursor = move || {
        ctx.spot.with(|spot| match spot {
            Some(Spot::Bar(id) | Spot::Gap(id)) => ids.contains(id),
            None => false,
        })
    };
    let last = lane.bars.last().map(|bar| Spot::Bar(bar.run_id.clone()));
    let count = number::count(lane.bars.len() as u64);
    let window = ctx.window.get_untracked();
    let name = lane.name.clone();
    view! {
        <div class="lane" class:cursor=cursor role="group" aria-label=format!("{}: {}", lane.name, lane.words)>
            <span class="who" on:click=move |_| choose(router, last.as_ref())>
                <b class="mono">{theirs(&lane.name)}</b>
                <KindMark kind=lane.last word=lane.words.clone()/>
            </span>
            <div class="track">
                <Ground window/>
                {lane.gaps.into_iter().map(|gap| view! { <GapBox ctx gap/> }).collect_view()}
                {lane.bars.into_iter().map(|bar| view! { <BarBox ctx bar/> }).collect_view()}
                {move || marked(ctx, &name)}
            </div>
            <span class="num">{count}</span>
        </div>
    }
}

/// Below the bars: a tick a checkpoint; on them: a ring a restore. Who has no pointer finds both on the runs' pages.
fn marked(ctx: Ctx, lane: &str) -> impl IntoView + use<> {
    let (ticks, rings) = ctx.marks.with(|marks| {
        (
            marks.ticks.get(lane).cloned().unwrap_or_default(),
            marks.rings.get(lane).cloned().unwrap_or_default(),
        )
    });
    let mark = |class: &'static str| {
        move |mark: crate::model::runs::marks::Mark| {
            view! {
                <a class=class tabindex="-1" href=mark.href style:left=percent(mark.at) aria-label=mark.tip.clone() data-tip=mark.tip></a>
            }
        }
    };
    (
        ticks.into_iter().map(mark("checkpoint")).collect_view(),
        rings.into_iter().map(mark("ring")).collect_view(),
    )
}

/// The lines of the axis, and where now is.
#[component]
fn Ground(window: Window) -> impl IntoView {
    window
        .marks()
        .into_iter()
        .map(|(at, _, day)| view! { <i class="rule" class:midnight=day style:left=percent(at)></i> })
        .collect_view()
}

#[component]
fn BarBox(ctx: Ctx, bar: Bar) -> impl IntoView {
    let router = router();
    let spot = Spot::Bar(bar.run_id.clone());
    let chosen = {
        let spot = spot.clone();
        move || ctx.spot.with(|chosen| chosen.as_ref() == Some(&spot))
    };
    let word = |text: Option<String>, new: bool| {
        text.map(|text| view! { <span class="word" class:new=new>{theirs(&text)}</span>" " })
    };
    let end = match bar.kind {
        Kind::Crashed => Some(view! { <Torn/> }.into_any()),
        Kind::Completed => {
            Some(view! { <span class="end"><Pic icon=Icon::Check size=14/></span> }.into_any())
        }
        Kind::Stopped => Some(view! { <span class="end"><i class="square"></i></span> }.into_any()),
        _ => None,
    };
    let class = format!("run-bar {}{}", bar.kind.class(), if bar.began_before { " cut" } else { "" });
    // Who has no pointer walks over the lanes with the arrows, and finds every run in the list.
    view! {
        <button
            class=class class:chosen=chosen tabindex="-1" style:left=percent(bar.from) style:width=percent(bar.to - bar.from)
            aria-label=bar.tip.clone() data-tip=bar.tip.clone() on:click=move |_| choose(router, Some(&spot))
            on:dblclick=move |_| router.go(&crate::model::address::run(&bar.run_id))
        >
            <span class="in mono">{word(bar.code, bar.fresh.code)}{word(bar.config, bar.fresh.config)}</span>
            {end}
        </button>
        {bar.took_over.then(|| view! {
            <span class="seam" style:left=percent(bar.from) data-tip="It took the place of a live run"><Pic icon=Icon::Swap size=14/></span>
        })}
    }
}

#[component]
fn GapBox(ctx: Ctx, gap: Gap) -> impl IntoView {
    let router = router();
    let spot = Spot::Gap(gap.left.clone());
    let chosen = {
        let spot = spot.clone();
        move || ctx.spot.with(|chosen| chosen.as_ref() == Some(&spot))
    };
    let open = gap.found.is_none();
    let words = gap.words();
    let label = format!("After the crash of {}: {words}", gap.left);
    view! {
        <button
            class="nobody" class:open=open class:chosen=chosen tabindex="-1" style:left=percent(gap.from)
            style:width=percent(gap.to - gap.from) aria-label=label.clone() data-tip=label
            on:click=move |_| choose(router, Some(&spot))
        >
            <span class="long">{words}</span>
        </button>
    }
}

fn percent(part: f64) -> String {
    format!("{:.3}%", part * 100.0)
}
