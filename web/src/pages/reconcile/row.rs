//! A row: what the broker says, what we say, what both last agreed on, and what is chosen.

use std::sync::Arc;

use leptos::prelude::*;
use stateloft_core::api::PlannedRow;
use stateloft_core::model::StateKey;

use super::board::Board;
use super::segments::Choices;
use crate::model::reconcile::{
    Amount, Here, There, agreed, because_words, here, identity, sides, there, verdict, which,
};
use crate::model::{address, age};
use crate::parts::{Age, Tint, theirs};
use crate::shell::clock;

/// Heights in px, as CSS gives them: on wide screens, and on narrow ones with and without a choice.
pub(super) const HEIGHT: u32 = 58;
pub(super) const HEIGHT_NARROW: u32 = 176;
pub(super) const HEIGHT_NARROW_PLAIN: u32 = 122;

/// The row.
#[component]
pub(super) fn Row(
    board: Board,
    /// As the last answer has it.
    row: PlannedRow,
    /// As it was, where it moved since it was looked at.
    was: Option<Arc<PlannedRow>>,
) -> impl IntoView {
    let (sign, word, class) = verdict(row.said.verdict);
    let name = StoredValue::new(which(&row.row).to_owned());
    let cursor = Memo::new(move |_| {
        board.cursor.with(|cursor| name.with_value(|name| cursor.as_deref() == Some(name.as_str())))
    });
    let open = Memo::new(move |_| {
        let row = board.router.param("row");
        name.with_value(|name| row.as_deref() == Some(name.as_str()))
    });
    let turn = move |_| {
        name.with_value(|name| {
            board.cursor.set(Some(name.clone()));
            board.router.adjust(&[("row", (!open.get_untracked()).then_some(name.as_str()))]);
        });
    };
    let id = identity(&row.said);
    let what = [row.said.symbol.clone().unwrap_or_default(), sides(&row.said)].join(" ");
    let moved = was.map(|was| {
        let tip = format!("Looked at: {}", told(&was));
        view! { <span class="chip warn" data-tip=tip>"moved"</span> }
    });
    let tip = (row.said.verdict == stateloft_core::api::Agreement::Unknown)
        .then(|| because_words(row.said.because));
    view! {
        <div class="trow reconcile-row" class:cursor=move || cursor.get() class:open=move || open.get() data-row=name.get_value()>
            <span class="name"><span class=format!("chip {class}") data-tip=tip>{sign}" "{word}</span>{moved}</span>
            <button class="who" aria-expanded=move || open.get().to_string() on:click=turn>
                <b class="mono cut">{theirs(&id)}</b><span class="ink2 cut">{theirs(what.trim())}</span>
            </button>
            <Broker row=row.clone()/>
            <Ours row=row.clone()/>
            <Agreed row=row.clone()/>
            <Choices board row/>
        </div>
    }
}

/// What both sides said of a row, in one line.
fn told(row: &PlannedRow) -> String {
    let amount = |amount: &Amount| match &amount.price {
        Some(price) => format!("{} at {price}", amount.size),
        None => amount.size.clone(),
    };
    let theirs = match there(&row.said) {
        There::Says(says) => amount(&says),
        There::Flat => "flat".to_owned(),
        There::NotListed => "not in the list".to_owned(),
        There::Unknown { .. } => "unknown".to_owned(),
    };
    let ours = match here(&row.said) {
        Here::Open(open) => amount(&open),
        Here::Closed(_) => "closed".to_owned(),
        Here::Nothing => "no such lot".to_owned(),
        Here::Unknown => "unknown".to_owned(),
    };
    format!("{}, broker {theirs}, ours {ours}", verdict(row.said.verdict).1)
}

#[component]
fn Figures(
    amount: Amount,
    /// The other side's, to tint what differs.
    #[prop(optional)]
    than: Option<Amount>,
) -> impl IntoView {
    let size = match than.as_ref().filter(|than| than.size != amount.size) {
        Some(than) => view! { <Tint old=than.size.clone() new=amount.size.clone()/> }.into_any(),
        None => theirs(&amount.size),
    };
    let price = amount.price.map(|price| {
        let before = than.and_then(|than| than.price).filter(|before| *before != price);
        let price = match before {
            Some(before) => view! { <Tint old=before new=price/> }.into_any(),
            None => theirs(&price),
        };
        view! { <span class="ink2">" at "</span>{price} }
    });
    view! { <span class="mono figures-line cut">{size}{price}</span> }
}

#[component]
fn Broker(row: PlannedRow) -> impl IntoView {
    let ours = match here(&row.said) {
        Here::Open(amount) => Some(amount),
        Here::Closed(_) | Here::Nothing | Here::Unknown => None,
    };
    match there(&row.said) {
        There::Says(amount) => {
            let figures = match ours {
                Some(than) => view! { <Figures amount than/> }.into_any(),
                None => view! { <Figures amount/> }.into_any(),
            };
            view! { <span class="side-cell">{figures}<span class="note">"it lists this"</span></span> }.into_any()
        }
        There::Flat => view! {
            <span class="side-cell is-flat"><span class="mono figures-line"><i class="flat-bar"></i>"flat"</span><span class="note">"it said 0"</span></span>
        }
        .into_any(),
        There::NotListed => view! {
            <span class="side-cell not-listed"><span class="figures-line ink3">"not in the list"</span><span class="note">"its list is whole"</span></span>
        }
        .into_any(),
        There::Unknown { said, why } => {
            let said = said.map(|amount| view! { " "<Figures amount/> });
            view! {
                <span class="side-cell unsure"><span class="figures-line"><b>"?"</b>{said}</span><span class="note">{why}</span></span>
            }
            .into_any()
        }
    }
}

#[component]
fn Ours(row: PlannedRow) -> impl IntoView {
    let place = row.said.ours.first().and_then(|held| {
        let key = StateKey::new(held.state_type.as_deref()?, held.state_id.as_deref()?).ok()?;
        let version = held.version?;
        let lots = row.said.ours.len();
        let more = if lots > 1 { format!(", {lots} lots") } else { String::new() };
        Some(view! {
            <span class="note cut"><a href=address::version(&key, version)>{format!("v{version}")}</a>" "{theirs(key.state_id.as_str())}{more}</span>
        })
    });
    match here(&row.said) {
        Here::Open(amount) => view! { <span class="side-cell"><Figures amount/>{place}</span> }.into_any(),
        Here::Closed(_) => view! { <span class="side-cell"><span class="figures-line ink2">"closed here"</span>{place}</span> }.into_any(),
        Here::Nothing => view! {
            <span class="side-cell"><span class="figures-line ink3">"no such lot"</span><span class="note">"never here"</span></span>
        }
        .into_any(),
        Here::Unknown => view! {
            <span class="side-cell unsure"><span class="figures-line"><b>"?"</b>" not said"</span>{place}</span>
        }
        .into_any(),
    }
}

#[component]
fn Agreed(row: PlannedRow) -> impl IntoView {
    let clock = clock();
    let since = row.since.map(|since| format!("differs since {}", age::moment(since, clock.read())));
    match (agreed(&row), row.agreed.map(|agreed| agreed.at)) {
        (Some(amount), Some(at)) => view! {
            <span class="side-cell"><Figures amount/><span class="note"><Age time=at/></span></span>
        }
        .into_any(),
        _ => view! {
            <span class="side-cell"><span class="figures-line ink3">"not recorded"</span><span class="note">{since}</span></span>
        }
        .into_any(),
    }
}
