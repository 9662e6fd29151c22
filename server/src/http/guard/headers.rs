//! Headers that bind browsers: no sniffing, no frames, no other origins, no referrer.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};

use crate::http::console;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

fn is_data(headers: &HeaderMap) -> bool {
    const DATA: [&[u8]; 2] = [b"application/json", b"application/problem+json"];
    headers.get(CONTENT_TYPE).is_some_and(|kind| DATA.iter().any(|data| kind.as_bytes().starts_with(data)))
}

/// For answers of the API: should a browser show one as a page all the same, it may do nothing.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

pub(super) fn set(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    // The console's scripts need the policy of its pages: a worker goes by the one that comes with its script.
    let policy = if is_data(headers) { NOTHING } else { console::content_security_policy() };
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    default_to_no_store(headers);
}

/// What says nothing of caching is not kept: states must not linger in a browser's cache.
fn default_to_no_store(headers: &mut HeaderMap) {
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
