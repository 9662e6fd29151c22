//! What answers weigh in memory until they are written: their documents, and the text that is made of them.

use stateloft_core::api::{Event, StateRow, StateSummary};
use stateloft_core::json::Document;

use super::{Result, ServiceError};
use crate::budget::{self, Class};

/// Bytes of a row besides its data, about, and of what is written of it.
const ROW: usize = 2 << 10;
/// Pages that are smaller are not counted: they are gone at once.
const UNCOUNTED: usize = 64 << 10;

/// Holds room for events until they are answered.
pub(super) async fn hold_events(events: &[Event]) -> Result<()> {
    hold(events.len(), events.iter().filter_map(|event| event.data.as_ref())).await
}

/// Holds room for rows of a list until they are answered.
pub(super) async fn hold_rows(rows: &[StateSummary]) -> Result<()> {
    hold(rows.len(), rows.iter().filter_map(|row| row.data.as_ref())).await
}

/// The same where some rows are what waits to be written.
pub(super) async fn hold_list(rows: &[StateRow]) -> Result<()> {
    let data = rows.iter().filter_map(|row| match row {
        StateRow::Stored(summary) => summary.data.as_ref(),
        StateRow::Pending(pending) => pending.data.as_ref(),
    });
    hold(rows.len(), data).await
}

/// Holds room for documents that are answered.
pub(super) async fn hold(rows: usize, data: impl Iterator<Item = &Document>) -> Result<()> {
    let bytes = rows * ROW + data.map(|data| data.weight() + data.len()).sum::<usize>();
    if bytes < UNCOUNTED {
        return Ok(());
    }
    budget::hold(Class::Reads, bytes).await.map_err(ServiceError::from)
}
