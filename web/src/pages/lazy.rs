//! Pages that arrive when somebody first goes there.
//!
//! The overview is in the console's first download, but not what it says of an empty store. The other pages are WebAssembly modules of their own, cut from
//! the same program after compiling (`xtask/src/console/split.rs`) and loaded once. Pages that share most of their code
//! share a module.

#![allow(clippy::unnecessary_wraps, reason = "a function that may not arrive must be able to say so")]

use futures::future::join;
use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use super::{
    activity, alive, by_hand, compare, first_run, handshake, health, import, opened, reconcile, restore, run,
    runs, snapshots, state, states, styles,
};
use crate::model::address::Page;
use crate::shell::{Help, Misreadings};

/// Draws a page, once its code is there.
pub(super) type Draw = fn(Page) -> AnyView;

/// A page that is not in the first download, once its code and its styles are here; `None` if they could not be fetched.
pub(super) async fn fetch(page: &Page) -> Option<Draw> {
    let (code, styles) = join(code(page), styles::arrive()).await;
    styles.and(code.ok())
}

/// One function a module: each costs the first download something.
async fn code(page: &Page) -> Result<Draw, SplitLoaderError> {
    match page {
        Page::Overview => draw_first_run().await,
        Page::States => draw_states().await,
        Page::State | Page::Compare | Page::Opened => draw_versions().await,
        Page::Activity => draw_activity().await,
        Page::Runs | Page::Run => draw_running().await,
        Page::Health => draw_health().await,
        Page::Import => draw_import().await,
        Page::Reconcile => draw_reconciling().await,
        Page::ByHand => draw_by_hand().await,
        _ => draw_restoring().await,
    }
}

/// Draws the list of keys; the signal says whether it is shown.
pub(crate) type DrawHelp = fn(RwSignal<bool>) -> AnyView;

/// The code of the list of keys.
pub(crate) async fn help() -> Option<DrawHelp> {
    let (code, styles) = join(draw_help(), styles::arrive()).await;
    styles.and(code.ok())
}

/// Draws who is alive, on the overview.
pub(crate) type DrawAlive = fn() -> AnyView;

/// The code of that.
pub(crate) async fn alive() -> Option<DrawAlive> {
    let (code, styles) = join(draw_alive(), styles::arrive()).await;
    styles.and(code.ok())
}

/// Draws what is open of handshakes, above every page.
pub(crate) type DrawOpen = fn() -> AnyView;

/// The code of that; nobody waits for it.
pub(crate) async fn open_handshakes() -> Option<DrawOpen> {
    let (code, styles) = join(draw_open(), styles::arrive()).await;
    styles.and(code.ok())
}

// By itself: every page looks for what is open, and is not to fetch the pages of restores for it.
#[wasm_split(asking, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_open() -> Result<DrawOpen, SplitLoaderError> {
    Ok(|| view! { <handshake::OpenHandshakes/> }.into_any())
}

#[wasm_split(running, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_alive() -> Result<DrawAlive, SplitLoaderError> {
    Ok(|| view! { <alive::Alive/> }.into_any())
}

/// Draws what of the address the page cannot read.
pub(crate) type DrawMisreadings = fn() -> AnyView;

/// The code that reads every address strictly; an address without parameters does without.
pub(crate) async fn misreadings() -> Option<DrawMisreadings> {
    draw_misreadings().await.ok()
}

#[wasm_split(seldom, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_misreadings() -> Result<DrawMisreadings, SplitLoaderError> {
    Ok(|| view! { <Misreadings/> }.into_any())
}

#[wasm_split(seldom, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_help() -> Result<DrawHelp, SplitLoaderError> {
    Ok(|open| view! { <Help open/> }.into_any())
}

#[wasm_split(seldom, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_first_run() -> Result<Draw, SplitLoaderError> {
    Ok(|_| view! { <first_run::FirstRun/> }.into_any())
}

#[wasm_split(states, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_states() -> Result<Draw, SplitLoaderError> {
    Ok(|_| view! { <states::States/> }.into_any())
}

#[wasm_split(versions, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_versions() -> Result<Draw, SplitLoaderError> {
    Ok(|page| match page {
        Page::Compare => view! { <compare::Compare/> }.into_any(),
        Page::Opened => view! { <opened::Opened/> }.into_any(),
        _ => view! { <state::State/> }.into_any(),
    })
}

#[wasm_split(activity, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_activity() -> Result<Draw, SplitLoaderError> {
    Ok(|_| view! { <activity::Activity/> }.into_any())
}

#[wasm_split(running, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_running() -> Result<Draw, SplitLoaderError> {
    Ok(|page| match page {
        Page::Run => view! { <run::Run/> }.into_any(),
        _ => view! { <runs::Runs/> }.into_any(),
    })
}

#[wasm_split(restoring, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_restoring() -> Result<Draw, SplitLoaderError> {
    Ok(|page| match page {
        Page::Handshake(id) => view! { <handshake::Handshake id/> }.into_any(),
        Page::Handshakes => view! { <handshake::Handshakes/> }.into_any(),
        Page::Restored(id) => view! { <restore::Restored id/> }.into_any(),
        Page::Snapshots => view! { <snapshots::Snapshots/> }.into_any(),
        _ => view! { <restore::Restore/> }.into_any(),
    })
}

#[wasm_split(reconciling, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_reconciling() -> Result<Draw, SplitLoaderError> {
    Ok(|_| view! { <reconcile::Reconcile/> }.into_any())
}

#[wasm_split(by_hand, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_by_hand() -> Result<Draw, SplitLoaderError> {
    Ok(|_| view! { <by_hand::ByHandPage/> }.into_any())
}

#[wasm_split(health, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_health() -> Result<Draw, SplitLoaderError> {
    Ok(|_| view! { <health::Health/> }.into_any())
}

#[wasm_split(importing, wasm_split_path = leptos::wasm_split, fallible)]
fn draw_import() -> Result<Draw, SplitLoaderError> {
    Ok(|_| view! { <import::Import/> }.into_any())
}
