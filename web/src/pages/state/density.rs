//! The strip above the rail: how many versions when, and two handles that limit the list to a stretch of time.

use leptos::html;
use leptos::prelude::*;
use stateloft_core::model::Timestamp;
use wasm_bindgen::JsCast;
use web_sys::PointerEvent;

use super::View;
use crate::model::age;
use crate::model::history::RailVersion;
use crate::model::strip::Strip;
use crate::parts::Bars;
use crate::shell::{clock, router};

/// Bars on the strip.
const BARS: u64 = 96;
/// A handle moves by this share of the strip with the arrow keys.
const STEP: f64 = 0.02;

/// The strip.
#[component]
pub(super) fn Density(view: View) -> impl IntoView {
    let (clock, router) = (clock(), router());
    let area = NodeRef::<html::Div>::new();
    let strip = Memo::new(move |_| {
        view.all.versions.value.with(|versions| {
            versions.as_ref().map(|versions| density(&versions.rail, clock.read())).unwrap_or_default()
        })
    });
    let whole = move || view.all.versions.value.with(|v| v.as_ref().is_some_and(|v| !v.has_more()));
    // Where the handles are, as shares of the strip; while one is dragged, what the address will say.
    let drag = RwSignal::new(None::<(f64, f64)>);
    let place = move |name: &str, otherwise: f64| {
        let time = router.param(name).and_then(|text| Timestamp::parse(&text).ok());
        time.map_or(otherwise, |time| strip.with(|strip| share(strip, time)).clamp(0.0, 1.0))
    };
    let ends = move || drag.get().unwrap_or_else(|| (place("from", 0.0), place("to", 1.0)));
    let time_at = move |at: f64| strip.with(|strip| time_at(strip, at));
    let settle = move |(from, to): (f64, f64)| {
        let text = |at: f64| time_at(at).to_string();
        let from = (from > 0.0).then(|| text(from));
        let to = (to < 1.0).then(|| text(to));
        router.set(&[("from", from.as_deref()), ("to", to.as_deref())]);
    };
    let moved = move |first: bool, at: f64| {
        let (from, to) = ends();
        if first { (at.clamp(0.0, to - 0.01), to) } else { (from, at.clamp(from + 0.01, 1.0)) }
    };
    let share_of = move |event: &PointerEvent| {
        let rect = area.get_untracked().map(|area| area.get_bounding_client_rect());
        rect.map_or(0.0, |rect| (f64::from(event.client_x()) - rect.left()) / rect.width().max(1.0))
    };
    let held = StoredValue::new(None::<bool>);
    let handle = move |first: bool| {
        let left = move || format!("{:.2}%", 100.0 * if first { ends().0 } else { ends().1 });
        let says = move || age::to_second(time_at(if first { ends().0 } else { ends().1 }));
        view! {
            <button
                class="handle" style:left=left role="slider" aria-label=if first { "Shown from" } else { "Shown until" }
                aria-valuetext=says aria-valuemin="0" aria-valuemax="100"
                aria-valuenow=move || format!("{:.0}", 100.0 * if first { ends().0 } else { ends().1 })
                on:pointerdown=move |event: PointerEvent| {
                    held.set_value(Some(first));
                    if let Some(button) = event.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) {
                        let _ = button.set_pointer_capture(event.pointer_id());
                    }
                }
                on:pointermove=move |event: PointerEvent| {
                    if held.get_value() == Some(first) {
                        drag.set(Some(untrack(|| moved(first, share_of(&event)))));
                    }
                }
                on:pointerup=move |_| {
                    held.set_value(None);
                    if let Some(ends) = drag.get_untracked() {
                        untrack(|| settle(ends));
                        drag.set(None);
                    }
                }
                on:keydown=move |event| {
                    let by = match event.key().as_str() {
                        "ArrowLeft" => -STEP,
                        "ArrowRight" => STEP,
                        _ => return,
                    };
                    event.prevent_default();
                    untrack(|| {
                        let (from, to) = ends();
                        settle(moved(first, if first { from } else { to } + by));
                    });
                }
            ></button>
        }
    };
    let oldest = move || strip.with(|strip| age::moment(Timestamp::from_micros(strip.since), clock.read()));
    let shown = move || {
        let (from, to) = ends();
        let from = if from > 0.0 { age::moment(time_at(from), clock.read()) } else { "the start".to_owned() };
        let to = if to < 1.0 { age::moment(time_at(to), clock.read()) } else { "now".to_owned() };
        format!("shown: {from} to {to}")
    };
    view! {
        <Show when=move || strip.with(|strip| !strip.bars.is_empty())>
            <div class="density">
                <div class="area" node_ref=area>
                    <Bars strip height=30/>
                    <div class="window" style:left=move || format!("{:.2}%", 100.0 * ends().0)
                        style:right=move || format!("{:.2}%", 100.0 * (1.0 - ends().1))></div>
                    {handle(true)}{handle(false)}
                </div>
                <div class="ends">
                    <span data-tip=move || (!whole()).then_some("older versions are read as you scroll")>
                        {oldest}{move || (!whole()).then_some(", so far")}
                    </span>
                    <span>{shown}</span>
                </div>
            </div>
        </Show>
    }
}

/// The versions read so far, from the oldest of them until now.
fn density(rail: &[RailVersion], now: Timestamp) -> Strip {
    let (Some(newest), Some(oldest)) = (rail.first(), rail.last()) else { return Strip::default() };
    let until = now.micros().max(newest.at);
    let seconds = u64::try_from((until - oldest.at) / 1_000_000).unwrap_or(0);
    let step = (seconds / BARS).max(1);
    let mut strip = Strip::new(Timestamp::from_micros(oldest.at), Timestamp::from_micros(until), step);
    for version in rail {
        let bucket = usize::try_from((version.at - strip.since) / strip.step.max(1)).unwrap_or(0);
        if let Some(bar) = strip.bars.get_mut(bucket) {
            bar.count += 1;
        }
    }
    strip
}

#[allow(clippy::cast_precision_loss, reason = "a place on the screen")]
fn share(strip: &Strip, time: Timestamp) -> f64 {
    (time.micros() - strip.since) as f64 / (strip.step as f64 * strip.bars.len().max(1) as f64)
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a place on the screen")]
fn time_at(strip: &Strip, at: f64) -> Timestamp {
    Timestamp::from_micros(strip.since + (at * strip.step as f64 * strip.bars.len() as f64) as i64)
}
