//! The table's head and rows.

use leptos::prelude::*;

use super::{Ctx, key_of};
use crate::model::change::{Glyph, Story};
use crate::model::inbox::Event;
use crate::model::{address, age, number};
use crate::parts::{GlyphMark, Icon, Pic, Verdict, age_of, theirs};
use crate::shell::{clock, router};

/// A row younger than this (seconds) flashes when it appears.
const FRESH: i64 = 3;

/// The head; two columns order the list.
#[component]
pub(super) fn Head(ctx: Ctx) -> impl IntoView {
    let router = router();
    let by_id = move || ctx.filter.with(|filter| filter.by_id);
    let all = move || {
        let rows = ctx.list.value.with(|list| list.as_ref().map_or(0, |list| list.rows.len()));
        let selected = ctx.selected.with(|selected| selected.keys.len());
        (rows, selected)
    };
    let toggle_all = move |_| {
        let rows = ctx.keys_of_rows();
        ctx.selected.update(|selected| {
            if selected.keys.is_empty() {
                selected.keys.extend(rows);
            } else {
                selected.clear();
            }
        });
    };
    view! {
        <div class="state-line head-line">
            <input
                class="check" type="checkbox" aria-label="Select all rows that are loaded"
                prop:checked=move || { let (rows, selected) = all(); rows > 0 && selected >= rows }
                prop:indeterminate=move || { let (rows, selected) = all(); selected > 0 && selected < rows }
                on:change=toggle_all
            />
            <div class="cells thead state">
                <button on:click=move |_| router.set(&[("sort", Some("id"))])>
                    "Type"{move || by_id().then_some(" ↓")}
                </button>
                <button on:click=move |_| router.set(&[("sort", Some("id"))])>"Id"{move || by_id().then_some(" ↓")}</button>
                <span class="num">"Version"</span>
                <span></span>
                <span>"Last change"</span>
                <button class="num" on:click=move |_| router.set(&[("sort", None)])>
                    "Changed"{move || (!by_id()).then_some(" ↓")}
                </button>
                <span>"Author"</span>
                <span>"Verdict"</span>
                <span class="num">"Size"</span>
            </div>
        </div>
    }
}

/// One state: a box to select it, and one link.
#[component]
pub(super) fn StateRow(row: Event, ctx: Ctx) -> impl IntoView {
    let key = key_of(&row);
    let gone = row.operation == stateloft_core::model::Operation::Delete;
    let fresh = age::seconds_between(row.timestamp, clock().read()) < FRESH;
    let selected = {
        let key = key.clone();
        Memo::new(move |_| ctx.selected.with(|selected| selected.keys.contains(&key)))
    };
    let at_cursor = {
        let key = key.clone();
        Memo::new(move |_| ctx.cursor.with(|cursor| cursor.as_ref() == Some(&key)))
    };
    let href = address::state(&key);
    let label = format!("Select {key}");
    let select = move |event: web_sys::MouseEvent| {
        if event.shift_key() {
            let rows = ctx.keys_of_rows();
            ctx.selected.update(|selected| selected.extend_to(&key, &rows));
        } else {
            ctx.selected.update(|selected| selected.toggle(&key));
        }
    };
    let size = if gone { "–".to_owned() } else { number::bytes(row.size as u64) };
    let warn = row
        .verdict
        .is_invalid()
        .then(|| view! { <span class="c-warn narrow-only"><Pic icon=Icon::Warn size=14/></span> });
    view! {
        <div class="state-line">
            <input class="check" type="checkbox" aria-label=label prop:checked=move || selected.get() on:click=select/>
            <a
                class="trow cells state" href=href class:gone=gone class:flash=fresh
                class:selected=move || selected.get() class:cursor=move || at_cursor.get()
            >
                <span class="ty ink2">{row.state_type.to_string()}</span>
                <span class="id"><span class="cut">{theirs(row.state_id.as_str())}</span>{warn}</span>
                <span class="v mono num">{format!("v{}", row.version)}</span>
                <GlyphMark glyph=Glyph::of(row.operation)/>
                <span class="st mono ink2">
                    <span class="narrow-inline">{row.state_type.to_string()}</span>
                    {Story::brief(&row)}
                </span>
                <span class="when num">{age_of(&row)}</span>
                <span class="by ink2">{theirs(row.user_id.as_deref().unwrap_or_default())}</span>
                <span class="ve"><Verdict verdict=row.verdict.clone()/></span>
                <span class="sz mono ink2 num">{size}</span>
            </a>
        </div>
    }
}
