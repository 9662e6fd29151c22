//! The routes without a socket: what a request in this process is answered is what a server would answer it.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::header::HOST;
use hyper::http::HeaderValue;
use hyper::{Request, Response};
use tokio_util::sync::CancellationToken;

use super::guard::Guarded;
use super::options::Options;
use super::router;
use crate::service::Service;

/// The routes of a service that is in this process.
#[derive(Clone)]
pub struct Within {
    router: Guarded,
    stop: CancellationToken,
}

impl Within {
    /// The routes over a service, which the caller shuts down afterwards.
    #[must_use]
    pub fn new(service: Arc<Service>) -> Self {
        let stop = CancellationToken::new();
        let app = router::app(service, Options::default(), stop.clone());
        Self { router: router::router(&app), stop }
    }

    /// What a request is answered. Its address begins with the path, such as `/api/v1/status`.
    pub async fn answer<B>(
        &self,
        mut request: Request<B>,
    ) -> Response<UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>>
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        request.headers_mut().insert(HOST, HeaderValue::from_static("localhost"));
        let response = self.router.answer(request.map(Body::new)).await;
        response.map(|body| body.map_err(Into::into).boxed_unsync())
    }

    /// Ends the streams that it answered with.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}
