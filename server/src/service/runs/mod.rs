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
use stateloft_core::model::{RunId, VersionNumber};

use super::{Result, Service, ServiceError};

/// How often leases are looked at: one that ends is known well within two seconds.
const LOOK: Duration = Duration::from_millis(500);

impl Service {
    /// Commits what is only written while a run is live: its session is what it was when it began. A paused run is live, too.
    pub(super) async fn commit_while_live(&self, run: &RunId, writes: Vec<Write>) -> Result<Vec<Outcome>> {
        let live = Check {
            item: writes.len(),
            key: run.session().clone(),
            condition: Condition::Head(Expectation::Version(VersionNumber(1))),
        };
        self.commit_checked(writes, vec![live]).await
    }

    /// Commits what begins or ends runs. It never waits in the fallback journal: who is live is decided now or not at all.
    pub(super) async fn commit_runs(&self, writes: Vec<Write>) -> Result<Vec<Outcome>> {
        debug_assert!(
            writes.iter().all(|write| write.expectation != Expectation::Any),
            "a run is never written blindly"
        );
        self.commit_checked(writes, Vec::new()).await
    }

    async fn commit_checked(&self, writes: Vec<Write>, more: Vec<Check>) -> Result<Vec<Outcome>> {
        let check = |(item, write): (usize, &Write)| Check {
            item,
            key: write.key.clone(),
            condition: Condition::Head(write.expectation),
        };
        let expected = writes.iter().enumerate().filter(|(_, write)| write.expectation != Expectation::Any);
        let checks = expected.map(check).chain(more).collect();
        let terms = Box::new(Terms { checks, ..Terms::default() });
        self.commit_on_terms(writes, terms).await.map_err(|error| match error {
            ServiceError::TermsNeedStore => ServiceError::NeedsStore,
            other => other,
        })
    }
}
