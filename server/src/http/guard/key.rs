//! With a key configured, every route but the console's files, `livez` and `readyz` wants it.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HeaderName, SEC_WEBSOCKET_PROTOCOL};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use statehouse_core::api::Code;

use crate::http::app::App;
use crate::http::failure::Failure;

/// The other header that may carry the key.
pub(super) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The WebSocket subprotocol. Browsers cannot put headers on a WebSocket, so they offer this one and a second,
/// `key.<base64url of the key>`, which is never answered.
pub(crate) const SUBPROTOCOL: &str = "statehouse";

/// Lets a request through that presents the key.
pub(crate) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(key) = &app.options.key else { return next.run(request).await };
    let headers = request.headers();
    let presented = presented(headers).or_else(|| presented_in_subprotocol(headers));
    if presented.is_some_and(|presented| key.matches(&presented)) {
        return next.run(request).await;
    }
    let detail = "send the API key as `Authorization: Bearer <key>` or `X-API-Key: <key>`";
    Failure::new(Code::Unauthorized, detail).into_response()
}

fn presented(headers: &HeaderMap) -> Option<Vec<u8>> {
    if let Some(key) = headers.get(API_KEY) {
        return Some(key.as_bytes().to_owned());
    }
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().as_bytes().to_owned())
}

/// The key that a WebSocket's list of subprotocols carries.
fn presented_in_subprotocol(headers: &HeaderMap) -> Option<Vec<u8>> {
    headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|offer| offer.trim().strip_prefix("key."))
        .and_then(|key| URL_SAFE_NO_PAD.decode(key.trim_end_matches('=')).ok())
}
