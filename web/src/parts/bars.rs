//! Density bars and sparklines.

use leptos::prelude::*;

use crate::model::strip::Strip;

/// The bars of a strip, stretched over the box it stands in. `peak` scales several strips alike.
#[component]
pub(crate) fn Bars(
    /// What to draw.
    #[prop(into)]
    strip: Signal<Strip>,
    /// Height of the drawing in px.
    height: u32,
    /// What fills the height; the strip's own tallest bar unless given.
    #[prop(optional, into)]
    peak: Option<Signal<u64>>,
) -> impl IntoView {
    let view_box = move || format!("0 0 {} {height}", strip.with(|strip| strip.bars.len().max(1)));
    let path =
        move || strip.with(|strip| strip.path(height, peak.map_or_else(|| strip.peak(), |peak| peak.get())));
    let base = move || format!("M0 {height}H{}", strip.with(|strip| strip.bars.len().max(1)));
    view! {
        <svg class="bars" viewBox=view_box preserveAspectRatio="none" aria-hidden="true">
            <path class="base" d=base/>
            <path d=path/>
        </svg>
    }
}

/// A line through points given as an SVG path in a box of 100 by 30.
#[component]
pub(crate) fn Spark(
    /// The line.
    path: String,
    /// Points were lost at the head.
    #[prop(optional)]
    lost_head: bool,
    /// Points came at the tail.
    #[prop(optional)]
    new_tail: bool,
) -> impl IntoView {
    view! {
        <svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
            <path d=path/>
            {lost_head.then(|| view! { <path class="lost" d="M0 0v30"/> })}
            {new_tail.then(|| view! { <path class="new-edge" d="M100 0v30"/> })}
        </svg>
    }
}
