//! The Stateloft console.
//!
//! - [`model`]: what the pages show, worked out from the API's answers. No Leptos, no browser: tested natively.
//! - `api`: typed HTTP calls; an error is a value. `live`: the one WebSocket and what follows from its events.
//! - `parts`: components that every page uses. `shell`: frame, addresses, theme, keys. `pages`: one module a page.
//! - `worker`: the component that compares and validates, away from the page.
//!
//! Addresses: `/` and `/view/...`; ids go in the query. [`model::address`] spells and reads them all.

#![cfg_attr(
    target_arch = "wasm32",
    allow(
        unreachable_pub,
        clippy::needless_pass_by_value,
        reason = "what the component macro makes is public, and a component owns its properties"
    )
)]

pub mod model;

#[cfg(target_arch = "wasm32")]
mod api;
#[cfg(target_arch = "wasm32")]
mod live;
#[cfg(target_arch = "wasm32")]
mod pages;
#[cfg(target_arch = "wasm32")]
mod parts;
#[cfg(target_arch = "wasm32")]
mod shell;
#[cfg(target_arch = "wasm32")]
mod worker;

/// Draws the console into the page's body.
#[cfg(target_arch = "wasm32")]
pub fn start() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(shell::App);
}
