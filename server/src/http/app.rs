//! What every handler can reach.

use std::ops::Deref;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::options::{Limits, Options};
use crate::service::Service;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) service: Arc<Service>,
    pub(crate) options: Options,
    /// Cancelled when the server is to stop.
    pub(crate) stop: CancellationToken,
    /// The WebSocket sessions, which outlive the requests that opened them.
    pub(crate) sessions: TaskTracker,
}

impl App {
    pub(crate) fn new(service: Arc<Service>, options: Options, stop: CancellationToken) -> Self {
        Self(Arc::new(Shared { service, options, stop, sessions: TaskTracker::new() }))
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.options.limits
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
