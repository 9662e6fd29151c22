//! What is to be said, and of which lot.

use leptos::prelude::*;
use stateloft_core::book::Side;
use stateloft_core::book::by_hand::{HeldLot, Position, Sum, with_sign};
use stateloft_core::model::Timestamp;

use super::form::Hand;
use crate::model::by_hand::{Mode, Moved};
use crate::model::{age, number, position};
use crate::parts::{Notice, NoticeKind, theirs};
use crate::shell::clock;

/// The modes, the lots, and what of them moved.
#[component]
pub(super) fn Lots(hand: Hand) -> impl IntoView {
    let segment = move |mode: Mode| {
        let words = move || {
            let (lots, many) =
                hand.read(|position| (position.has_lots, position.lots.len())).unwrap_or_default();
            match (mode, lots) {
                (Mode::Close, true) => "Close a lot".to_owned(),
                (Mode::Close, false) => "Close it, or a part".to_owned(),
                (Mode::All, true) => format!("Close all {many}"),
                (Mode::All, false) => "Close all".to_owned(),
                (Mode::Adjust, _) => "Adjust stop, target".to_owned(),
                (Mode::Add, _) => "Add a lot".to_owned(),
            }
        };
        let why_not = move || hand.read(|position| not_for(mode, position)).flatten();
        let on = move || hand.mode.get() == mode;
        view! {
            <button type="button" class:on=on aria-pressed=move || on().to_string() disabled=move || why_not().is_some()
                data-tip=why_not on:click=move |_| hand.show(mode)>{words}</button>
        }
    };
    let checked = move || {
        hand.checking.checked.with(|checked| {
            checked.as_ref().map(|checked| {
                format!("checked in {} by the rules of position", number::millis(checked.took))
            })
        })
    };
    view! {
        <div class="bar">
            <div class="segments" role="group" aria-label="What was done">{Mode::ALL.map(segment).collect_view()}</div>
            <span class="about">{checked}</span>
        </div>
        <WhatMoved hand/>
        <Show when=move || hand.mode.get() != Mode::Add><Table hand/></Show>
        <p class="by-hand-whole">{move || whole(hand)}</p>
    }
}

/// Why something cannot be said of a position.
fn not_for(mode: Mode, position: &Position) -> Option<String> {
    let closes = matches!(mode, Mode::Close | Mode::All);
    match (&position.not_closed, mode) {
        (Some(why), _) if closes => Some(format!("This {why}.")),
        _ if closes && position.lots.is_empty() => Some("Nothing of it is open.".to_owned()),
        (_, Mode::All) if !position.has_lots => {
            Some("It has no lots: close all that it holds of it.".to_owned())
        }
        (_, Mode::Add) if !position.has_lots => {
            Some("It has no lots: one would make it another shape.".to_owned())
        }
        _ => None,
    }
}

/// `long, 3 lots, 0.35 BTC · P&L at the price saved 9 s ago, 94802.0`
fn whole(hand: Hand) -> Option<AnyView> {
    let clock = clock();
    let saved = hand.head.value.with(|head| head.as_ref().map(|head| head.version.effective_at()));
    hand.read(|position| {
        let side = position.lots.first().and_then(|lot| lot.side).map_or("side: no data", side_word);
        let side = if position.held.is_none() && position.lots.len() > 1 { "on both sides" } else { side };
        let lots = if position.has_lots {
            number::counted(position.lots.len() as u64, "lot", "lots")
        } else {
            "no lots".to_owned()
        };
        let unit = position.unit.clone().unwrap_or_default();
        let held = position.held.clone().unwrap_or_else(|| "no data of how much".to_owned());
        let price = match (&position.price, saved) {
            (Some(price), Some(saved)) => {
                format!(" · P&L at {}, as saved {}", price.value, age::ago(saved, clock.now.get()))
            }
            _ => " · P&L: no data, no price was saved".to_owned(),
        };
        view! { {side}", "{lots}", "<span class="mono">{theirs(&held)}" "{theirs(&unit)}</span>{price} }
            .into_any()
    })
}

fn side_word(side: Side) -> &'static str {
    match side {
        Side::Long => "long",
        Side::Short => "short",
    }
}

#[component]
fn Table(hand: Hand) -> impl IntoView {
    let rows = Memo::new(move |_| hand.read(|position| position.lots.clone()).unwrap_or_default());
    let own = move || {
        (hand.mode.get() == Mode::Adjust).then(|| {
            hand.read(|position| position.has_lots && (position.stop.is_some() || position.target.is_some()))
                .unwrap_or_default()
        }) == Some(true)
    };
    let head = move || {
        let currency = hand.read(|position| position.currency.clone()).flatten();
        currency.map_or_else(
            || "P&L".to_owned(),
            |currency| format!("P&L, {}", crate::model::hidden::told(&currency)),
        )
    };
    view! {
        <div class="by-hand-lots" role="radiogroup" aria-label="Lot">
            <div class="thead cells lot-choice">
                <span></span><span>"Lot"</span><span class="num">"Quantity"</span><span class="num">"Entry"</span><span>"Entered, UTC"</span>
                <span class="num">"Open for"</span><span class="num">{head}</span>
            </div>
            <For each=move || rows.get() key=|lot| format!("{lot:?}") let:lot><Row hand lot/></For>
            <Show when=move || rows.with(Vec::is_empty)><p class="loading">"Nothing of it is open."</p></Show>
            <Show when=own><p class="loading">"The position has a stop or target of its own, beside those of its lots: choose a lot, or change the position’s with a save."</p></Show>
        </div>
    }
}

#[component]
fn Row(hand: Hand, lot: HeldLot) -> impl IntoView {
    let clock = clock();
    let (id, fixed) = (lot.id.clone(), lot.fixed.is_some());
    let why_fixed = lot.fixed.clone();
    let all = move || hand.mode.get() == Mode::All;
    let chosen = {
        let path = lot.path.clone();
        Memo::new(move |_| hand.lot.with(|lot| lot.as_ref().is_some_and(|lot| lot.path == path)))
    };
    let entered = lot.entry_time.as_deref().map(|text| (Timestamp::parse(text).ok(), text.to_owned()));
    let open_for = {
        let at = entered.as_ref().and_then(|(at, _)| *at);
        move || at.map(|at| age::long(age::seconds_between(at, clock.now.get())))
    };
    let when = match entered {
        Some((Some(at), _)) => age::to_second(at),
        Some((None, text)) => format!("{text}, no zone"),
        None => "no data".to_owned(),
    };
    let pnl = hand
        .read(|position| {
            let price = position.price.as_ref()?;
            Sum::of(&lot, lot.quantity.as_deref()?, Some(&price.value)).brought
        })
        .flatten();
    let name = lot
        .id
        .clone()
        .unwrap_or_else(|| if lot.path.is_empty() { "the position".to_owned() } else { lot.path.clone() });
    let label = format!("Lot {name}");
    view! {
        <label class="trow dense cells lot-choice" class:selected=move || all() || chosen.get() data-tip=why_fixed>
            <span><input type="radio" class="radio" name="lot" aria-label=label prop:checked=move || all() || chosen.get()
                disabled=move || all() || fixed on:change=move |_| hand.choose(id.as_deref())/></span>
            <span class="id">{theirs(&name)}</span>
            <span class="num mono">{cell(lot.quantity.as_ref())}</span>
            <span class="num mono">{cell(lot.entry_price.as_ref())}</span>
            <span class="mono when">{theirs(&when)}</span>
            <span class="num open-for">{open_for}</span>
            <span class="num mono">{pnl_cell(pnl.as_deref())}</span>
        </label>
    }
}

fn cell(text: Option<&String>) -> AnyView {
    match text {
        Some(text) => theirs(text),
        None => view! { <span class="ink3">"no data"</span> }.into_any(),
    }
}

/// Only profit and loss has a colour.
pub(super) fn pnl_cell(amount: Option<&str>) -> AnyView {
    let Some(amount) = amount else { return view! { <span class="ink3">"no data"</span> }.into_any() };
    let class = match position::sign(amount) {
        std::cmp::Ordering::Less => "c-del",
        std::cmp::Ordering::Equal => "",
        std::cmp::Ordering::Greater => "c-add",
    };
    view! { <span class=class>{with_sign(amount)}</span> }.into_any()
}

/// What of the lots is another than was looked at: both, and what was typed is kept.
#[component]
fn WhatMoved(hand: Hand) -> impl IntoView {
    let by = move || {
        hand.head.value.with(|head| {
            let version = &head.as_ref()?.version;
            let author = version.user_id.as_deref().map(crate::model::hidden::told);
            Some(format!("v{}, {}", version.version, author.unwrap_or_else(|| "no author".to_owned())))
        })
    };
    let row = |moved: Moved| {
        let side = |text: Option<String>| text.unwrap_or_else(|| "not open".to_owned());
        view! {
            <li><b class="mono">{theirs(moved.lot.as_deref().unwrap_or("the position"))}</b>" "{moved.what}": looked at "
                <span class="mono">{theirs(&side(moved.looked))}</span>", is now "<span class="mono">{theirs(&side(moved.now))}</span></li>
        }
    };
    view! {
        <Show when=move || !hand.moved.with(Vec::is_empty)>
            <div class="by-hand-moved">
                <Notice kind=NoticeKind::Error head="It moved while you typed. Nothing was written.">
                    {by}". What you typed is kept."
                </Notice>
                <ul>{move || hand.moved.get().into_iter().map(row).collect_view()}</ul>
                <button type="button" class="btn small" on:click=move |_| hand.look()>"Go on with what it is now"</button>
            </div>
        </Show>
    }
}
