//! The fields, each with what was understood of it.

use leptos::prelude::*;
use stateloft_core::book::by_hand::Field;

use super::form::Hand;
use super::lots::pnl_cell;
use crate::model::age;
use crate::model::by_hand::{Mode, REASONS, Tone, money, reason_of, title};
use crate::parts::{Icon, Pic, theirs};
use crate::shell::clock;

/// The fields of what is said.
#[component]
pub(super) fn Fields(hand: Hand) -> impl IntoView {
    view! {
        <div class="by-hand-fields">
            {move || {
                let mode = hand.mode.get();
                let fields = mode.fields().iter().map(|field| view! { <OneField hand mode field=*field/> }).collect_view();
                let closes = matches!(mode, Mode::Close | Mode::All);
                view! {
                    {(mode == Mode::Add).then(|| view! { <Side hand/> })}
                    {fields}
                    {closes.then(|| view! { <Reason hand/> })}
                }
            }}
        </div>
        <Works hand/>
    }
}

#[component]
fn OneField(hand: Hand, mode: Mode, field: Field) -> impl IntoView {
    let (label, small) = title(mode, field);
    let id = format!(
        "by-hand-{}",
        label.to_lowercase().replace(|letter: char| !letter.is_ascii_alphabetic(), "-")
    );
    let note = Memo::new(move |_| {
        hand.judged.with(|judged| judged.as_ref().and_then(|judged| judged.note(field).cloned()))
    });
    let tone = move || note.with(|note| note.as_ref().map(|note| note.tone));
    let value = move || {
        let typed = hand.typed.with(|typed| typed.get(field).map(str::to_owned));
        typed.unwrap_or_else(|| prefilled(hand, mode, field).unwrap_or_default())
    };
    let described = format!("{id}-note");
    let words = move || {
        note.get().map(|note| {
            let icon = match note.tone {
                Tone::Good => Some(Icon::Check),
                Tone::Warn | Tone::Broken => Some(Icon::Warn),
                Tone::Empty => None,
            };
            view! { {icon.map(|icon| view! { <Pic icon size=14/> })}<span>{theirs(&note.words)}</span> }
        })
    };
    view! {
        <div class="by-hand-field">
            <label for=id.clone()>{label}<small>{small}</small></label>
            <div>
                <div class="row">
                    <input class="field mono" id=id autocomplete="off" spellcheck="false" maxlength="512"
                        aria-describedby=described.clone() aria-invalid=move || (tone() == Some(Tone::Broken)).to_string()
                        class:broken=move || matches!(tone(), Some(Tone::Warn | Tone::Broken)) prop:value=value
                        on:input=move |event| hand.set(field, event_target_value(&event))/>
                    <Beside hand mode field/>
                </div>
                <p class="by-hand-note" id=described class:c-warn=move || tone() == Some(Tone::Warn)
                    class:c-del=move || tone() == Some(Tone::Broken) aria-live="polite">{words}</p>
            </div>
        </div>
    }
}

/// What a field shows before anything was typed.
fn prefilled(hand: Hand, mode: Mode, field: Field) -> Option<String> {
    let of_position = |field: Field| {
        hand.read(
            |position| if field == Field::Stop { position.stop.clone() } else { position.target.clone() },
        )
        .flatten()
    };
    match (mode, field) {
        (Mode::Close, Field::Quantity) => hand.lot.with(|lot| lot.as_ref()?.quantity.clone()),
        (Mode::Adjust, Field::Stop) => hand
            .lot
            .with(|lot| lot.as_ref().map(|lot| lot.stop.clone()))
            .unwrap_or_else(|| of_position(field)),
        (Mode::Adjust, Field::Target) => hand
            .lot
            .with(|lot| lot.as_ref().map(|lot| lot.target.clone()))
            .unwrap_or_else(|| of_position(field)),
        _ => None,
    }
}

/// The unit of a field, and what fills it in.
#[component]
fn Beside(hand: Hand, mode: Mode, field: Field) -> impl IntoView {
    let clock = clock();
    let put = move |words: String, text: String| {
        view! { <button type="button" class="btn small" on:click=move |_| hand.set(field, text.clone())>{words}</button> }
    };
    move || {
        match field {
        Field::Quantity if mode == Mode::Close => {
            let held = hand.lot.with(|lot| lot.as_ref()?.quantity.clone());
            let unit = hand.read(|position| position.unit.clone()).flatten().unwrap_or_default();
            held.map(|held| {
                view! { <span class="ink3">{theirs(&unit)}" of "<span class="mono">{theirs(&held)}</span></span>{put("whole lot".to_owned(), held)} }
            })
            .into_any()
        }
        Field::ExitPrice | Field::EntryPrice => {
            let saved = hand.read(|position| position.price.clone()).flatten();
            let currency = hand.read(|position| position.currency.clone()).flatten();
            view! {
                {currency.map(|currency| view! { <span class="ink3">{theirs(&currency)}</span> })}
                {saved.map(|saved| put(format!("last saved {}", saved.value), saved.value))}
                {put("unknown".to_owned(), "unknown".to_owned())}
            }
            .into_any()
        }
        Field::ExitTime | Field::EntryTime => view! {
            <span class="ink3">"UTC"</span>
            <button type="button" class="btn small" on:click=move |_| hand.set(field, age::clock(clock.read()))>"now"</button>
        }
        .into_any(),
        _ => ().into_any(),
    }
    }
}

#[component]
fn Reason(hand: Hand) -> impl IntoView {
    view! {
        <div class="by-hand-field">
            <label for="by-hand-reason">"Exit reason"</label>
            <div>
                <select class="field mono" id="by-hand-reason" on:change=move |event| {
                    hand.typed.update(|typed| typed.reason = reason_of(&event_target_value(&event)));
                }>
                    {REASONS.iter().enumerate().map(|(at, (_, word))| view! {
                        <option value=*word prop:selected=move || hand.typed.with(|typed| typed.reason == at)>{*word}</option>
                    }).collect_view()}
                </select>
            </div>
        </div>
    }
}

#[component]
fn Side(hand: Hand) -> impl IntoView {
    let one = move |short: bool, words: &'static str| {
        let on = move || hand.typed.with(|typed| typed.short == short);
        view! {
            <label class="row"><input type="radio" class="radio" name="side" prop:checked=on
                on:change=move |_| hand.typed.update(|typed| typed.short = short)/>{words}</label>
        }
    };
    view! {
        <div class="by-hand-field">
            <span class="label" id="by-hand-side">"Side"</span>
            <div class="row" role="radiogroup" aria-labelledby="by-hand-side">{one(false, "long")}{one(true, "short")}</div>
        </div>
    }
}

/// The sum, written out.
#[component]
fn Works(hand: Hand) -> impl IntoView {
    let closes = move || matches!(hand.mode.get(), Mode::Close | Mode::All);
    let sums = move || {
        let done = hand
            .judged
            .with(|judged| judged.as_ref().and_then(|judged| judged.done.as_ref().ok().cloned()))?;
        if done.sums.is_empty() {
            return None;
        }
        let lines = done.sums.iter().map(|sum| {
            let (work, result) = match (&sum.prices, &sum.brought) {
                (Some((from, to)), Some(_)) => {
                    (format!("{} × ({from} - {to})", sum.quantity), sum.brought.clone())
                }
                _ => (format!("{} × (exit - entry)", sum.quantity), None),
            };
            let money = hand.read(|position| money(position, result.as_deref())).unwrap_or_default();
            let class = match result.as_deref().map(crate::model::position::sign) {
                Some(std::cmp::Ordering::Less) => "c-del",
                Some(std::cmp::Ordering::Greater) => "c-add",
                _ => "ink2",
            };
            view! { <div class="mono sum">{theirs(&work)}" "<b class=class>"= "{theirs(&money)}</b></div> }
        });
        let together = (done.sums.len() > 1).then(|| view! { <div class="sum">"together "<b class="mono">{pnl_cell(done.brought.as_deref())}</b></div> });
        Some(view! { {lines.collect_view()}{together} })
    };
    view! {
        <Show when=closes>
            <div class="by-hand-field works">
                <span class="label">"It works out to"<small>"nothing is rounded"</small></span>
                <div aria-live="polite">
                    {move || sums().map_or_else(|| view! { <div class="ink3">"no data yet"</div> }.into_any(), IntoAny::into_any)}
                    <p class="by-hand-note">"realized, before fees; fees: "<b>"no data"</b></p>
                </div>
            </div>
        </Show>
    }
}
