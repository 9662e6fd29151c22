//! What stands in front of every route: headers that bind browsers, the check of host, origin and key, the log of
//! requests, and the net for panics.

mod headers;
mod host;
mod key;
mod origin;
mod panic;
mod trace;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use super::app::App;

pub(crate) use key::{SUBPROTOCOL, check as key};
pub(crate) use origin::may_connect;

/// Puts the guards in front of a router, the last one outermost.
pub(crate) fn guarded(router: Router, app: &App) -> Router {
    let router = match origin::cors(&app.options.origins) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router.layer(panic::net()).layer(from_fn_with_state(app.clone(), front))
}

/// What every request passes and every answer gets. One layer, because each costs about as much as what it does.
async fn front(State(app): State<App>, request: Request, next: Next) -> Response {
    let line = trace::Line::of(&request);
    let allowed = host::check(&app, request.headers())
        .and_then(|()| origin::check(&app, request.method(), request.headers()));
    let mut response = match allowed {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    };
    headers::set(response.headers_mut());
    line.log(response.status());
    response
}
