//! The whole console.

use leptos::prelude::*;

use super::help::Help;
use super::session::{Session, SignIn, session};
use super::side::Side;
use super::theme::Theme;
use super::tip::Tip;
use super::toasts::{ToastStack, Toasts};
use super::top::Top;
use super::{Clock, Desk, Keys, Router, clock, desk, keys, router};
use crate::live::{Live, live};
use crate::model::address::Page;
use crate::pages::PageView;
use crate::parts::FaultNote;

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
    let session = session();
    let asking = Memo::new(move |_| session.is_asking());
    Effect::new(move || {
        let page = router.page.get();
        let name = match &page {
            Page::State => router.param("id").unwrap_or_default(),
            page => page.title().to_owned(),
        };
        document().set_title(&format!("{name} · statehouse"));
    });
    move || if asking.get() { view! { <SignIn/> }.into_any() } else { view! { <Frame/> }.into_any() }
}

#[component]
fn Frame() -> impl IntoView {
    let help = RwSignal::new(false);
    let desk = desk();
    common_keys(help);
    let ready = desk.ready;
    let page = move || {
        if ready.get() { view! { <PageView/> }.into_any() } else { view! { <Waiting/> }.into_any() }
    };
    view! {
        <div class="app">
            <a class="skip" href="#main">"Skip to the page"</a>
            <Top help/>
            <Side/>
            <main class="stage" id="main" tabindex="-1">{page}</main>
        </div>
        <Help open=help/>
        <ToastStack/>
        <Tip/>
    }
}

/// Before the store has answered for the first time.
#[component]
fn Waiting() -> impl IntoView {
    let status = desk().status;
    view! {
        <div class="page">
            <FaultNote remote=status/>
            <Show when=move || status.fault.with(Option::is_none)><p class="loading">"Reading the store."</p></Show>
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
            "g h" => router.go("/view/health"),
            _ => return false,
        }
        true
    });
}
