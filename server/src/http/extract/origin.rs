//! Where writes come from: what a request says of it, and its `traceparent` header.

use axum::http::{HeaderMap, HeaderName};
use stateloft_core::model::Origin;

/// W3C Trace Context.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What the header says, if there is one that can be read.
pub(super) fn trace(headers: &HeaderMap) -> Option<Origin> {
    headers.get(TRACEPARENT).and_then(|value| value.to_str().ok()).and_then(Origin::of_traceparent)
}

/// The origin of writes whose route has no body: its parameters, else the header.
pub(crate) fn origin(
    run_id: Option<String>,
    correlation_id: Option<String>,
    causation_id: Option<String>,
    headers: &HeaderMap,
) -> Origin {
    let said = Origin {
        run_id: run_id.map(Into::into),
        correlation_id: correlation_id.map(Into::into),
        causation_id: causation_id.map(Into::into),
    };
    said.or(trace(headers).unwrap_or_default())
}
