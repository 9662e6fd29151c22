//! One state of the file: its history, and how any two of its versions differ.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::model::{Operation, StateKey};

use super::file::Book;
use super::look::Look;
use super::moment::{AsOf, Moment};
use super::rail::Rail;
use crate::model::address::Query;
use crate::model::hidden::told;
use crate::model::pick::Tab;
use crate::model::whole::Whole;
use crate::model::{age, number};
use crate::pages::compare::{BarFilters, CompareBody, Side, Tabs};
use crate::parts::{Chip, CopyButton, Empty, Icon, Notice, NoticeKind, Pic, Tone, Verdict, theirs};
use crate::shell::{keys, router};
use crate::worker::{WorkerError, file_text};

/// The page of a state.
#[component]
pub(super) fn FileState(key: StateKey, book: Arc<Book>) -> impl IntoView {
    let router = router();
    let moment = Moment::of(&book);
    let look = Look::new(&key, moment.at);
    provide_context(look);
    let list = move || {
        let seq = moment.at.get().map(|seq| seq.to_string());
        format!("/view/opened{}", Query::default().with("seq", seq.as_deref()))
    };
    keys().on_key(move |key| {
        match key {
            "[" | "j" => return look.step(false),
            "]" | "k" => return look.step(true),
            "1" | "2" | "3" | "4" => look.show_as(Tab::ALL[usize::from(key.as_bytes()[0] - b'1')]),
            // The browser has closed a value that was shown whole, and has not said so yet.
            "Escape" if look.shown.whole.with_untracked(Option::is_some) => return false,
            "Escape" => router.go(&untrack(list)),
            _ => return false,
        }
        true
    });
    let lacks = move || {
        let words = look.lacks.get()?;
        Some(
            view! { <Empty icon=Icon::States head=words><a href=list>"See which states the file has"</a></Empty> },
        )
    };
    view! {
        <AsOf book=Arc::clone(&book) moment/>
        <div class="state-head">
            <div class="crumbs"><a href=list>"States of the file"</a>" / "{key.state_type.to_string()}</div>
            <div class="page-head">
                <h1 class="state-id">{theirs(key.state_id.as_str())}</h1>
                <Chip>{key.state_type.to_string()}</Chip>
                {move || look.b.get().map(|side| view! { <Chips side/> })}
            </div>
            {move || look.b.get().map(|side| view! { <About side/> })}
        </div>
        {lacks}
        <Show when=move || look.b.with(Option::is_some)>
            <div class="state-body file-body">
                <Rail look/>
                <div class="state-main"><Panel look/></div>
            </div>
        </Show>
    }
}

#[component]
fn Chips(side: Side) -> impl IntoView {
    let gone = side.operation == Operation::Delete;
    view! {
        <Chip tone=Tone::Accent>{format!("v{}", side.version)}</Chip>
        {gone.then(|| view! { <Chip tone=Tone::Del>"− deleted"</Chip> })}
        {(side.operation == Operation::Restore).then(|| view! { <Chip tone=Tone::Accent icon=Icon::Restore>"restore"</Chip> })}
        <Verdict verdict=side.verdict.clone() chip=true/>
    }
}

/// Who, when, why, and what proves it.
#[component]
fn About(side: Side) -> impl IntoView {
    let author = side.user_id.as_deref().unwrap_or("no author given").to_owned();
    let hash = side.content_hash.map(|hash| hash.to_string());
    view! {
        <div class="about-line">
            <span class="row"><Pic icon=Icon::Author size=14/>{theirs(&author)}</span>
            <span>{age::full(side.effective_at())}</span>
            {age::imported(&side).map(|words| view! { <span class="ink3">{words}</span> })}
            {side.description.as_deref().filter(|text| !text.is_empty()).map(|why| view! {
                <span class="cut why" data-tip=told(why)>"“"{theirs(why)}"”"</span>
            })}
            <span class="mono ink3">{format!("seq {}", number::count(side.seq.0))}</span>
            {hash.map(|hash| {
                let short = format!("sha256 {}…{}", &hash[..8], &hash[hash.len() - 8..]);
                view! { <span class="mono ink3 row">{short}<CopyButton text=hash what="the hash"/></span> }
            })}
            <span class="mono ink3">{format!("{} bytes", number::count(side.size as u64))}</span>
        </div>
    }
}

/// What is compared with what, and how it differs.
#[component]
fn Panel(look: Look) -> impl IntoView {
    let Look { a, b, tab, comparison, shown, .. } = look;
    let fault = RwSignal::new(None::<WorkerError>);
    let raw = move |_| {
        let Some(side) = b.get_untracked() else { return };
        spawn_local(async move {
            match file_text(&side).await {
                Ok(text) => {
                    let title = format!("v{}, as it is kept", side.version);
                    shown.whole.try_set(Some(Whole { title, old: None, new: text.as_string() }));
                }
                Err(error) => {
                    fault.try_set(Some(error));
                }
            }
        });
    };
    view! {
        <section class="panel changes" aria-label="What changed">
            <div class="head">
                <Tabs tab comparison choose=Callback::new(move |tab| look.show_as(tab))/>
                <div class="end against">
                    <VersionField name="a" letter='A' side=a/>
                    <VersionField name="b" letter='B' side=b/>
                </div>
            </div>
            <div class="bar">
                <BarFilters comparison shown tab/>
                <span class="about">
                    <button class="btn small" on:click=raw disabled=move || b.with(|b| b.as_ref().is_none_or(|b| b.content_hash.is_none()))>
                        <Pic icon=Icon::File size=14/>"Raw text of B"
                    </button>
                </span>
            </div>
            {move || fault.get().map(|error| view! { <Notice kind=NoticeKind::Error head="There is no text.">{error.words()}</Notice> })}
            <CompareBody comparison shown tab/>
        </section>
    }
}

/// A or B, by its number.
#[component]
fn VersionField(name: &'static str, letter: char, side: RwSignal<Option<Side>>) -> impl IntoView {
    let router = router();
    let number =
        move || side.with(|side| side.as_ref().map(|side| side.version.to_string()).unwrap_or_default());
    let label = format!("Version {letter}");
    let chosen = move |event: web_sys::Event| {
        let text = event_target_value(&event);
        let text = text.trim().trim_start_matches('v');
        let asked = text.parse::<u64>().ok().map(|number| number.to_string());
        router.set(&[(name, asked.as_deref())]);
    };
    view! {
        <label class="row">
            <Chip tone=Tone::Ab>{letter.to_string()}</Chip>"v"
            <input
                class="field mono version-field" type="text" inputmode="numeric" size="5" aria-label=label
                placeholder={if letter == 'A' { "none" } else { "" }} prop:value=number on:change=chosen
            />
        </label>
    }
}
