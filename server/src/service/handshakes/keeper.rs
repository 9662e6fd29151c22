//! The lease of whoever leads a handshake.

use std::sync::Arc;
use std::time::Duration;

use stateloft_core::api::{Handshake, HandshakeStatus};
use tokio::task::JoinHandle;

use super::super::{Clock, Result, Service};
use crate::store::{LeaseTerm, StateStore};

/// How long a handshake goes on that nobody leads any more.
const TERM: Duration = Duration::from_secs(5);
/// How often whoever leads it says so.
const RENEW: Duration = Duration::from_secs(1);
/// How often it is looked whether a run that an operator has paused is still live.
const STILL_LIVE: Duration = Duration::from_secs(2);
/// What the names of these leases begin with: no run's id does.
const PREFIX: &str = "handshake:";

/// The handshake of a lease, if it is one's.
pub(in crate::service) fn handshake_of_lease(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)
}

/// The lease of a handshake.
pub(super) fn lease(id: &str) -> LeaseTerm {
    LeaseTerm { run_id: format!("{PREFIX}{id}"), term: TERM }
}

/// The lease of a handshake that is open. That of an operator's pause is over when the run's word has been waited for, and then, again
/// and again, when it is to be looked whether the run is still live.
pub(super) fn lease_of(handshake: &Handshake) -> LeaseTerm {
    let asked = lease(&handshake.handshake);
    match handshake.status {
        _ if !handshake.is_only_a_pause() => asked,
        HandshakeStatus::Asking => LeaseTerm { term: Duration::from_secs(handshake.wait_seconds), ..asked },
        _ => LeaseTerm { term: STILL_LIVE, ..asked },
    }
}

/// Renews a handshake's lease until it is dropped.
pub(super) struct Keeper(JoinHandle<()>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Keeper {
    fn of(id: &str, store: Arc<dyn StateStore>, clock: Arc<dyn Clock>) -> Self {
        let lease = [lease(id)];
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEW).await;
                // Where the store is away the next one may reach it; where the lease is over, the handshake is, and its next step finds that.
                if let Err(error) = store.renew_leases(&lease, clock.now()).await {
                    tracing::debug!(%error, "the lease of a handshake was not renewed");
                }
            }
        }))
    }
}

impl Service {
    /// Begins to lead a handshake.
    pub(super) async fn lead(&self, id: &str) -> Result<Keeper> {
        self.store.renew_leases(&[lease(id)], self.now()).await?;
        Ok(Keeper::of(id, Arc::clone(&self.store), Arc::clone(&self.settings.clock)))
    }

    /// Forgets the lease of a handshake that has ended. Where that fails, the next look does it.
    pub(super) async fn lead_no_more(&self, id: &str) {
        self.forget_leases(&[lease(id).run_id]).await;
    }
}
