//! By hand: what the broker has already done with a position is said in words, and written as a version of it. No order is sent.

#![allow(clippy::large_types_passed_by_value, reason = "a form is a bundle of handles, made to be copied")]

mod aside;
mod chart;
mod checking;
mod fields;
mod form;
mod lots;
mod write;

use leptos::prelude::*;
use stateloft_core::api::Code;
use stateloft_core::model::{Mode as Strictness, StateKey};

use super::restore::mode_of;
use super::state::key_of;
use crate::model::address;
use crate::parts::{Chip, Empty, FaultNote, Icon, Notice, NoticeKind, Tone, theirs};
use crate::shell::router;
use form::Hand;

/// The page.
#[component]
pub(crate) fn ByHandPage() -> impl IntoView {
    let router = router();
    let key =
        Memo::new(move |_| router.query.with(key_of).filter(|key| key.state_type.as_str() == "position"));
    move || match key.get() {
        Some(key) => view! { <Known key/> }.into_any(),
        None => view! {
            <div class="page">
                <Empty icon=Icon::States head="This address names no position">
                    <a href=address::states_of("position")>"Choose one from the list"</a>
                </Empty>
            </div>
        }
        .into_any(),
    }
}

#[component]
fn Known(key: StateKey) -> impl IntoView {
    let hand = Hand::new(key);
    let missing = move || {
        hand.head.fault.with(|fault| {
            fault
                .as_ref()
                .and_then(|fault| fault.error.code())
                .is_some_and(|code| matches!(code, Code::StateNotFound | Code::StateDeleted))
        })
    };
    let shown = Memo::new(move |_| hand.position.with(|position| matches!(position, Some(Ok(_)))));
    view! {
        <form class="page by-hand" on:submit=move |event| { event.prevent_default(); hand.write(); } on:keydown=move |event| {
            if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                event.prevent_default();
                hand.write();
            } else if event.key() == "Enter" && form::is_line(&event) {
                // Enter in a field writes nothing: what is written is looked at first.
                event.prevent_default();
            }
        }>
            <Head hand/>
            <Show when=missing>
                <Empty icon=Icon::States head="There is no such position, or not any more">
                    <a href=move || address::state(&hand.key.get_value())>"See what there is of it"</a>
                </Empty>
            </Show>
            <Show when=move || !missing()><FaultNote remote=hand.head/></Show>
            <Unfit hand/>
            <Show when=move || shown.get()>
                <div class="by-hand-body">
                    <section class="panel by-hand-form" aria-label="What was done">
                        <lots::Lots hand/>
                        <fields::Fields hand/>
                        <chart::Chart hand/>
                        <Foot hand/>
                    </section>
                    <aside::Aside hand/>
                </div>
            </Show>
        </form>
    }
}

#[component]
fn Head(hand: Hand) -> impl IntoView {
    let key = hand.key.get_value();
    let (types, back) = (address::states_of(key.state_type.as_str()), address::state(&key));
    let from = move || {
        hand.head.value.with(|head| head.as_ref().map(|head| format!("from v{}", head.version.version)))
    };
    let mode = match mode_of(&key) {
        Strictness::Off => "mode off: nothing is checked by rules",
        Strictness::Warn => "mode warn: an invalid save is stored with its verdict",
        Strictness::Strict => "mode strict: an invalid save is refused",
    };
    view! {
        <div class="by-hand-head">
            <div class="crumbs"><a href="/view/states">"States"</a>" / "<a href=types>{key.state_type.to_string()}</a>" / "<a href=back.clone()>{theirs(key.state_id.as_str())}</a></div>
            <div class="page-head">
                <h1>"By hand "<span class="state-id">{theirs(key.state_id.as_str())}</span></h1>
                <Chip>{key.state_type.to_string()}</Chip>
                {move || from().map(|from| view! { <Chip>{from}</Chip> })}
                <Chip tone=Tone::Warn>{mode}</Chip>
                <div class="acts"><a class="btn plain" href=back>"Discard"</a></div>
            </div>
        </div>
    }
}

/// Why this position cannot be changed in words.
#[component]
fn Unfit(hand: Hand) -> impl IntoView {
    let why =
        move || hand.position.with(|position| position.as_ref()?.as_ref().err().map(ToString::to_string));
    let back = address::state(&hand.key.get_value());
    move || {
        let back = back.clone();
        why().map(|why| view! {
            <Notice kind=NoticeKind::Warn head="This position is of a shape that cannot be changed in words.">
                {theirs(&why)}". Nothing was written. "<a href=back>"See the document"</a>", and save it whole, or what of it changes, over the API."
            </Notice>
        })
    }
}

#[component]
fn Foot(hand: Hand) -> impl IntoView {
    let words = move || hand.sums_up();
    view! {
        <div class="foot">
            <span aria-live="polite">{words}</span>
            <span class="keys"><kbd class="kbd">"Tab"</kbd>"next field"<kbd class="kbd">"Ctrl"</kbd><kbd class="kbd">"Enter"</kbd>"write"</span>
        </div>
    }
}
