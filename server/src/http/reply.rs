//! Answers that several routes give.

use axum::http::header::{AGE, CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use stateloft_core::api::{Notice, PendingState, StateView};
use stateloft_core::commit::Outcome;
use stateloft_core::model::{Timestamp, Version};

use super::app::App;
use super::entity_tag;
use super::failure::Answer;
use crate::budget::{self, Held};
use crate::heavy;
use crate::service::{Answered, Found, Reading, ServiceError};

/// The store is away: the answer is what was known at this time.
pub(crate) const STALE_SINCE: HeaderName = HeaderName::from_static("stateloft-stale-since");
/// Recorded times are ahead of the clock, up to this one: what was asked for by a time may not be what was then.
pub(crate) const TIMES_AHEAD: HeaderName = HeaderName::from_static("stateloft-times-ahead-until");
/// The public id of the version that an answer is of.
pub(crate) const VERSION_ID: HeaderName = HeaderName::from_static("stateloft-version-id");
/// The answer is that of an earlier request with the same key.
pub(crate) const REPLAY: HeaderName = HeaderName::from_static("idempotent-replay");
/// So many writes to the state wait in the fallback journal.
pub(crate) const WAITING: HeaderName = HeaderName::from_static("stateloft-waiting");
/// The answer is the last of them, which has no version yet: this is its pending id.
pub(crate) const PENDING: HeaderName = HeaderName::from_static("stateloft-pending");

/// A JSON answer. How much there is to write says what the request holds: whoever read much for it has said so.
pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Answer {
    written(status, heavy::work(budget::held(), || serde_json::to_vec(value)))
}

fn written(status: StatusCode, body: serde_json::Result<Vec<u8>>) -> Answer {
    let body = body.map_err(|error| ServiceError::Internal(error.to_string()))?;
    let mut response = (status, kept(body)?).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Answers that are smaller than this are not counted: they are written to the socket at once.
const UNCOUNTED: usize = 16 << 10;

/// The bytes of an answer, counted until the last of them is sent.
pub(crate) fn kept(body: impl AsRef<[u8]> + Send + 'static) -> Answer<Bytes> {
    struct Kept<B> {
        body: B,
        /// Given back with the body.
        _held: Option<Held>,
    }
    impl<B: AsRef<[u8]>> AsRef<[u8]> for Kept<B> {
        fn as_ref(&self) -> &[u8] {
            self.body.as_ref()
        }
    }
    let len = body.as_ref().len();
    let held = if len < UNCOUNTED { None } else { budget::carry(len)? };
    Ok(Bytes::from_owner(Kept { body, _held: held }))
}

/// A version with its data, which may be large.
pub(crate) fn state(status: StatusCode, view: &StateView) -> Answer {
    written(status, heavy::work(view.version.size, || view.to_json()))
}

/// A write that waits, with its data.
pub(crate) fn pending(pending: &PendingState) -> Answer {
    written(StatusCode::OK, heavy::work(pending.size, || serde_json::to_vec(pending)))
}

/// The answer to a save: 201 for the first version of a live state, else 200. What is to be said of it is said to whoever
/// did it, and not again.
pub(crate) async fn saved(app: &App, done: &Answered<Outcome>) -> Answer {
    let written = std::iter::once(&done.answer).filter(|outcome| outcome.is_written() && !done.again);
    let notices = app.service.notices(written.map(Outcome::version)).await;
    once(done, |outcome| saved_with(outcome, notices.into_values().collect()))
}

fn saved_with(outcome: &Outcome, notices: Vec<Notice>) -> Answer {
    let version = outcome.version();
    let unchanged = matches!(outcome, Outcome::Unchanged(_));
    let created = !unchanged && version.operation == stateloft_core::model::Operation::Create;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let view = StateView { unchanged, notices, ..StateView::of(version) };
    let mut response = state(status, &view)?;
    tag(&mut response, version);
    Ok(response)
}

/// The answer to a write that is done once for its key: says whether an earlier request did it.
pub(crate) fn once<T>(done: &Answered<T>, answer: impl FnOnce(&T) -> Answer) -> Answer {
    let mut response = answer(&done.answer)?;
    if done.again {
        response.headers_mut().insert(REPLAY, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// The answer to a read of a state: of a version, or of a write that has none yet.
pub(crate) fn found(
    headers: &HeaderMap,
    found: &Found,
    now: Timestamp,
    version: impl FnOnce(&Version) -> Answer,
    waiting: impl FnOnce(&PendingState) -> Answer,
) -> Answer {
    match found {
        Found::Version(reading) => read(headers, reading, now, version),
        Found::Pending(pending) => {
            let mut response = waiting(pending)?;
            say_pending(&mut response, pending);
            Ok(response)
        }
    }
}

/// Says which write an answer is. It has no entity tag, as that would name a version.
fn say_pending(response: &mut Response, pending: &PendingState) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(WAITING, HeaderValue::from(pending.waiting));
    if let Ok(id) = HeaderValue::from_str(&pending.pending_id) {
        headers.insert(PENDING, id);
    }
}

/// The answer to a read of one version: 304 when the client has it already.
fn read(
    headers: &HeaderMap,
    found: &Reading,
    now: Timestamp,
    body: impl FnOnce(&Version) -> Answer,
) -> Answer {
    let version = &found.version;
    let mut response = if entity_tag::not_modified(headers, version)? {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body(version)?
    };
    tag(&mut response, version);
    // May be kept, but must be asked for again each time: a state changes at any moment.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    say_age(&mut response, found, now);
    Ok(response)
}

/// Says how old an answer is that the store could not give, and that writes wait which will move the state.
fn say_age(response: &mut Response, found: &Reading, now: Timestamp) {
    if let Some(age) = found.age {
        let micros = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        say_stale(response, Timestamp::from_micros(now.micros().saturating_sub(micros)), now);
    }
    if let Some(last) = found.times_ahead {
        say_times_ahead(response, last);
    }
    if found.waiting > 0 {
        response.headers_mut().insert(WAITING, HeaderValue::from(found.waiting));
    }
}

/// Says that an answer is of what was known at a time.
pub(crate) fn say_stale(response: &mut Response, since: Timestamp, now: Timestamp) {
    let age = now.micros().saturating_sub(since.micros()) / 1_000_000;
    response.headers_mut().insert(AGE, HeaderValue::from(age.max(0)));
    if let Ok(since) = HeaderValue::from_str(&since.to_string()) {
        response.headers_mut().insert(STALE_SINCE, since);
    }
}

/// Says that recorded times are ahead of the clock, up to this one.
pub(crate) fn say_times_ahead(response: &mut Response, last: Timestamp) {
    if let Ok(last) = HeaderValue::from_str(&last.to_string()) {
        response.headers_mut().insert(TIMES_AHEAD, last);
    }
}

/// Says which version a response is of, by its entity tag and by its public id: the bytes of `/raw` do not say it.
pub(crate) fn tag(response: &mut Response, version: &Version) {
    if let Ok(id) = HeaderValue::from_str(version.version_id().as_str()) {
        response.headers_mut().insert(VERSION_ID, id);
    }
    if let Some(entity_tag) = entity_tag::header(version) {
        response.headers_mut().insert(ETAG, entity_tag);
    }
}
