//! What a run wrote, counted.

use std::collections::HashMap;

use stateloft_core::api::RunState;
use stateloft_core::book::OpenCounts;
use stateloft_core::model::{RunId, Seq, StateKey, VersionNumber, is_kept_of_runs};

use super::super::named::Named;
use super::super::{Result, Service, ServiceError};
use super::known::Known;
use crate::store::{MovedState, StoreError, Wrote};

/// States of a run that are counted. Of one that wrote more it is only said that there are more: who counts all of them keeps
/// whoever starts waiting.
const COUNTED: usize = 10_000;
/// Bytes of heads that are read to know what is open.
const OPEN_BYTES: usize = 64 << 20;
/// States that are looked at in one go for one that a run wrote.
const STRETCH: usize = 1_000;
/// Runs that are looked back at for one that wrote something.
const BACK: usize = 64;

/// What is open of what a run wrote.
#[derive(Debug, Default, Clone, Copy)]
pub(super) enum Open {
    /// So much.
    Counted(OpenCounts),
    /// It is more than is looked at.
    #[default]
    TooMuch,
    /// A state of it is damaged: it may be open, or not.
    Damaged,
}

impl Open {
    /// How much, where all of it was counted.
    pub(super) fn known(self) -> Option<OpenCounts> {
        match self {
            Self::Counted(open) => Some(open),
            Self::TooMuch | Self::Damaged => None,
        }
    }

    /// Whether something of it is damaged.
    pub(super) fn is_damaged(self) -> bool {
        matches!(self, Self::Damaged)
    }
}

/// What a run wrote.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// How many states are counted.
    pub(super) states: u64,
    /// How many versions of them.
    pub(super) versions: u64,
    /// It wrote more states than are counted.
    pub(super) more: bool,
    /// How many of the states something else has written since; absent where not all of them were looked at.
    pub(super) changed_since: Option<u64>,
    /// What of them is open now.
    pub(super) open: Open,
    /// The first of them, by type and id, without what the server keeps of runs.
    pub(super) first: Vec<RunState>,
    /// There are others than the first.
    pub(super) others: bool,
}

impl Service {
    /// What a run wrote, with the first `listed` states.
    pub(super) async fn work_of(&self, run: &Known, listed: usize) -> Result<Work> {
        let since = self.begun_at(run.id.session()).await?;
        let mut wrote = self.store.written_by(run.id.as_str(), since, None, COUNTED + 1).await?;
        let more = wrote.len() > COUNTED;
        wrote.truncate(COUNTED);
        let mut work = Work {
            states: wrote.len() as u64,
            versions: wrote.iter().map(|wrote| wrote.versions).sum(),
            more,
            ..Work::default()
        };
        wrote.retain(|wrote| !is_kept_of_runs(&wrote.key));
        work.others = more || wrote.len() > listed;
        if more {
            wrote.truncate(listed);
        }
        let keys: Vec<StateKey> = wrote.iter().map(|wrote| wrote.key.clone()).collect();
        let standing = self.store.standing(&keys, self.store.tip().await?.seq).await?;
        work.first = wrote.into_iter().map(|wrote| now(wrote, &standing)).collect();
        if !more {
            work.changed_since = Some(work.first.iter().filter(|state| state.changed_since).count() as u64);
            work.open = self.open_of(&work.first).await?;
        }
        work.first.truncate(listed);
        Ok(work)
    }

    /// How many of these states, by type and id, hold something open. What is damaged keeps nobody from starting. Those that are said to be
    /// deleted are read, too: only who reads a version finds that it says so by damage.
    async fn open_of(&self, states: &[RunState]) -> Result<Open> {
        let key = |state: &RunState| StateKey {
            state_type: state.state_type.clone(),
            state_id: state.state_id.clone(),
        };
        let keys: Vec<StateKey> = states.iter().map(key).filter(OpenCounts::counts).collect();
        let (mut open, mut bytes) = (OpenCounts::default(), 0);
        let mut named = Named::new(keys);
        loop {
            match named.next(&*self.store, Seq::ZERO).await {
                Ok(None) => return Ok(Open::Counted(open)),
                Ok(Some(page)) if page.iter().any(|state| state.head.damaged.is_some()) => {
                    return Ok(Open::Damaged);
                }
                Ok(Some(page)) => {
                    for MovedState { head, .. } in page.iter().filter(|state| !state.head.is_deleted()) {
                        bytes += head.size();
                        open.add(&head.key, head.data.as_ref());
                    }
                    if bytes > OPEN_BYTES {
                        return Ok(Open::TooMuch);
                    }
                }
                Err(StoreError::Damaged(_) | StoreError::DamagedVersion(_)) => return Ok(Open::Damaged),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The last run up to this one that wrote anything: one that wrote nothing holds what was left to it as it was. This one
    /// where none did.
    pub(in crate::service) async fn last_that_wrote(&self, run: Known) -> Result<Known> {
        let mut earlier = run.clone();
        for _ in 0..BACK {
            if self.wrote_something(&earlier).await? {
                return Ok(earlier);
            }
            let before = earlier.session.previous.as_deref().and_then(|id| id.parse::<RunId>().ok());
            let Some(before) = before else { break };
            match self.known(&before).await {
                Ok(Some(before)) => earlier = before,
                Ok(None) | Err(ServiceError::StateDeleted(_)) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(run)
    }

    /// Whether a run wrote any state but what the server keeps of it.
    async fn wrote_something(&self, run: &Known) -> Result<bool> {
        let since = self.begun_at(run.id.session()).await?;
        let mut behind: Option<StateKey> = None;
        loop {
            let wrote = self.store.written_by(run.id.as_str(), since, behind.as_ref(), STRETCH).await?;
            if wrote.iter().any(|wrote| !is_kept_of_runs(&wrote.key)) {
                return Ok(true);
            }
            if wrote.len() < STRETCH {
                return Ok(false);
            }
            behind = wrote.into_iter().last().map(|wrote| wrote.key);
        }
    }
}

/// A state of a run as it is now.
pub(super) fn now(wrote: Wrote, standing: &HashMap<StateKey, (VersionNumber, bool)>) -> RunState {
    let (head_version, live) = standing.get(&wrote.key).copied().unwrap_or((wrote.version, false));
    RunState {
        state_type: wrote.key.state_type,
        state_id: wrote.key.state_id,
        versions: wrote.versions,
        version: wrote.version,
        seq: wrote.seq,
        head_version,
        live,
        changed_since: head_version > wrote.version,
    }
}
