//! One line a request, without headers, query or body: none of them belongs in a log.

use std::time::Instant;

use axum::extract::Request;
use axum::http::{Method, StatusCode, Uri};

use crate::repeats::Repeats;

static FAILED: Repeats = Repeats::new();

/// What the line says of a request, taken before it is handled.
pub(super) struct Line {
    started: Instant,
    method: Method,
    uri: Uri,
}

impl Line {
    pub(super) fn of(request: &Request) -> Self {
        Self { started: Instant::now(), method: request.method().clone(), uri: request.uri().clone() }
    }

    /// Writes the line when the request has been answered.
    pub(super) fn log(&self, status: StatusCode) {
        let (method, path) = (&self.method, self.uri.path());
        let micros = self.started.elapsed().as_micros();
        if status.is_server_error() {
            // While a store is away every request fails, and all for one reason.
            if let Some(requests) = FAILED.happened() {
                tracing::warn!(%method, path, status = status.as_u16(), micros, requests, "request failed");
            } else {
                tracing::debug!(%method, path, status = status.as_u16(), micros, "request failed");
            }
        } else {
            tracing::debug!(%method, path, status = status.as_u16(), micros, "request");
        }
    }
}
