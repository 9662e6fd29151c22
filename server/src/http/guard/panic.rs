//! A handler that panics is answered with a problem, and the server goes on.

use std::any::Any;

use axum::response::{IntoResponse, Response};
use statehouse_core::api::Code;
use tower_http::catch_panic::CatchPanicLayer;

use crate::http::failure::Failure;

type OnPanic = fn(Box<dyn Any + Send>) -> Response;

/// The net.
pub(super) fn net() -> CatchPanicLayer<OnPanic> {
    CatchPanicLayer::custom(answer as OnPanic)
}

#[allow(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn answer(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = text, "a handler panicked");
    Failure::new(Code::Internal, "the server failed; what happened is in its log").into_response()
}
