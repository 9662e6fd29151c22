//! The whole console.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::session::{Session, SignIn, session};
use super::side::Side;
use super::theme::Theme;
use super::tip::Tip;
use super::toasts::{ToastStack, Toasts};
use super::top::{Stale, Top};
use super::{Clock, Desk, Keys, Router, clock, desk, keys, router};
use crate::live::{Live, live};
use crate::model::address::Page;
use crate::model::hidden::told;
use crate::pages::{self, DrawHelp, DrawMisreadings, DrawOpen, PageView};
use crate::parts::{FaultNote, Notice, NoticeKind};

/// The console.
#[component]
pub(crate) fn App() -> impl IntoView {
    let router = Router::install();
    Theme::install();
    Clock::install();
    Session::install();
    Live::install();
    Keys::install();
    Toasts::install();
    Desk::install();
    notice_waking();
    let session = session();
    let asking = Memo::new(move |_| session.is_asking());
    Effect::new(move || {
        let page = router.page.get();
        let name = match &page {
            Page::State | Page::ByHand | Page::Run => told(&router.param("id").unwrap_or_default()),
            Page::Reconcile => format!("Reconcile {}", told(&router.param("id").unwrap_or_default())),
            page => page.title().to_owned(),
        };
        document().set_title(&format!("{name} · stateloft"));
    });
    move || if asking.get() { view! { <SignIn/> }.into_any() } else { view! { <Frame/> }.into_any() }
}

/// A tab that wakes, or a device that finds its network again, has heard nothing for a while: it says so before anything.
fn notice_waking() {
    let live = live();
    let look = move || live.look_again(window().navigator().on_line());
    for name in ["visibilitychange", "pageshow", "resume", "online", "offline"] {
        // Those of the document come up to the window.
        let listener = window_event_listener_untyped(name, move |_| look());
        on_cleanup(move || listener.remove());
    }
    look();
}

#[component]
fn Frame() -> impl IntoView {
    let help = RwSignal::new(false);
    let keys_list = RwSignal::new(None::<DrawHelp>);
    Effect::new(move || {
        if help.get() && keys_list.with_untracked(Option::is_none) {
            spawn_local(async move {
                keys_list.try_set(pages::help().await);
            });
        }
    });
    let desk = desk();
    common_keys(help);
    let router = router();
    let misreadings = RwSignal::new(None::<DrawMisreadings>);
    Effect::new(move || {
        let asked = router.query.with(|query| query.pairs().next().is_some());
        if asked && misreadings.with_untracked(Option::is_none) {
            spawn_local(async move {
                misreadings.try_set(pages::misreadings().await);
            });
        }
    });
    // What waits for a run's word is said on every page, as soon as the store has said where it stands.
    let handshakes = RwSignal::new(None::<DrawOpen>);
    Effect::new(move || {
        if desk.ready.get() && handshakes.with_untracked(Option::is_none) {
            spawn_local(async move {
                handshakes.try_set(pages::open_handshakes().await);
            });
        }
    });
    // How the server is can be seen without the store, and a file without either.
    let shown = Memo::new(move |_| {
        desk.ready.get()
            || match router.page.get() {
                Page::Health => desk.status.value.with(Option::is_some),
                page => page == Page::Opened,
            }
    });
    let page = move || {
        if shown.get() { view! { <PageView/> }.into_any() } else { view! { <Waiting/> }.into_any() }
    };
    view! {
        <div class="app">
            <a class="skip" href="#main">"Skip to the page"</a>
            <Top help/>
            <Side/>
            <main class="stage" id="main" tabindex="-1"><Stale/>{move || handshakes.get().map(|draw| draw())}{move || misreadings.get().map(|draw| draw())}{page}</main>
        </div>
        {move || keys_list.get().map(|draw| draw(help))}
        <ToastStack/>
        <Tip/>
    }
}

/// Before the store has answered for the first time.
#[component]
fn Waiting() -> impl IntoView {
    let status = desk().status;
    let words = move || {
        if status.fault.with(Option::is_some) {
            ().into_any()
        } else if status.value.with(Option::is_some) {
            view! {
                <Notice kind=NoticeKind::Error head="The store has not been reached since the server started.">
                    "It is looked for all the time, and this page comes when it is there. "
                    <a href="/view/health">"Health"</a>" shows the rest."
                </Notice>
            }
            .into_any()
        } else {
            view! { <p class="loading">"Reading the store."</p> }.into_any()
        }
    };
    view! {
        <div class="page">
            <FaultNote remote=status/>
            {words}
        </div>
    }
}

fn common_keys(help: RwSignal<bool>) {
    let (router, live, clock) = (router(), live(), clock());
    keys().on_key(move |key| {
        match key {
            "?" => help.set(true),
            "." => live.toggle_pause(clock.read()),
            "g o" => router.go("/"),
            "g s" => router.go("/view/states"),
            "g a" => router.go("/view/activity"),
            "g r" => router.go("/view/runs"),
            "g i" => router.go("/view/import"),
            "g h" => router.go("/view/health"),
            _ => return false,
        }
        true
    });
}
