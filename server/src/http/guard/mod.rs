//! What stands in front of every route: headers that bind browsers, the check of host, origin and key, the log of
//! requests, and the net for panics.

mod headers;
mod host;
mod key;
mod origin;
mod panic;
mod trace;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};

use super::app::App;

pub(crate) use key::{SUBPROTOCOL, check as key};
pub(crate) use origin::may_connect;

/// Puts the guards in front of a router, the last one outermost.
pub(crate) fn guarded(router: Router, app: &App) -> Router {
    let router = router.layer(from_fn_with_state(app.clone(), origin::check));
    let router = match origin::cors(&app.options.origins) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router
        .layer(from_fn_with_state(app.clone(), host::check))
        .layer(panic::net())
        .layer(from_fn(headers::set))
        .layer(from_fn(trace::log))
}
