//! What a run wrote, counted.

use std::collections::HashMap;

use stateloft_core::api::RunState;
use stateloft_core::book::OpenCounts;
use stateloft_core::model::{StateKey, VersionNumber};

use super::super::{Result, Service};
use super::known::Known;
use crate::store::Wrote;

/// States of a run that are counted at a time.
const COUNTED: usize = 10_000;

/// What a run wrote.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// How many states.
    pub(super) states: u64,
    /// How many versions.
    pub(super) versions: u64,
    /// How many of the states something else has written since.
    pub(super) changed_since: u64,
    /// What of them is open now.
    pub(super) open: OpenCounts,
    /// The first of them, by type and id.
    pub(super) first: Vec<RunState>,
}

impl Service {
    /// What a run wrote, with the first `listed` states.
    pub(super) async fn work_of(&self, run: &Known, listed: usize) -> Result<Work> {
        let since = self.begun_at(run.id.session()).await?;
        let mut work = Work::default();
        let mut behind: Option<StateKey> = None;
        loop {
            let wrote = self.store.written_by(run.id.as_str(), since, behind.as_ref(), COUNTED).await?;
            let Some(last) = wrote.last() else { return Ok(work) };
            behind = Some(last.key.clone());
            let is_last = wrote.len() < COUNTED;
            let keys: Vec<StateKey> = wrote.iter().map(|wrote| wrote.key.clone()).collect();
            let standing = self.store.standing(&keys, self.store.tip().await?.seq).await?;
            for wrote in wrote {
                work.versions += wrote.versions;
                let state = now(wrote, &standing);
                work.states += 1;
                work.changed_since += u64::from(state.changed_since);
                self.count_open(&state, &mut work.open).await?;
                if work.first.len() < listed {
                    work.first.push(state);
                }
            }
            if is_last {
                return Ok(work);
            }
        }
    }

    /// Looks into one state whether what it holds is open.
    async fn count_open(&self, state: &RunState, open: &mut OpenCounts) -> Result<()> {
        let key = StateKey { state_type: state.state_type.clone(), state_id: state.state_id.clone() };
        if !state.live || !OpenCounts::counts(&key) {
            return Ok(());
        }
        // One that is damaged keeps nobody from starting.
        if let Some(head) = self.store.head(&key).await?.filter(|head| !head.is_deleted()) {
            open.add(&key, head.data.as_ref());
        }
        Ok(())
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
