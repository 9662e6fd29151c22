//! One path over the last versions: a step line, or a list where the values are no numbers.

use leptos::prelude::*;
use stateloft_core::api::History;
use stateloft_core::json::Pointer;
use stateloft_core::model::{StateKey, Timestamp};

use super::View;
use crate::api::{self, ApiError};
use crate::live::remote;
use crate::model::address::Query;
use crate::model::path_history::{PathHistory, PathPoint, value_at};
use crate::model::scale::{Canvas, tick_label, ticks};
use crate::model::{age, changes, hidden, number};
use crate::parts::{FaultNote, Tint, theirs};
use crate::shell::clock;

/// Versions looked at.
const VERSIONS: usize = 60;
/// Not more than so many bytes of documents are read for it.
const BYTES: usize = 4_000_000;
const CANVAS: Canvas = Canvas { width: 760.0, height: 120.0 };

/// What is asked: which path, up to which version, of how many.
#[derive(Clone, PartialEq)]
struct Asked {
    pointer: String,
    upto: Timestamp,
    limit: usize,
}

/// The panel.
#[component]
pub(super) fn OverTime(view: View) -> impl IntoView {
    let chosen = Memo::new(move |_| view.shown.path.get().or_else(|| first_number(view)));
    let asked = Memo::new(move |_| {
        let (pointer, b) = (chosen.get()?, view.b.side.get()?);
        let limit = (BYTES / b.size.max(1)).clamp(1, VERSIONS);
        Some(Asked { pointer, upto: b.effective_at(), limit })
    });
    let history = remote(
        move || asked.get(),
        move |asked: Asked| {
            let key = view.key.get_value();
            async move { read(&key, &asked).await.map(|told| (asked, told)) }
        },
    );
    let told = move || {
        let path = chosen.get()?;
        history.value.with(|told| {
            told.as_ref().filter(|(asked, _)| asked.pointer == path).map(|(_, told)| told.clone())
        })
    };
    let name = move || {
        let (path, diff) = (chosen.get()?, view.comparison.diff());
        let named =
            diff.and_then(|diff| diff.changes.iter().find(|c| c.path == path).map(|c| c.display.clone()));
        Some(named.unwrap_or(path))
    };
    view! {
        <Show when=move || chosen.get().is_some()>
            <section class="panel over-time" aria-label="One path over time">
                <div class="head">
                    <h2>"One path over time"</h2>
                    <span class="mono cut">{move || name().map(|name| theirs(&name))}</span>
                    <span class="end">
                        {move || told().map(|told| changed_words(&told))}
                    </span>
                </div>
                <FaultNote remote=history/>
                {move || told().map(|told| match told.range {
                    Some(range) => view! { <Steps told range view/> }.into_any(),
                    None => view! { <List told view/> }.into_any(),
                })}
            </section>
        </Show>
    }
}

/// `changed 40 times in the last 60 versions`
fn changed_words(told: &PathHistory) -> String {
    let times = number::counted(told.changes() as u64, "time", "times");
    format!("changed {times} in the last {}", number::counted(told.looked_at as u64, "version", "versions"))
}

/// The first changed number: what people most likely want to see over time.
fn first_number(view: View) -> Option<String> {
    let diff = view.comparison.diff()?;
    let change = diff.changes.iter().find(|c| !c.volatile && c.series.is_none() && c.percent.is_some())?;
    Some(change.path.clone())
}

async fn read(key: &StateKey, asked: &Asked) -> Result<PathHistory, ApiError> {
    let pointer = Pointer::parse(&asked.pointer).unwrap_or_default();
    path_over_time(key, &pointer, None, asked.upto, asked.limit).await.map(|(told, _)| told)
}

/// One path over the last versions of a stretch of time, at most so many, and how many there are in it.
pub(crate) async fn path_over_time(
    key: &StateKey,
    pointer: &Pointer,
    from: Option<Timestamp>,
    upto: Timestamp,
    limit: usize,
) -> Result<(PathHistory, u64), ApiError> {
    let query = Query::default()
        .with("limit", Some(&limit.to_string()))
        .with("start_time", from.map(|from| from.to_string()).as_deref())
        .with("end_time", Some(&upto.to_string()));
    let history: History = api::get_of(key, "/history", &query).await?;
    let point = |row: stateloft_core::api::StateSummary| PathPoint {
        version: row.version.version.0,
        at: row.version.effective_at().micros(),
        author: row.version.user_id,
        value: row.data.as_ref().and_then(|data| value_at(data, pointer)),
    };
    let all = history.total_count;
    Ok((PathHistory::of(history.versions.into_iter().rev().map(point).collect()), all))
}

/// The step line with a dot for each version.
#[component]
fn Steps(told: PathHistory, range: (f64, f64), view: View) -> impl IntoView {
    let values = told.values();
    let count = values.len();
    let line = CANVAS.steps(&values, range);
    let share = move |y: f64| format!("{:.2}%", 100.0 * y / CANVAS.height);
    let grid = ticks(range).into_iter().map(|tick| {
        let top = share(CANVAS.y(tick, range));
        view! { <span class="tick" style:top=top><i></i>{tick_label(tick, range)}</span> }
    });
    let dots = told.points.iter().zip(&values).enumerate().filter_map(|(at, (point, value))| {
        let y = CANVAS.y((*value)?, range);
        let left = format!("{:.2}%", 100.0 * CANVAS.x(at, count) / CANVAS.width);
        Some(view! { <Dot point=point.clone() left top=share(y) last={at + 1 == count} view/> })
    });
    let last = told.points.last().map(|point| {
        format!(
            "v{} {}",
            point.version,
            point
                .value
                .as_deref()
                .map_or_else(|| "absent".to_owned(), |value| hidden::told(&changes::shorten(value)))
        )
    });
    view! {
        <div class="steps-chart">
            <div class="plot">
                {grid.collect_view()}
                <svg viewBox="0 0 760 120" preserveAspectRatio="none" aria-hidden="true"><path d=line/></svg>
                {dots.collect_view()}
            </div>
            <div class="mono last">{last}</div>
        </div>
    }
}

#[component]
fn Dot(point: PathPoint, left: String, top: String, last: bool, view: View) -> impl IntoView {
    let number = point.version;
    let value = point.value.unwrap_or_default();
    let value = hidden::told(&changes::shorten(&value));
    let tip = format!("v{number} {value}\n{}", age::full(Timestamp::from_micros(point.at)));
    let label = format!("v{number}, {value}");
    view! {
        <button class="dot" class:last=last style:left=left style:top=top data-tip=tip aria-label=label
            on:click=move |_| view.show(number)></button>
    }
}

/// What the path was, newest first.
#[component]
fn List(told: PathHistory, view: View) -> impl IntoView {
    let clock = clock();
    let mut older = told.points.clone();
    older.rotate_right(1);
    let rows: Vec<_> = told.points.iter().cloned().zip(older).enumerate().rev().collect();
    view! {
        <div class="body path-list">
            {rows.into_iter().map(|(at, (point, before))| {
                let number = point.version;
                let text = |value: Option<String>| value.map_or_else(|| "absent".to_owned(), |v| changes::shorten(&v));
                let now = text(point.value);
                let old = if at == 0 { now.clone() } else { text(before.value) };
                let author = point.author.as_deref().unwrap_or("no author").to_owned();
                view! {
                    <button class="path-row" on:click=move |_| view.show(number)>
                        <b class="mono">{format!("v{number}")}</b>
                        <span class="mono cut"><Tint old new=now/></span>
                        <span class="cut ink2">{theirs(&author)}</span>
                        <span class="ink3">{age::moment(Timestamp::from_micros(point.at), clock.read())}</span>
                    </button>
                }
            }).collect_view()}
        </div>
    }
}
