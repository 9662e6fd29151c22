//! Beside the list: what will happen, and the zone of times without one.

use leptos::prelude::*;

use super::importing::Importing;
use crate::live::live;
use crate::model::change::Glyph;
use crate::model::hidden::told;
use crate::model::number;
use crate::parts::{GlyphMark, Icon, Pic};

/// States that are left out, by name.
const NAMED: usize = 3;

/// What will happen.
#[component]
pub(super) fn WhatHappens(importing: Importing) -> impl IntoView {
    let seq = live().seq;
    let tally = importing.tally;
    let made = move || {
        let count = tally.with(|tally| tally.made);
        let each = if count == 1 { "is made, at v1" } else { "are made, each at v1" };
        format!(
            "{} {each}, with the time that its file says beside ours",
            number::counted(count, "state", "states")
        )
    };
    let moved = move || {
        tally.with(|tally| {
            let count = tally.moved;
            let get = if count == 1 { "gets" } else { "get" };
            let left = match tally.left.len() {
                0 => String::new(),
                all => {
                    let named: Vec<String> = tally.left.iter().take(NAMED).map(|id| told(id)).collect();
                    let more = all.saturating_sub(NAMED);
                    let more = if more > 0 {
                        format!(" and {} more", number::count(more as u64))
                    } else {
                        String::new()
                    };
                    let is = if all == 1 { "is" } else { "are" };
                    format!("; {}{more} {is} left out", named.join(", "))
                }
            };
            format!("{} {get} a new version{left}", number::counted(count, "state", "states"))
        })
    };
    let kept = Memo::new(move |_| tally.with(|tally| tally.kept));
    let history = move || {
        let (gets, its, stays) = match kept.get() {
            1 => ("gets", "its history", "stays as it is"),
            _ => ("get", "their history", "stay as they are"),
        };
        let states = number::counted(kept.get(), "state", "states");
        format!("{states} {gets} what the file says into {its} only and {stays}")
    };
    let same = move || {
        let count = tally.with(|tally| tally.unchanged);
        let equal = if count == 1 { "equals" } else { "equal" };
        format!("{} {equal} the store or another item, not written", number::counted(count, "item", "items"))
    };
    let held = move || {
        tally.with(|tally| {
            let there = tally.quarantine - tally.to_quarantine.min(tally.quarantine);
            let there = if there > 0 {
                format!("; {} were there, or settled, before", number::count(there))
            } else {
                String::new()
            };
            let go = if tally.to_quarantine == 1 { "goes" } else { "go" };
            let parts = number::counted(tally.to_quarantine, "part", "parts");
            format!("{parts} {go} to quarantine with the bytes and the reason, to be settled there{there}")
        })
    };
    view! {
        <section class="panel padded what">
            <h2>"What will happen"</h2>
            <ul>
                <li><GlyphMark glyph=Glyph::Added/><span>{made}</span></li>
                <li><GlyphMark glyph=Glyph::Changed/><span>{moved}</span></li>
                <Show when=move || { kept.get() > 0 }>
                    <li><GlyphMark glyph=Glyph::Changed/><span>{history}</span></li>
                </Show>
                <li><GlyphMark glyph=Glyph::Equal/><span>{same}</span></li>
                <li><span class="c-warn"><Pic icon=Icon::Warn/></span><span>{held}</span></li>
                <li><span class="c-accent"><Pic icon=Icon::Snapshot/></span>
                    <span>"One commit, or nothing. Undo goes back to "<span class="mono">{move || format!("seq {}", number::count(seq.get()))}</span>", for what is still as it was written."</span></li>
                <li><span class="ink2"><Pic icon=Icon::File/></span><span>"Your files are not touched"</span></li>
            </ul>
        </section>
    }
}

/// Offsets from UTC that are in use, in minutes.
const OFFSETS: [i32; 32] = [
    -720, -660, -600, -540, -480, -420, -360, -300, -240, -210, -180, -120, -60, 60, 120, 180, 210, 240, 270,
    300, 330, 345, 360, 390, 420, 480, 540, 570, 600, 660, 720, 780,
];

/// The zone of times without one.
#[component]
pub(super) fn Zone(importing: Importing) -> impl IntoView {
    let naive = Memo::new(move |_| {
        importing
            .shown
            .with(|shown| shown.as_ref().map(|shown| shown.found.naive_times()).unwrap_or_default())
    });
    let chosen = move || importing.zone.with(Option::is_some);
    let there = Memo::new(move |_| chosen() || naive.get().0 > 0);
    let words = move || {
        let (times, files) = naive.get();
        format!("{} in {}, read as", number::count(times), number::counted(files, "file", "files"))
    };
    let note = move || {
        if chosen() {
            "The text stays as it is. When a file was saved is an instant now: at= finds its versions by it."
        } else {
            "The text stays as it is. With no zone no duration is computed and at= does not find it."
        }
    };
    let choose = move |event| {
        let zone = event_target_value(&event);
        importing.zone.set(Some(zone).filter(|zone| !zone.is_empty()));
        importing.work_anew();
    };
    let option = move |minutes: i32| {
        let sign = if minutes < 0 { '-' } else { '+' };
        let offset = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
        let (own, value) = (offset.clone(), offset.clone());
        let selected = move || importing.zone.with(|zone| zone.as_ref() == Some(&own));
        view! { <option value=value selected=selected>{offset}</option> }
    };
    view! {
        <Show when=move || there.get()>
            <section class="panel padded zone">
                <h2>"Times without a zone"</h2>
                <label class="row"><span class="grow">{words}</span>
                    <select class="field" on:change=choose>
                        <option value="" selected=move || !chosen()>"zone unknown"</option>
                        <option value="UTC" selected=move || importing.zone.with(|zone| zone.as_deref() == Some("UTC"))>"UTC"</option>
                        {OFFSETS.map(option).into_iter().collect_view()}
                    </select>
                </label>
                <p class="note">{note}</p>
            </section>
        </Show>
    }
}
