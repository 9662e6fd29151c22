//! The owner of the bucket: keeps the lease, begins epochs, commits groups.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use stateloft_core::model::Timestamp;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::epoch::{End, Epoch, Epochs};
use super::index::{Brought, Index};
use super::lease::Lease;
use super::{leftovers, session};
use crate::clock::{Machine, Sources as _};
use crate::repeats::Repeats;
use crate::store::deadline::Sending;
use crate::store::decide::{Needs, decide_group};
use crate::store::{Result, StoreError, WriteRefusal, WriteRequest, Written};

/// What the store shares with the task that keeps the lease.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) index: RwLock<Index>,
    /// Absent when the store was opened for reading only.
    pub(super) writing: Option<Writing>,
}

#[derive(Debug)]
pub(super) struct Writing {
    pub(super) lease: Lease,
    pub(super) session: Mutex<Session>,
}

/// What a writer needs besides the lease.
#[derive(Debug)]
pub(super) enum Session {
    /// Absent after a failure, until the next commit begins a new epoch.
    Open(Option<Epoch>),
    Closed,
}

static NOT_RENEWED: Repeats = Repeats::new();
static NOT_TAKEN: Repeats = Repeats::new();

fn said(times: Option<u64>, what: &str) {
    if let Some(times) = times {
        tracing::info!(times, "{what}");
    }
}

/// Renews the lease for as long as the store is open, and takes the bucket over again when it was lost.
pub(super) async fn keep(shared: Arc<Shared>, stop: CancellationToken) {
    let Some(writing) = &shared.writing else { return };
    let renew = async {
        loop {
            tokio::time::sleep(writing.lease.pace()).await;
            if !writing.lease.is_good() {
                continue;
            }
            match writing.lease.renew().await {
                Ok(()) => said(NOT_RENEWED.ended(), "the lease of the bucket is renewed again"),
                Err(error) => {
                    if let Some(times) = NOT_RENEWED.happened() {
                        tracing::warn!(%error, times, "the lease of the bucket was not renewed");
                    }
                }
            }
        }
    };
    let recover = async {
        loop {
            tokio::time::sleep(writing.lease.pace()).await;
            if writing.lease.is_good() {
                continue;
            }
            match shared.ready().await {
                Ok(()) => said(NOT_TAKEN.ended(), "the bucket is taken over again"),
                Err(error) => {
                    if let Some(times) = NOT_TAKEN.happened() {
                        tracing::warn!(%error, times, "the bucket could not be taken over again; it is tried on");
                    }
                }
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = async { tokio::join!(renew, recover); } => {}
    }
}

impl Shared {
    pub(super) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that this server may write.
    pub(super) async fn ready(&self) -> Result<()> {
        let Some(writing) = &self.writing else { return Ok(()) };
        let mut session = writing.session.lock().await;
        let epoch = self.take(writing, &mut session).await?;
        *session = Session::Open(Some(epoch));
        Ok(())
    }

    /// The epoch to write in, which the caller puts back if it goes well: begun anew where the last one ended in doubt.
    pub(super) async fn take(&self, writing: &Writing, session: &mut Session) -> Result<Epoch> {
        let Session::Open(epoch) = session else {
            return Err(StoreError::Unavailable("the store is closed".into()));
        };
        let epoch = epoch.take();
        if !writing.lease.is_good() {
            writing.lease.acquire().await?;
        } else if let Some(epoch) = epoch {
            return Ok(epoch);
        }
        session::catch_up(&self.client, &self.index).await?;
        let (mut epochs, end) = {
            let index = self.index();
            (Epochs::clone(&index.epochs), End::of(index.commit, index.tip))
        };
        // The time is only there to tell epochs apart; what is recorded gets its time from the caller.
        let opened = epochs.open(&self.client, end, Machine.wall()).await;
        if opened.is_ok() {
            // Nothing waits for it, and nothing that is written from now on is touched by it.
            tokio::spawn(leftovers::tidy(self.client.clone(), epochs.ended()));
        }
        // Even if that failed: its number is used up.
        self.index.write().unwrap_or_else(PoisonError::into_inner).epochs = Arc::new(epochs);
        writing.lease.check()?;
        opened
    }

    pub(super) async fn commit(
        &self,
        writing: &Writing,
        epoch: &Epoch,
        group: &[WriteRequest],
        now: Timestamp,
        sending: &Sending,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let (decided, commit, before) = {
            let index = self.index();
            let decided = decide_group(group, index.known(&Needs::of(group)), now);
            (decided, index.commit + 1, End::of(index.commit, index.tip))
        };
        if !decided.is_empty() {
            session::write(&self.client, epoch, commit, before, &decided, sending).await?;
        }
        // Whoever takes over waits until the lease has run out: what is answered now was stored before that.
        writing.lease.check()?;
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        if !decided.is_empty() {
            index.commit = commit;
        }
        decided.versions.into_iter().for_each(|version| index.keep(version));
        index.keep_records(Brought {
            snapshots: decided.snapshots,
            restores: decided.restores,
            receipts: decided.receipts,
        });
        Ok(decided.answers)
    }
}
