//! Checkpoints of a run: states that are written together, and the moment named, in one commit.
//!
//! A checkpoint is a version of the state of type `checkpoint` whose id is the run's, written behind the states that are saved with
//! it: its number is its version's, and its seq is the moment. So it costs one version at any size of the store, is of one moment on every
//! store, and needs nothing else, no broker's answer least of all. What is said of it later, that it is pinned, stands in a state of its
//! own.

mod list;
mod pin;
mod take;

pub use list::CheckpointsRequest;

use stateloft_core::api::{CheckpointPins, CheckpointView, VersionView};
use stateloft_core::json::Document;
use stateloft_core::model::{RunId, StateKey, Version, VersionNumber};

use super::super::{Result, Service, ServiceError};
use crate::store::{Cursor, HistoryQuery, OriginFilter, StoreError};

/// Versions that are looked through at a time.
const STRETCH: usize = 100;

/// The state of a run's checkpoints, and that of its pins.
fn keys(run: &RunId) -> Result<(StateKey, StateKey)> {
    let keys = CheckpointPins::checkpoints(run).zip(CheckpointPins::key(run));
    keys.ok_or_else(|| ServiceError::Internal(format!("{run} is too long for an id")))
}

/// The last checkpoint of a run.
pub(super) enum Last {
    /// It took none.
    Never,
    /// This one.
    Taken(CheckpointView),
    /// Nobody can say: what stands at this number of its checkpoints, or which of them are pinned, is damaged. An earlier one is not the
    /// last, and none at all is not what there is.
    Damaged(u64),
}

impl Last {
    /// The number of the last one.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Never => 0,
            Self::Taken(last) => last.number,
            Self::Damaged(number) => *number,
        }
    }

    /// It, where it can be read, and whether it cannot.
    pub(super) fn known(self) -> (Option<CheckpointView>, bool) {
        match self {
            Self::Never => (None, false),
            Self::Taken(last) => (Some(last), false),
            Self::Damaged(_) => (None, true),
        }
    }
}

/// What a run has pinned, and the number of the version that says so.
struct Pinned {
    pins: CheckpointPins,
    version: VersionNumber,
}

impl Pinned {
    /// As it is said in a state's head. What is deleted, or nobody can read, pins nothing.
    fn of(head: Option<Version>) -> Self {
        let version = head.as_ref().map_or(VersionNumber::ZERO, |head| head.version);
        let read = |data: &Document| serde_json::from_str::<CheckpointPins>(data.text()).ok();
        let pins: CheckpointPins =
            head.and_then(|head| head.data.as_ref().and_then(read)).unwrap_or_default();
        // Whoever writes it by hand need not know that it is in order.
        let pins =
            pins.pinned.iter().fold(CheckpointPins::default(), |pins, number| pins.with(*number, true));
        Self { pins, version }
    }
}

impl Service {
    async fn pinned(&self, run: &RunId) -> Result<Pinned> {
        let head = self.store.head(&keys(run)?.1).await?.map(StoreError::unless_damaged).transpose()?;
        Ok(Pinned::of(head))
    }

    /// The last checkpoint of a run. That it is damaged keeps nobody from starting.
    pub(super) async fn last_checkpoint(&self, run: &RunId) -> Result<Last> {
        let (key, _) = keys(run)?;
        let head = match self.store.head(&key).await? {
            None => return Ok(Last::Never),
            Some(head) if head.damaged.is_some() => return Ok(Last::Damaged(head.version.0)),
            Some(head) => head,
        };
        let pins = match self.pinned(run).await {
            Err(ServiceError::Store(StoreError::Damaged(_) | StoreError::DamagedVersion(_))) => {
                return Ok(Last::Damaged(head.version.0));
            }
            other => other?.pins,
        };
        if let Some(last) = view(&head, &pins) {
            return Ok(Last::Taken(last));
        }
        // Something else has written the state.
        let mut cursor = None;
        loop {
            let page = self.store.history(&history(&key, STRETCH, cursor)).await?;
            for row in &page.rows {
                if row.version.damaged {
                    return Ok(Last::Damaged(row.version.version.0));
                }
                if let Some(last) = CheckpointView::of(&row.version, row.data.as_ref(), &pins) {
                    return Ok(Last::Taken(last));
                }
            }
            if page.next.is_none() {
                return Ok(Last::Never);
            }
            cursor = page.next;
        }
    }
}

/// The checkpoint that a version is, if it is one.
fn view(version: &Version, pins: &CheckpointPins) -> Option<CheckpointView> {
    CheckpointView::of(&VersionView::of(version), version.data.as_ref(), pins)
}

fn history(key: &StateKey, limit: usize, cursor: Option<Cursor>) -> HistoryQuery {
    HistoryQuery {
        key: key.clone(),
        from: None,
        to: None,
        origin: OriginFilter::default(),
        limit,
        cursor,
        with_data: true,
    }
}
