//! Runs: who may write for an instance of a program, until when, and what became of those before.
//!
//! A run is a state of type `session`, whose id is the run's. It is live for as long as that state has one version (see
//! [`stateloft_core::commit::Fence`]): a start is a commit that must find no such state, and that ends the run before in the same go, so
//! of two starters one wins without any lock. Leases ([`crate::store::Leases`]) say when a run has to be ended that does not renew.

mod begin;
mod checkpoints;
mod compare;
mod crashed;
mod end;
mod known;
mod list;
mod lost;
mod renew;
mod restored;
mod start;
mod watch;
mod wrote;

pub(super) use begin::must_say;
pub use checkpoints::CheckpointsRequest;
pub(super) use known::{Known, later, run_id};
pub use list::RunsRequest;
pub use lost::LeaseLost;
pub(super) use renew::Renewals;

use std::time::Duration;

use stateloft_core::commit::{Check, Condition, Expectation, Outcome, Terms, Write};

use super::{Result, Service, ServiceError};

/// How often leases are looked at: one that ends is known well within two seconds.
const LOOK: Duration = Duration::from_millis(500);

impl Service {
    /// Commits what begins or ends runs. It never waits in the fallback journal: who is live is decided now or not at all.
    pub(super) async fn commit_runs(&self, writes: Vec<Write>) -> Result<Vec<Outcome>> {
        let check = |(item, write): (usize, &Write)| Check {
            item,
            key: write.key.clone(),
            condition: Condition::Head(write.expectation),
        };
        debug_assert!(
            writes.iter().all(|write| write.expectation != Expectation::Any),
            "a run is never written blindly"
        );
        let checks = writes.iter().enumerate().map(check).collect();
        let terms = Box::new(Terms { checks, ..Terms::default() });
        self.commit_on_terms(writes, terms).await.map_err(|error| match error {
            ServiceError::TermsNeedStore => ServiceError::NeedsStore,
            other => other,
        })
    }
}
