//! `Idempotency-Key`: a request that may be sent again, and is done once.

use axum::extract::{FromRequest, OriginalUri, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method};
use stateloft_core::hash::RequestHash;

use super::body::{FromBody, take};
use crate::http::app::App;
use crate::http::described;
use crate::http::failure::{Answer, Failure};
use crate::store::RequestKey;

/// The header, as the description of the API spells it.
pub(crate) const NAME: &str = "Idempotency-Key";
/// The header.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key, in bytes.
const KEY_MAX: usize = 255;

/// A body, and the key under which it is done once.
pub(crate) struct Once<B>(pub(crate) Option<RequestKey>, pub(crate) B);

impl<B: FromBody> FromRequest<App> for Once<B> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Answer<Self> {
        let (parts, body) = request.into_parts();
        let key = key(&parts.headers)?;
        let bytes = take::<B>(&parts.headers, body, app).await?;
        let key = key.map(|key| RequestKey { key, request: request_hash(&parts, &bytes) });
        Ok(Self(key, B::read(&parts.headers, bytes).await?))
    }
}

/// Everything that makes a request another one: what it demands of the head belongs to it.
fn request_hash(parts: &Parts, body: &[u8]) -> RequestHash {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    let header = |name| parts.headers.get(name).map_or(&b""[..], axum::http::HeaderValue::as_bytes);
    RequestHash::of(&[
        parts.method.as_str().as_bytes(),
        uri.path().as_bytes(),
        uri.query().unwrap_or_default().as_bytes(),
        header(axum::http::header::IF_MATCH),
        header(axum::http::header::IF_NONE_MATCH),
        body,
    ])
}

fn key(headers: &HeaderMap) -> Answer<Option<RequestHash>> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let text = value.as_bytes().trim_ascii();
    let is_key = (1..=KEY_MAX).contains(&text.len()) && text.iter().all(|byte| (b' '..=b'~').contains(byte));
    if is_key {
        return Ok(Some(RequestHash::of(&[text])));
    }
    Err(Failure::parameter(format!(
        "{NAME} must be 1 to {KEY_MAX} printable ASCII characters, such as a UUID"
    )))
}

/// Refuses a key where it would be ignored. What only reads may have one: it changes nothing, however often it is asked. So does
/// what only plans.
pub(crate) fn check(method: &Method, path: &str, headers: &HeaderMap) -> Answer<()> {
    let harmless = method.is_safe() || path.ends_with("/restores");
    if harmless || !headers.contains_key(HEADER) {
        return Ok(());
    }
    if described::at(method, path).is_some_and(|route| route.takes_header(NAME)) {
        return Ok(());
    }
    Err(Failure::parameter(format!("{method} {path} takes no {NAME}: leave it out")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_that_writes_states_or_snapshots_takes_a_key() {
        for (method, path) in [
            (Method::POST, "/states"),
            (Method::POST, "/api/v1/states"),
            (Method::PUT, "/states/a"),
            (Method::PUT, "/api/v1/states/-"),
            (Method::DELETE, "/api/v1/states/a%2Fb"),
            (Method::POST, "/api/v1/states/a/undelete"),
            (Method::POST, "/api/v1/batch"),
            (Method::POST, "/snapshots"),
            (Method::DELETE, "/api/v1/snapshots/eod"),
            (Method::POST, "/snapshots/eod/restore"),
            (Method::POST, "/api/v1/restores/abc/apply"),
            (Method::POST, "/api/v1/restores/abc/undo"),
            // These change nothing.
            (Method::POST, "/api/v1/restores"),
            (Method::GET, "/api/v1/states"),
        ] {
            let headers = HeaderMap::from_iter([(HEADER, "k".parse().unwrap())]);
            assert!(check(&method, path, &headers).is_ok(), "{method} {path}");
        }
    }

    #[test]
    fn a_key_is_refused_where_it_would_be_ignored() {
        let headers = HeaderMap::from_iter([(HEADER, "k".parse().unwrap())]);
        for path in ["/api/v1/clock/confirm", "/api/v1/breaker/reset", "/api/v1/nothing", "/states/a/b/c"] {
            assert!(check(&Method::POST, path, &headers).is_err(), "{path}");
            assert!(check(&Method::POST, path, &HeaderMap::new()).is_ok(), "{path}");
        }
    }
}
