//! Every error leaves as a problem document (RFC 9457).

use std::time::Duration;

use axum::http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_TYPE, ETAG, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE,
    WWW_AUTHENTICATE,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use stateloft_core::api::{Code, PendingWrite, Problem};

use super::entity_tag;
use super::extract::decode;
use super::reply::REPLAY;
use crate::budget::Overloaded;
use crate::repeats::Repeats;
use crate::service::ServiceError;
use crate::store::StoreError;

/// What a handler answers with when it cannot answer.
#[derive(Debug)]
pub(crate) struct Failure {
    problem: Box<Problem>,
    entity_tag: Option<HeaderValue>,
    /// Seconds until it is worth trying again, where more is known than that it is soon.
    retry_after: Option<u64>,
    /// The write is safe in the fallback journal: not a problem, but not the answer the handler has either.
    deferred: Option<Box<Deferred>>,
}

/// A write that waits in the fallback journal, and whether an earlier request with the same key brought it there.
#[derive(Debug)]
struct Deferred {
    pending: PendingWrite,
    again: bool,
}

/// The store failed a request.
static FAILED: Repeats = Repeats::new();

/// The server was too busy for a request.
static BUSY: Repeats = Repeats::new();

/// What handlers return.
pub(crate) type Answer<T = Response> = Result<T, Failure>;

impl Failure {
    /// A problem with nothing but words.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Problem::new(code, detail).into()
    }

    /// What may be tried again after a while.
    pub(crate) fn later(code: Code, detail: impl Into<String>, after: Duration) -> Self {
        let seconds = after.as_millis().div_ceil(1_000).max(1);
        Self { retry_after: u64::try_from(seconds).ok(), ..Self::new(code, detail) }
    }

    /// A wrong query parameter, path or header.
    pub(crate) fn parameter(detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidParameter, detail)
    }

    /// A body of the wrong shape, at one place.
    pub(crate) fn body(pointer: &str, code: &str, message: impl Into<String>) -> Self {
        ServiceError::body(pointer, code, message).into()
    }

    /// With what to do about it, where that is known.
    pub(crate) fn with_hint(mut self, hint: Option<&str>) -> Self {
        self.problem.hint = hint.map(str::to_owned);
        for error in &mut self.problem.errors {
            error.hint.clone_from(&self.problem.hint);
        }
        self
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), entity_tag: None, retry_after: None, deferred: None }
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        match &error {
            ServiceError::Internal(detail) => tracing::error!(%detail, "a request failed inside"),
            // The breaker has said so when it opened, and so has who looks for the store.
            ServiceError::Store(
                StoreError::BadCursor | StoreError::NotAsked { .. } | StoreError::NotReached(_),
            ) => {}
            ServiceError::Store(StoreError::Busy(what)) => {
                if let Some(requests) = BUSY.happened() {
                    tracing::warn!(%what, requests, "requests are refused, as the server is busy with others");
                }
            }
            ServiceError::Store(fault) => {
                if let Some(requests) = FAILED.happened() {
                    tracing::error!(error = %fault, requests, "the store failed a request");
                }
            }
            _ => {}
        }
        let entity_tag = match &error {
            ServiceError::StateDeleted(version) | ServiceError::NotDeleted(version) => {
                entity_tag::header(version)
            }
            ServiceError::PreconditionFailed { head: Some(head), .. } => entity_tag::header(head),
            _ => None,
        };
        let retry_after = match &error {
            ServiceError::Store(StoreError::NotAsked { retry_after }) => Some(retry_after.as_secs() + 1),
            _ => None,
        };
        let problem = Box::new(error.problem());
        let deferred = match error {
            ServiceError::Deferred(pending) => Some(Deferred { pending, again: false }),
            ServiceError::DeferredBefore(pending) => Some(Deferred { pending, again: true }),
            _ => None,
        };
        Self { problem, entity_tag, retry_after, deferred: deferred.map(Box::new) }
    }
}

impl From<Overloaded> for Failure {
    fn from(error: Overloaded) -> Self {
        ServiceError::from(error).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Some(deferred) = self.deferred {
            return accepted(&deferred);
        }
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // A problem is made of texts, numbers and versions without data: writing it cannot fail.
        let body = serde_json::to_vec(&self.problem).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(entity_tag) = self.entity_tag {
            headers.insert(ETAG, entity_tag);
        }
        match self.problem.code {
            Code::Unauthorized => {
                let challenge = HeaderValue::from_static("Bearer realm=\"stateloft\"");
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
            Code::UnsupportedEncoding => {
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(decode::ACCEPTED));
            }
            Code::UpgradeRequired => {
                headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            Code::StoreUnavailable
            | Code::WritesStopped
            | Code::OutcomeUnknown
            | Code::ShuttingDown
            | Code::Overloaded
            | Code::TooManyRequests => {
                headers.insert(RETRY_AFTER, HeaderValue::from(self.retry_after.unwrap_or(1)));
            }
            _ => {}
        }
        response
    }
}

/// 202: safe, but not in the store yet, so that there is no version to tell.
fn accepted(deferred: &Deferred) -> Response {
    // Texts and numbers: writing them cannot fail.
    let body = serde_json::to_vec(&deferred.pending).unwrap_or_default();
    let mut response = (StatusCode::ACCEPTED, body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if deferred.again {
        response.headers_mut().insert(REPLAY, HeaderValue::from_static("true"));
    }
    response
}
