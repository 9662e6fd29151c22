//! Headers that may be there once only. Of two that differ, one part of a system would believe the first and another the
//! last.

use axum::http::HeaderMap;
use axum::http::header::{
    AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
};

use super::key::API_KEY;
use super::origin::{FETCH_SITE, LAST_EVENT_ID};
use crate::http::extract::once;
use crate::http::failure::{Answer, Failure};

const SINGLE: [HeaderName; 10] = [
    HOST,
    AUTHORIZATION,
    API_KEY,
    CONTENT_TYPE,
    once::HEADER,
    ORIGIN,
    FETCH_SITE,
    LAST_EVENT_ID,
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION,
];

/// Refuses a request that says one thing twice.
pub(super) fn check(headers: &HeaderMap) -> Answer<()> {
    // Nearly always no header is there twice, and then no name needs to be looked up.
    if headers.len() == headers.keys_len() {
        return Ok(());
    }
    match SINGLE.iter().find(|name| headers.get_all(*name).iter().nth(1).is_some()) {
        None => Ok(()),
        Some(name) => Err(Failure::parameter(format!("the header {name} is there more than once"))),
    }
}
