//! The request that opens a WebSocket (RFC 6455 4.2.1). What is not as it must be is refused in words: a connection that
//! begins with a guess ends with a riddle.

use axum::extract::FromRequestParts;
use axum::http::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use hyper::upgrade::OnUpgrade;
use stateloft_core::api::Code;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::wire::Wire;
use crate::http::extract::tokens;
use crate::http::failure::{Answer, Failure};
use crate::http::guard::SUBPROTOCOL;

/// Bytes of a handshake's nonce.
const NONCE: usize = 16;
/// Base64 as clients write it. The last bits of a nonce say nothing, and some clients make the text itself by chance.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// A right request for a WebSocket, not answered yet.
pub(crate) struct Handshake {
    accept: HeaderValue,
    protocol: bool,
    upgrade: OnUpgrade,
}

impl<S: Send + Sync> FromRequestParts<S> for Handshake {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        let accept = check(&parts.method, &parts.headers)?;
        // HTTP/1.0 has no upgrades; then there is none here, whatever the headers say.
        let upgrade = parts.extensions.remove::<OnUpgrade>().ok_or_else(|| wanted("use HTTP/1.1"))?;
        let protocol = tokens(&parts.headers, &SEC_WEBSOCKET_PROTOCOL).any(|offer| offer == SUBPROTOCOL);
        Ok(Self { accept, protocol, upgrade })
    }
}

impl Handshake {
    /// Answers it, and runs the session once the connection is a WebSocket.
    pub(super) fn accept<F>(self, session: impl FnOnce(Wire) -> F + Send + 'static) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let upgrade = self.upgrade;
        tokio::spawn(async move {
            match upgrade.await {
                Ok(upgraded) => session(Wire::over(upgraded).await).await,
                Err(error) => tracing::debug!(%error, "a connection ended before it was a WebSocket"),
            }
        });
        let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, self.accept);
        if self.protocol {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        }
        response
    }
}

/// The value that accepts a request, if it is one for a WebSocket.
fn check(method: &Method, headers: &HeaderMap) -> Answer<HeaderValue> {
    let has = |name: &HeaderName, wanted: &str| {
        tokens(headers, name).any(|token| token.eq_ignore_ascii_case(wanted))
    };
    if method != Method::GET || !has(&CONNECTION, "upgrade") || !has(&UPGRADE, "websocket") {
        return Err(wanted("send GET with Connection: Upgrade and Upgrade: websocket"));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(wanted("send Sec-WebSocket-Version: 13"));
    }
    if headers.contains_key(TRANSFER_ENCODING)
        || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
    {
        return Err(Failure::parameter("a request for a WebSocket has no body"));
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    if BASE64.decode(key).ok().is_none_or(|nonce| nonce.len() != NONCE) {
        return Err(Failure::parameter("Sec-WebSocket-Key must be 16 bytes in base64"));
    }
    HeaderValue::from_str(&derive_accept_key(key))
        .map_err(|error| Failure::new(Code::Internal, error.to_string()))
}

fn wanted(what: &str) -> Failure {
    Failure::new(Code::UpgradeRequired, format!("this address speaks WebSocket: {what}"))
}
