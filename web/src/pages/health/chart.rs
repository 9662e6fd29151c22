//! A line over the last 24 hours, or since the server started.

use leptos::prelude::*;
use stateloft_core::api::StatusSeries;

use super::ctx;
use crate::live::live;
use crate::model::age;
use crate::model::chart::chart;

/// The box that lines are drawn in; it is stretched to the card.
const BOX: (f64, f64) = (348.0, 44.0);
/// So many seconds are a day, but for the step that is running.
const DAY: i64 = 86_000;

/// The line, its range in words below it.
#[component]
pub(super) fn Chart(
    /// What is drawn.
    name: &'static str,
    /// The figures, a step each.
    values: fn(&StatusSeries) -> Vec<Option<f64>>,
    /// A figure in words.
    words: fn(f64) -> String,
) -> impl IntoView {
    let ctx = ctx();
    move || {
        ctx.series
            .value
            .with(|series| series.as_ref().map(|series| draw(series, name, values(series), words)))
    }
}

/// The range of time that lines show, after their name: `, 24 h`, or ` since 20:28`, when the server started.
pub(super) fn span(series: &StatusSeries) -> String {
    if age::seconds_between(series.since, series.now) >= DAY {
        ", 24 h".to_owned()
    } else {
        format!(" since {}", age::minute(series.since))
    }
}

fn draw(
    series: &StatusSeries,
    name: &str,
    values: Vec<Option<f64>>,
    words: fn(f64) -> String,
) -> impl IntoView + use<> {
    let awake: Vec<bool> = series.saves.iter().map(Option::is_some).collect();
    let drawn = chart(&values, &awake, BOX);
    let span = span(series);
    let range = match drawn.as_ref().map(|chart| chart.range) {
        None => format!("{name}{span}: no data"),
        Some((low, high)) if words(low) == words(high) => format!("{name}{span}, {}", words(low)),
        Some((low, high)) => format!("{name}{span}, {} to {}", words(low), words(high)),
    };
    let (width, height) = BOX;
    let lines = drawn.map(|chart| {
        let dot = format!("M{:.1} {:.1}h0", chart.end.0, chart.end.1);
        let place = format!("-2 -3 {} {}", width + 5.0, height + 6.0);
        view! {
            <svg viewBox=place preserveAspectRatio="none" role="img" aria-label=range.clone()>
                <path class="idle" d=chart.idle/><path d=chart.line/><path class="dot" d=dot/>
            </svg>
        }
    });
    view! {
        <figure class="chart">
            {lines}
            <figcaption><span>{age::minute(series.since)}</span><span>{range}</span><span>{live().until()}</span></figcaption>
        </figure>
    }
}
