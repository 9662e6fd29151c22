//! The checkpoints of a run, newest first.

use std::time::Duration;

use stateloft_core::api::{
    CheckpointList, CheckpointPins, CheckpointStatistics, CheckpointView, StateSummary,
};
use stateloft_core::model::{RunId, StateKey, Timestamp, VersionNumber};

use super::super::super::read::page_size;
use super::super::super::{Result, Service, ServiceError};
use super::super::known::{later, run_id};
use super::{Last, history, keys, view};
use crate::store::{Cursor, StoreError};

/// How many of the last checkpoints a list has where it is not said.
const KEEP: u64 = 100;
/// What a cursor begins with that goes on in the history, and one that goes on among those that are pinned.
const IN_HISTORY: &str = "h:";
const AMONG_PINS: &str = "p:";

/// Which checkpoints to list: `GET /runs/{run_id}/checkpoints`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckpointsRequest {
    /// So many of the last ones; 100 when left out.
    pub keep: Option<u64>,
    /// Besides those, all that are not older than so many seconds.
    pub older_than: Option<u64>,
    /// At most this many rows, 1 to 1000.
    pub limit: usize,
    /// From the page before.
    pub cursor: Option<String>,
}

/// Where a list goes on.
enum From {
    History(Option<Cursor>),
    /// Pinned ones below this number.
    Pins(u64),
}

/// What stays in the list whether or not it is pinned: the last ones, and the young ones.
struct Kept {
    above: u64,
    since: Option<Timestamp>,
}

impl Kept {
    fn has(&self, checkpoint: &CheckpointView) -> bool {
        checkpoint.number > self.above || self.since.is_some_and(|since| checkpoint.taken_at >= since)
    }
}

impl Service {
    /// The checkpoints of a run. Nothing is ever removed: what is not listed is found by its number.
    pub async fn checkpoints(&self, id: &str, request: &CheckpointsRequest) -> Result<CheckpointList> {
        let run = run_id(id)?;
        self.run(&run).await?;
        let limit = page_size(request.limit)?;
        let from = from(request.cursor.as_deref())?;
        let last = self.last_checkpoint(&run).await?;
        let count = last.count();
        let statistics = match &last {
            Last::Never => return Ok(CheckpointList::default()),
            Last::Taken(last) => self.statistics(&run, last).await?,
            // When it was taken is not known, nor how far from the others.
            Last::Damaged(count) => CheckpointStatistics { count: *count, ..CheckpointStatistics::default() },
        };
        let kept = Kept {
            above: count.saturating_sub(request.keep.unwrap_or(KEEP)),
            since: request.older_than.map(|seconds| earlier(self.now(), seconds)),
        };
        let pins = self.pinned(&run).await?.pins;
        let page = self.page(&run, from, &kept, &pins, limit).await?;
        Ok(CheckpointList { statistics, ..page })
    }

    async fn page(
        &self,
        run: &RunId,
        from: From,
        kept: &Kept,
        pins: &CheckpointPins,
        limit: usize,
    ) -> Result<CheckpointList> {
        let (key, _) = keys(run)?;
        let mut list = CheckpointList::default();
        let below = match from {
            From::Pins(below) => below,
            From::History(cursor) => {
                let page = self.store.history(&history(&key, limit, cursor)).await?;
                let Some(below) = list_kept(&mut list, &page.rows, kept, pins) else {
                    list.next_cursor = page.next.map(|cursor| format!("{IN_HISTORY}{}", cursor.0));
                    return Ok(list);
                };
                below
            }
        };
        let mut pinned = pins.pinned.iter().rev().copied().filter(|number| *number < below);
        for number in pinned.by_ref().take(limit - list.checkpoints.len() - list.damaged.len()) {
            match self.store.version(&key, VersionNumber(number)).await? {
                Some(version) if version.damaged.is_some() => list.damaged.push(number),
                version => list.checkpoints.extend(version.and_then(|version| view(&version, pins))),
            }
        }
        list.next_cursor = pinned.next().map(|number| format!("{AMONG_PINS}{}", number + 1));
        Ok(list)
    }

    async fn statistics(&self, run: &RunId, last: &CheckpointView) -> Result<CheckpointStatistics> {
        let (key, _): (StateKey, _) = keys(run)?;
        let (count, taken) = (last.number, last.taken_at);
        match self.store.version(&key, VersionNumber(1)).await? {
            Some(first) if first.damaged.is_some() => {
                Ok(CheckpointStatistics { count, last: Some(taken), ..CheckpointStatistics::default() })
            }
            first => {
                let first = first.map_or(taken, |first| first.recorded_at);
                Ok(CheckpointStatistics::of(count, first, taken))
            }
        }
    }
}

/// Lists what is kept of a stretch of the history. Below which number the pinned ones are listed, where one is passed over.
fn list_kept(
    list: &mut CheckpointList,
    rows: &[StateSummary],
    kept: &Kept,
    pins: &CheckpointPins,
) -> Option<u64> {
    for row in rows {
        let number = row.version.version.0;
        if row.version.damaged {
            // When it was taken is not known: among what is kept by its age it may be one of those.
            if number <= kept.above && kept.since.is_none() {
                return Some(number + 1);
            }
            list.damaged.push(number);
        } else if let Some(checkpoint) = CheckpointView::of(&row.version, row.data.as_ref(), pins) {
            if !kept.has(&checkpoint) {
                return Some(number + 1);
            }
            list.checkpoints.push(checkpoint);
        }
    }
    None
}

fn from(cursor: Option<&str>) -> Result<From> {
    let wrong = || ServiceError::Store(StoreError::BadCursor);
    let Some(cursor) = cursor else { return Ok(From::History(None)) };
    if let Some(cursor) = cursor.strip_prefix(IN_HISTORY) {
        return Ok(From::History(Some(Cursor(cursor.to_owned()))));
    }
    let below = cursor.strip_prefix(AMONG_PINS).ok_or_else(wrong)?;
    below.parse().map(From::Pins).map_err(|_| wrong())
}

fn earlier(now: Timestamp, seconds: u64) -> Timestamp {
    let micros = later(now, Duration::from_secs(seconds)).micros() - now.micros();
    Timestamp::from_micros(now.micros().saturating_sub(micros))
}
