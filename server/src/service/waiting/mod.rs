//! What waits in the fallback journal, as readers see it.

mod list;
mod remembered;
mod stage;

use stateloft_core::api::{PendingList, PendingState};
use stateloft_core::model::{StateId, StateKey, StateType};

pub(super) use list::stored_only;

use super::read::page_size;
use super::{Result, Service};
use crate::store::fallback::Place;

/// Bytes of data that a page of what waits holds before it is cut short.
const PAGE_BYTES: usize = 8 << 20;

/// Which writes that wait to list: `GET /fallback/pending`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRequest {
    /// Only of states of this type.
    pub state_type: Option<StateType>,
    /// Only of states of this id.
    pub state_id: Option<StateId>,
    /// At most this many, 1 to 1000.
    pub limit: usize,
    /// From the page before.
    pub cursor: Option<String>,
    /// Whether rows carry their data.
    pub with_data: bool,
}

impl Service {
    /// What waits, write by write, in the order of its replay.
    pub fn pending_writes(&self, request: &PendingRequest) -> Result<PendingList> {
        let fallback = self.fallback_store()?;
        let after = request.cursor.as_deref().map(stage::place).transpose()?;
        let wanted = |key: &StateKey| {
            request.state_type.as_ref().is_none_or(|wanted| key.state_type == *wanted)
                && request.state_id.as_ref().is_none_or(|wanted| key.state_id == *wanted)
        };
        let limit = page_size(request.limit)?;
        let (rows, total) = fallback.pending_after(after, limit + 1, wanted);
        let fit = if request.with_data {
            fitting(rows.iter().map(|(_, state)| state), limit)
        } else {
            rows.len().min(limit)
        };
        let last = rows[..fit].last().filter(|_| fit < rows.len());
        let next_cursor = last.map(|(place, _)| stage::cursor_behind(*place));
        let shown = |(_, state): (Place, PendingState)| {
            let data = state.data.filter(|_| request.with_data);
            PendingState { data, ..state }
        };
        Ok(PendingList { writes: rows.into_iter().take(fit).map(shown).collect(), total, next_cursor })
    }

    /// The writes to a state that wait, in the order of their replay.
    pub(super) fn waiting_for(&self, key: &StateKey, with_data: bool) -> Vec<PendingState> {
        let fallback = self.settings.resilience.fallback.as_ref();
        let waiting = fallback.map(|fallback| fallback.pending_of(key)).unwrap_or_default();
        let shown = |state: PendingState| {
            let data = state.data.filter(|_| with_data);
            PendingState { data, ..state }
        };
        waiting.into_iter().map(shown).collect()
    }
}

/// How many rows fit a page: at least one.
fn fitting<'a>(rows: impl Iterator<Item = &'a PendingState>, limit: usize) -> usize {
    fitting_rows(rows.map(|state| state.data.as_ref().map_or(0, |data| data.text().len())), limit)
}

/// The same of rows that bring so many bytes of data.
fn fitting_rows(rows: impl Iterator<Item = usize>, limit: usize) -> usize {
    let mut bytes = 0;
    let fit = rows.take(limit).take_while(|size| {
        let fits = bytes < PAGE_BYTES;
        bytes += size;
        fits
    });
    fit.count()
}
