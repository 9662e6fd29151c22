//! The top bar.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use super::strip::TimeStrip;
use super::theme::Theme;
use super::{clock, keys, router};
use crate::live::live;
use crate::model::address::Page;
use crate::model::contact::Contact;
use crate::model::link::{Dot, Last, words};
use crate::model::{age, number, search};
use crate::parts::{Icon, Kbd, Mark, Pic};

/// Wordmark, search, time strip, live indicator, theme, help.
#[component]
pub(crate) fn Top(help: RwSignal<bool>) -> impl IntoView {
    let router = router();
    let theme: Theme = expect_context();
    let searching = RwSignal::new(false);
    let deep = move || {
        matches!(
            router.page.get(),
            Page::State
                | Page::ByHand
                | Page::Run
                | Page::Reconcile
                | Page::Restored(_)
                | Page::Handshake(_)
                | Page::Handshakes
                | Page::Import
                | Page::Opened
        )
    };
    let title = move || match router.page.get() {
        Page::Overview => "stateloft".to_owned(),
        page @ (Page::State | Page::ByHand | Page::Run) => {
            router.param("id").unwrap_or_else(|| page.title().to_owned())
        }
        Page::Reconcile => format!("Reconcile {}", router.param("id").unwrap_or_default()),
        page => page.title().to_owned(),
    };
    view! {
        <header class="top" class:searching=move || searching.get() class:deep=deep>
            <a class="wordmark" href="/" aria-label="stateloft, overview"><Mark size=20/><span>"stateloft"</span></a>
            <button class="btn icon back" aria-label="Back" on:click=move |_| {
                if let Ok(history) = window().history() {
                    let _ = history.back();
                }
            }><Pic icon=Icon::Left/></button>
            // Phones show the page's title here; it is not there for anybody on wide windows.
            <h1 class="title cut">{title}</h1>
            <Search searching/>
            <TimeStrip/>
            <button class="btn icon search-open" aria-label="Search" on:click=move |_| searching.set(true)>
                <Pic icon=Icon::Search/>
            </button>
            <Indicator/>
            <div class="icons">
                <button
                    class="btn icon"
                    aria-label=move || if theme.dark.get() { "Light colours" } else { "Dark colours" }
                    on:click=move |_| theme.toggle()
                >
                    {move || view! { <Pic icon=if theme.dark.get() { Icon::Sun } else { Icon::Moon }/> }}
                </button>
                <button class="btn icon" aria-label="Keys" on:click=move |_| help.set(true)><Pic icon=Icon::Help/></button>
            </div>
        </header>
    }
}

#[component]
fn Search(searching: RwSignal<bool>) -> impl IntoView {
    let router = router();
    let field = NodeRef::<html::Input>::new();
    let focus = move || {
        if let Some(input) = field.get_untracked() {
            let _ = input.focus();
            input.select();
        }
    };
    keys().on_key(move |key| {
        if key == "/" {
            searching.set(true);
            focus();
        }
        key == "/"
    });
    Effect::new(move || {
        if searching.get() {
            focus();
        }
    });
    let enter = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(input) = field.get_untracked() else { return };
        let target = search::target(&input.value());
        let _ = input.blur();
        input.set_value("");
        searching.set(false);
        router.go(&target);
    };
    view! {
        <form class="search" role="search" on:submit=enter>
            <Pic icon=Icon::Search/>
            <input
                class="field" type="search" name="q" node_ref=field autocomplete="off" spellcheck="false"
                placeholder="Find a state, version, path" aria-label="Find a state, version, path"
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        searching.set(false);
                        if let Some(input) = field.get_untracked() {
                            let _ = input.blur();
                        }
                    }
                }
                on:blur=move |_| { searching.try_set(false); }
            />
            <Kbd name="/"/>
        </form>
    }
}

/// How the live connection is. A click pauses, resumes, or connects at once.
#[component]
fn Indicator() -> impl IntoView {
    let (live, clock) = (live(), clock());
    let said = Memo::new(move |_| {
        let now = clock.now.get();
        let last = Last::of(live.last_event.get(), live.last_contact.get_untracked());
        words(live.contact.get(), live.link.get(), live.held.get(), live.seq.get(), last, now)
    });
    // For screen readers, at most every 5 seconds.
    let aloud = RwSignal::new(String::new());
    let saying = set_interval_with_handle(
        move || {
            let words = said.try_with_untracked(|said| (said.name, said.dot, said.figure.clone()));
            let Some((name, dot, figure)) = words else { return };
            // An age would be another text each time, and nobody could hear anything else.
            let text = match dot {
                Dot::Full | Dot::Open => stale_words(live.contact.get_untracked(), name),
                Dot::Half | Dot::Bars => format!("{name}, {figure}"),
            };
            if aloud.with_untracked(|said| *said != text) {
                aloud.try_set(text);
            }
        },
        Duration::from_secs(5),
    );
    on_cleanup(move || {
        if let Ok(saying) = saying {
            saying.clear();
        }
    });
    let press = move |_| {
        if live.link.get_untracked().is_lost() || live.contact.get_untracked().is_away() {
            live.try_now();
        } else {
            live.toggle_pause(clock.read());
        }
    };
    let dot = move || match said.with(|said| said.dot) {
        Dot::Full => "dot",
        Dot::Half => "dot half",
        Dot::Open => "dot open",
        Dot::Bars => "dot bars",
    };
    let short = move || {
        said.with(|said| match said.dot {
            Dot::Full => number::count(live.seq.get()),
            Dot::Half | Dot::Open | Dot::Bars => said.name.to_owned(),
        })
    };
    let tip = move || match said.with(|said| said.dot) {
        Dot::Full | Dot::Half => "Each version shows up as it is written.\nA click pauses.",
        Dot::Bars => "Nothing is lost: a click shows what has come.",
        Dot::Open => "What you see is not of now.\nA click tries to connect now.",
    };
    view! {
        <button class="live" on:click=press data-tip=tip>
            <i class=dot></i>
            <b>{move || said.with(|said| said.name)}</b>
            <span class="long">{move || said.with(|said| said.figure.clone())}</span>
            <span class="brief">{short}</span>
        </button>
        <span class="vh" aria-live="polite">{move || aloud.get()}</span>
    }
}

/// What is said aloud of a silence, without its age.
fn stale_words(contact: Contact, name: &str) -> String {
    match contact.as_of() {
        Some(at) => format!("{name}. As of {}: {}.", age::clock(at), contact.cause()),
        None if contact.is_stale() => format!("{name}. No data: {}.", contact.cause()),
        None => name.to_owned(),
    }
}

/// Above every page, from the first missed heartbeat on: of when what is shown is, how old that is, and why.
#[component]
pub(super) fn Stale() -> impl IntoView {
    let (live, clock) = (live(), clock());
    let stale = Memo::new(move |_| live.contact.get().is_stale());
    let head = move || live.contact.get().head(clock.now.get());
    view! {
        <Show when=move || stale.get()>
            <p class="stale">
                <Pic icon=Icon::Warn/>
                <span><b>{head}</b>{move || format!(": {}. ", live.contact.get().cause())}</span>
                <button class="link" on:click=move |_| live.try_now()>"Try now"</button>
            </p>
        </Show>
    }
}
