//! What every handler can reach.

use std::ops::Deref;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::guard::Tries;
use super::options::{Limits, Options};
use crate::service::Service;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) service: Arc<Service>,
    pub(crate) options: Options,
    /// Wrong keys, by address.
    pub(crate) tries: Tries,
    /// Cancelled when the server is to stop.
    pub(crate) stop: CancellationToken,
    /// The WebSocket sessions, which outlive the requests that opened them.
    pub(crate) sessions: TaskTracker,
}

impl App {
    pub(crate) fn new(service: Arc<Service>, options: Options, stop: CancellationToken) -> Self {
        let tries = Tries::new(options.limits.wrong_keys, options.limits.wrong_key_every);
        Self(Arc::new(Shared { service, options, tries, stop, sessions: TaskTracker::new() }))
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
