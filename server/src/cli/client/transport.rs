//! How requests get to where they are answered: to a server over HTTP, or to the same routes in this process.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::combinators::{BoxBody, UnsyncBoxBody};
use hyper::{Request, Response};

use super::remote::Remote;
use crate::http::Within;
use crate::service::Service;

/// The body of an answer, which may go on without an end.
pub(in crate::cli) type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The body of a request. Whoever reads it for the request says himself what went wrong with it.
pub(in crate::cli) type Payload = BoxBody<Bytes, Infallible>;

/// No answer came.
#[derive(Debug)]
pub(in crate::cli) struct Unreached {
    /// Whether the request may have been taken all the same.
    pub(in crate::cli) sent: bool,
    pub(in crate::cli) why: String,
}

impl Unreached {
    /// The request cannot have been sent.
    pub(super) fn never(why: String) -> Self {
        Self { sent: false, why }
    }
}

/// Where requests are answered.
pub(in crate::cli) enum Transport {
    /// By a server.
    Remote(Remote),
    /// In this process, over a store that was opened for this.
    Store {
        /// Which store, for people.
        place: String,
        routes: Within,
        service: Arc<Service>,
    },
}

impl Transport {
    /// Over a service that is closed with the transport.
    pub(in crate::cli) fn over(service: Arc<Service>, place: String) -> Self {
        Self::Store { place, routes: Within::new(Arc::clone(&service)), service }
    }

    /// Where that is, as a sentence names it.
    pub(in crate::cli) fn place(&self) -> String {
        match self {
            Self::Remote(remote) => remote.place(),
            Self::Store { place, .. } => place.clone(),
        }
    }

    /// What a request is answered. Its address begins with `/api/v1`.
    pub(in crate::cli) async fn send(&self, request: Request<Payload>) -> Result<Response<Body>, Unreached> {
        match self {
            Self::Remote(remote) => remote.send(request).await,
            Self::Store { routes, .. } => Ok(routes.answer(request).await),
        }
    }

    /// Ends what was begun for it. What was written is durable already.
    pub(in crate::cli) async fn close(self) {
        if let Self::Store { routes, service, .. } = self {
            routes.stop();
            service.shutdown().await;
        }
    }
}
