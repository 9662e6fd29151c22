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

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode};
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn broken() -> StatusCode {
        panic!("the password is hunter2")
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing() {
        let router: Router = Router::new().route("/", get(broken)).layer(net());
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let problem: statehouse_core::api::Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem.code, Code::Internal);
        assert!(!problem.detail.contains("hunter2"));
    }
}
