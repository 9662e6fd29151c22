//! What stands in front of every route: headers that bind browsers, the checks of host, origin, query and key, the log of
//! requests, and the net for panics.

mod headers;
mod host;
mod key;
mod origin;
mod panic;
mod query;
mod single;
mod trace;
mod tries;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tower::Service as _;

use super::app::App;
use super::extract::once;
use super::failure::Answer;
use crate::budget::Ledger;
use crate::service::as_one_request;

pub(crate) use key::{SUBPROTOCOL, check as key};
pub(crate) use origin::{LAST_EVENT_ID, may_connect};
pub(crate) use tries::Tries;

/// A router and what stands in front of it. It is called directly: as layers of the router each of these would cost about
/// as much as what it does.
#[derive(Clone)]
pub(crate) struct Guarded {
    app: App,
    router: Router,
}

impl Guarded {
    pub(crate) fn new(router: Router, app: &App) -> Self {
        let router = match origin::cors(&app.options.origins) {
            Some(cors) => router.layer(cors),
            None => router,
        };
        Self { app: app.clone(), router }
    }

    /// What every request passes and every answer gets.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        let line = trace::Line::of(&request);
        let allowed = self.check(&request);
        let mut response = match allowed {
            Ok(()) => {
                let only_reads = request.method().is_safe();
                let handled = as_one_request(panic::caught(self.router.clone().call(request)));
                Ledger::within(self.app.service.budget(), only_reads, handled).await
            }
            Err(failure) => failure.into_response(),
        };
        headers::set(response.headers_mut());
        line.log(response.status());
        response
    }

    /// What is decided by the head of a request alone.
    fn check(&self, request: &Request) -> Answer<()> {
        let (method, headers) = (request.method(), request.headers());
        single::check(headers)?;
        let target = host::Target { version: request.version(), method, uri: request.uri(), headers };
        host::check(&self.app, &target)?;
        origin::check(&self.app, method, headers)?;
        query::check(method, request.uri())?;
        once::check(method, request.uri().path(), headers)
    }
}
