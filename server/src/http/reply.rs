//! Answers that several routes give.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use statehouse_core::api::StateView;
use statehouse_core::commit::Outcome;
use statehouse_core::model::Version;

use super::entity_tag;
use super::failure::Answer;
use crate::service::ServiceError;

/// A JSON answer.
pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Answer {
    let body = serde_json::to_vec(value).map_err(|error| ServiceError::Internal(error.to_string()))?;
    let mut response = (status, body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// The answer to a save: 201 for the first version of a live state, else 200.
pub(crate) fn saved(outcome: &Outcome) -> Answer {
    let version = outcome.version();
    let unchanged = matches!(outcome, Outcome::Unchanged(_));
    let created = !unchanged && version.operation == statehouse_core::model::Operation::Create;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = json(status, &StateView { unchanged, ..StateView::of(version) })?;
    tag(&mut response, version);
    Ok(response)
}

/// The answer to a read of one version: 304 when the client has it already.
pub(crate) fn read(headers: &HeaderMap, version: &Version, body: impl FnOnce(&Version) -> Answer) -> Answer {
    let mut response = if entity_tag::not_modified(headers, version)? {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body(version)?
    };
    tag(&mut response, version);
    // May be kept, but must be asked for again each time: a state changes at any moment.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// Puts the version's entity tag on a response.
pub(crate) fn tag(response: &mut Response, version: &Version) {
    if let Some(entity_tag) = entity_tag::header(version) {
        response.headers_mut().insert(ETAG, entity_tag);
    }
}
