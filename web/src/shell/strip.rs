//! The time strip: versions of 24 h as bars, snapshots as flags, restores as rings.

use leptos::html;
use leptos::prelude::*;
use stateloft_core::api::MarkKind;
use web_sys::MouseEvent;

use super::{desk, router};
use crate::live::live;
use crate::model::strip::Strip;
use crate::model::{address, age, number};
use crate::parts::Bars;

/// The strip in the top bar.
#[component]
pub(crate) fn TimeStrip() -> impl IntoView {
    let (desk, router, live) = (desk(), router(), live());
    let end = move || live.until();
    let strip = Memo::new(move |_| desk.overview.value.with(|day| day.as_ref().map(Strip::of)));
    let bars = Signal::derive(move || strip.get().unwrap_or_default());
    let marks = move || {
        strip.with(|strip| {
            desk.overview.value.with(|day| match (strip, day) {
                (Some(strip), Some(day)) => strip.marks(day),
                _ => Vec::new(),
            })
        })
    };
    let pointer = RwSignal::new(None::<f64>);
    let area = NodeRef::<html::Button>::new();
    let at = move |event: &MouseEvent| {
        let rect = area.get_untracked()?.get_bounding_client_rect();
        (rect.width() > 0.0).then(|| (f64::from(event.client_x()) - rect.left()) / rect.width())
    };
    let bucket = move || {
        pointer.get().and_then(|fraction| {
            strip.with(|strip| strip.as_ref().map(|strip| (strip.bucket_at(fraction), strip.clone())))
        })
    };
    let words = move || bucket().map(|(bucket, strip)| said(&strip, bucket)).unwrap_or_default();
    let go = move |event: MouseEvent| {
        let seq = strip.with_untracked(|strip| {
            let strip = strip.as_ref()?;
            strip.seq_at(strip.bucket_at(at(&event)?))
        });
        match seq {
            Some(seq) => router.go(&address::activity_at(seq.0)),
            None => router.go("/view/activity"),
        }
    };
    view! {
        <div class="strip" class:vhidden=move || strip.with(|s| s.as_ref().is_none_or(|s| s.total() == 0))>
            <span>"24 h"</span>
            <button
                class="area" node_ref=area aria-label="Activity of the last 24 hours: open the activity at a moment"
                data-tip=words
                on:mousemove=move |event| pointer.set(at(&event))
                on:mouseleave=move |_| pointer.set(None)
                on:click=go
            >
                <Bars strip=bars height=26/>
                {move || marks().into_iter().map(|mark| {
                    let (class, shape) = match mark.kind {
                        MarkKind::Snapshot => ("mark snapshot", flag().into_any()),
                        MarkKind::Restore => ("mark restore", ring().into_any()),
                    };
                    view! { <span class=class style:left=format!("{}%", mark.at * 100.0)>{shape}</span> }
                }).collect_view()}
                {move || pointer.get().map(|at| view! {
                    <span class="cursor" style:left=format!("{}%", at * 100.0)></span>
                })}
                <span class="now"></span>
            </button>
            <span class:outdated=move || live.contact.get().is_stale()>{end}</span>
        </div>
    }
}

fn said(strip: &Strip, bucket: usize) -> String {
    let from = age::minute(strip.start_of(bucket));
    let to = age::minute(strip.start_of(bucket + 1));
    let bar = strip.bars.get(bucket).copied().unwrap_or_default();
    let count = number::counted(bar.count, "version", "versions");
    match strip.seq_at(bucket) {
        Some(seq) if bar.count > 0 => format!("{from} to {to} UTC\n{count}, to seq {}", number::count(seq.0)),
        _ => format!("{from} to {to} UTC\n{count}"),
    }
}

fn flag() -> impl IntoView {
    view! {
        <svg width="12" height="28" viewBox="0 0 12 28" aria-hidden="true">
            <path d="M5 0v28" stroke="currentColor" stroke-width="1.5" fill="none"/>
            <path d="M5 0h7l-2 2.8 2 2.8H5z" fill="currentColor"/>
        </svg>
    }
}

fn ring() -> impl IntoView {
    view! {
        <svg width="10" height="28" viewBox="0 0 10 28" aria-hidden="true">
            <path d="M5 6v22" stroke="currentColor" stroke-width="1.5" fill="none"/>
            <circle cx="5" cy="3" r="3" stroke="currentColor" stroke-width="1.5" fill="var(--surface)"/>
        </svg>
    }
}
