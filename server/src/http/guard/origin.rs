//! Which pages may use the API from a browser: the console's own, and the origins that are configured.

use axum::http::header::{
    AGE, AUTHORIZATION, CONTENT_TYPE, ETAG, HOST, HeaderName, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION,
    ORIGIN, RETRY_AFTER,
};
use axum::http::{HeaderMap, HeaderValue, Method};
use stateloft_core::api::Code;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::key::API_KEY;
use crate::config::Origins;
use crate::http::app::App;
use crate::http::failure::{Answer, Failure};
use crate::http::reply;

pub(super) const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
pub(crate) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Answers to browsers that ask before a request from another origin; `None` when no other origin is allowed.
pub(super) fn cors(origins: &Origins) -> Option<CorsLayer> {
    if *origins == Origins::SameOnly {
        return None;
    }
    let origins = origins.clone();
    let allowed =
        move |origin: &HeaderValue, _: &_| origin.to_str().is_ok_and(|origin| origins.allow(origin));
    Some(
        CorsLayer::new()
            .allow_origin(AllowOrigin::predicate(allowed))
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers([AUTHORIZATION, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, LAST_EVENT_ID, API_KEY])
            .expose_headers([
                AGE,
                ETAG,
                LINK,
                LOCATION,
                RETRY_AFTER,
                reply::STALE_SINCE,
                reply::VERSION_ID,
                reply::WAITING,
            ]),
    )
}

/// Refuses writes that a page of another origin makes a browser send.
pub(super) fn check(app: &App, method: &Method, headers: &HeaderMap) -> Answer<()> {
    if method.is_safe() || may_connect(headers, &app.options.origins) {
        return Ok(());
    }
    let detail = "the request comes from a page of another origin; name it in TRADING_STATE_API_CORS_ORIGINS to allow it";
    Err(Failure::new(Code::ForbiddenOrigin, detail))
}

/// Whether a request that may do more than read comes from the console, from an origin that is allowed, or from no
/// browser at all.
pub(crate) fn may_connect(headers: &HeaderMap, origins: &Origins) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text(&ORIGIN), text(&FETCH_SITE)) {
        (Some(origin), _) if origins.allow(origin) => true,
        (Some(origin), _) => text(&HOST).is_some_and(|host| is_same(origin, host)),
        (None, Some(site)) => matches!(site, "same-origin" | "none"),
        (None, None) => true,
    }
}

/// The scheme is left out: a proxy in front may speak TLS for us.
fn is_same(origin: &str, host: &str) -> bool {
    let name = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    name.is_some_and(|name| name.eq_ignore_ascii_case(host))
}
