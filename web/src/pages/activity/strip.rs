//! The day as bars: all versions, and in front of them those that match.

use leptos::html;
use leptos::prelude::*;
use stateloft_core::model::Timestamp;

use super::Ctx;
use crate::live::live;
use crate::model::activity::{Words, first_seq};
use crate::model::age;
use crate::model::strip::Strip;
use crate::parts::Bars;
use crate::shell::{clock, desk, router};

/// The panel; a click goes to that moment.
#[component]
pub(super) fn MatchStrip(ctx: Ctx) -> impl IntoView {
    let (desk, live, clock, router) = (desk(), live(), clock(), router());
    let all =
        Memo::new(move |_| desk.overview.value.with(|day| day.as_ref().map(Strip::of).unwrap_or_default()));
    let peak = Signal::derive(move || all.with(Strip::peak));
    let matching = Memo::new(move |_| {
        let words = ctx.words.get();
        if !words.is_any() {
            return all.get();
        }
        ctx.log.value.with(|log| {
            all.with(|all| log.as_ref().map_or_else(|| all.clone(), |log| log.matches_over(&words, all)))
        })
    });
    let ticks = move || {
        desk.overview.value.with(|day| {
            day.as_ref().map(|day| {
                let span = day.until.micros() - day.since.micros();
                let at = |part: i64| Timestamp::from_micros(day.since.micros() + span / 4 * part);
                let first = age::moment(at(0), clock.read());
                let last = match live.paused_at.get() {
                    Some(time) => {
                        view! { <span class="c-warn">"paused at "{age::clock(time)}</span> }.into_any()
                    }
                    None => view! { <span>{live.until()}</span> }.into_any(),
                };
                view! {
                    <span>{first}</span>
                    {(1..4).map(|part| view! { <span>{age::minute(at(part))}</span> }).collect_view()}
                    {last}
                }
            })
        })
    };
    let paused = move || live.paused_at.get().and_then(|time| all.with(|strip| strip.place(time)));
    let area = NodeRef::<html::Button>::new();
    let go = move |event: web_sys::MouseEvent| {
        let Some(area) = area.get_untracked() else { return };
        let rect = area.get_bounding_client_rect();
        let fraction = (f64::from(event.client_x()) - rect.left()) / rect.width().max(1.0);
        if let Some(seq) = all.with_untracked(|strip| strip.seq_at(strip.bucket_at(fraction))) {
            router.set(&[("sel", Some(&seq.to_string()))]);
        }
    };
    view! {
        <div class="panel match-strip">
            <button class="area" node_ref=area aria-label="The last 24 hours: go to a moment" on:click=go>
                <span class:all=move || ctx.words.with(Words::is_any)><Bars strip=all height=38 peak=peak/></span>
                <Show when=move || ctx.words.with(Words::is_any)>
                    <span class="matching"><Bars strip=matching height=38 peak=peak/></span>
                </Show>
                {move || paused().map(|at| view! { <span class="paused" style:left=format!("{}%", at * 100.0)></span> })}
            </button>
            <div class="ticks note">{ticks}</div>
        </div>
    }
}

/// `61 match in 24 h`, or how far that has been counted.
pub(super) fn count_words(ctx: Ctx) -> String {
    let desk = desk();
    if !ctx.words.with(Words::is_any) {
        return String::new();
    }
    let day = desk.overview.value.with(|day| day.as_ref().map(|day| (day.since, first_seq(day))));
    ctx.log.value.with(|log| {
        let (Some(log), Some((since, first))) = (log, day) else { return String::new() };
        let matching = ctx.words.with(|words| {
            log.events.iter().filter(|event| event.timestamp >= since && words.match_version(event)).count()
        });
        let matching = crate::model::number::count(matching as u64);
        match log.anchored {
            true => String::new(),
            false if log.reaches(first) => format!("{matching} match in 24 h"),
            false => format!("{matching} match so far"),
        }
    })
}
