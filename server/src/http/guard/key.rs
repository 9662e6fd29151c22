//! With a key configured, every route but the console's files, `livez` and `readyz` wants it.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HeaderName, SEC_WEBSOCKET_PROTOCOL};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use stateloft_core::api::Code;

use super::tries::Judged;
use crate::http::app::App;
use crate::http::failure::Failure;
use crate::http::listen::Peer;
use crate::repeats::Repeats;

/// The other header that may carry the key.
pub(super) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The WebSocket subprotocol. Browsers cannot put headers on a WebSocket, so they offer this one and a second,
/// `key.<base64url of the key>`, which is never answered.
pub(crate) const SUBPROTOCOL: &str = "stateloft";

/// Lets a request through that presents the key.
pub(crate) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(key) = &app.options.key else { return next.run(request).await };
    let headers = request.headers();
    let detail = "send the API key as `Authorization: Bearer <key>` or `X-API-Key: <key>`";
    let Some(presented) = presented(headers).or_else(|| presented_in_subprotocol(headers)) else {
        return Failure::new(Code::Unauthorized, detail).into_response();
    };
    let peer = request.extensions().get::<Peer>();
    let address = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Peer(address)| address.ip());
    let judged = app.tries.judge(address, Instant::now(), || key.matches(&presented));
    if judged == Judged::Right {
        return next.run(request).await;
    }
    say(address);
    match judged {
        Judged::Later(wait) => Failure::later(
            Code::TooManyRequests,
            "too many wrong API keys came from this address; see Retry-After",
            wait,
        ),
        _ => Failure::new(Code::Unauthorized, detail),
    }
    .into_response()
}

/// Says in the log that keys are tried, without the keys, and not once for each.
fn say(address: IpAddr) {
    static WRONG: Repeats = Repeats::new();
    if let Some(times) = WRONG.happened() {
        tracing::info!(%address, times, "a wrong API key was presented; times since this was last said, last by this address");
    }
}

fn presented(headers: &HeaderMap) -> Option<Vec<u8>> {
    if let Some(key) = headers.get(API_KEY) {
        return Some(key.as_bytes().to_owned());
    }
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let end = value.iter().position(u8::is_ascii_whitespace)?;
    let (scheme, key) = value.split_at(end);
    scheme.eq_ignore_ascii_case(b"bearer").then(|| key.to_owned())
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
