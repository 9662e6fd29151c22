//! Lists of states while the store is away: of the heads that the fallback journal remembers, and of what waits in it. Such
//! a list is never all there is, and says so.

use std::collections::HashSet;
use std::time::Duration;

use stateloft_core::api::{Moment, PendingFilter, PendingState, Sort, StateRow, StateRows};
use stateloft_core::model::{Seq, StateKey, Timestamp, Version};

use super::fitting_rows;
use super::list::key_of;
use super::stage::{Behind, behind};
use crate::heavy;
use crate::service::read::ListRequest;
use crate::service::{Result, Service};
use crate::store::fallback::{FallbackStore, Place};
use crate::store::{ListQuery, StoreError, matches, summary};

/// A row, and where it stands in the list.
struct Row {
    place: Behind,
    row: Found,
}

enum Found {
    /// A head, and how long ago it was seen.
    Known(Box<Version>, Duration),
    Waiting(Box<PendingState>),
}

impl Service {
    /// What is remembered of what a request asks for, the present only.
    ///
    /// # Errors
    /// The store's own, where nothing can be said: without a journal, of the past, by what only the store can compare, or
    /// when nothing that is remembered matches, which does not mean that there is nothing.
    pub(in crate::service) fn list_remembered(
        &self,
        request: ListRequest,
        outage: StoreError,
    ) -> Result<StateRows> {
        let Some(fallback) = self.settings.resilience.fallback.clone() else { return Err(outage.into()) };
        let (since_seq, since_time) = match &request.changed_since {
            None => (None, None),
            Some(Moment::Seq(seq)) => (Some(*seq), None),
            Some(Moment::Time(time)) => (None, Some(*time)),
            Some(_) => return Err(outage.into()),
        };
        if !matches!(request.at, None | Some(Moment::Now)) {
            return Err(outage.into());
        }
        let pending = request.pending;
        let query = request.query(None, since_seq)?;
        let after = query.cursor.as_ref().map(|cursor| behind(&cursor.0)).transpose()?;
        let now = self.now();
        let known = fallback.all_known();
        // A text is looked for in every document.
        let bytes = if query.text.is_some() { known.iter().map(|(head, _)| head.size()).sum() } else { 0 };
        let mut rows = heavy::work(bytes, || rows(&fallback, known, pending, &query, since_time));
        if rows.is_empty() {
            return Err(outage.into());
        }
        rows.sort_by(|a, b| a.place.cmp(&b.place));
        let total = rows.len() as u64;
        rows.retain(|row| after.as_ref().is_none_or(|after| row.place > *after));
        let fit = fitting_rows(rows.iter().map(|row| row.size(query.with_data)), query.limit);
        let next_cursor =
            (fit < rows.len()).then(|| rows[..fit].last().map(|row| row.place.cursor())).flatten();
        rows.truncate(fit);
        let oldest = rows.iter().filter_map(Row::age).max().unwrap_or_default();
        let oldest = i64::try_from(oldest.as_micros()).unwrap_or(i64::MAX);
        Ok(StateRows {
            states: rows.into_iter().map(|row| row.shown(query.with_data)).collect(),
            total,
            next_cursor,
            seq: None,
            complete: false,
            stale_since: Some(Timestamp::from_micros(now.micros().saturating_sub(oldest))),
            note: Some(
                "the store is away: this is what the server remembers, as it was last seen, and what waits in the \
                 fallback journal. There may be other states, and these may have changed"
                    .to_owned(),
            ),
        })
    }
}

fn rows(
    fallback: &FallbackStore,
    known: Vec<(Version, Duration)>,
    pending: PendingFilter,
    query: &ListQuery,
    since: Option<Timestamp>,
) -> Vec<Row> {
    let waiting = if pending == PendingFilter::Exclude { Vec::new() } else { fallback.pending_states(query) };
    let replaced: HashSet<StateKey> = if pending == PendingFilter::Exclude {
        HashSet::new()
    } else {
        fallback.pending_keys().into_keys().collect()
    };
    let stored = known.into_iter().filter(|(head, _)| {
        matches(head, query)
            && since.is_none_or(|since| head.recorded_at > since)
            && !replaced.contains(&head.key)
    });
    let stored = stored.map(|(head, age)| Row {
        place: place(query, None, head.seq, &head.key),
        row: Found::Known(Box::new(head), age),
    });
    let waiting = waiting.into_iter().map(|(at, state)| Row {
        place: place(query, Some(at), Seq::ZERO, &key_of(&state)),
        row: Found::Waiting(Box::new(state)),
    });
    stored.chain(waiting).collect()
}

/// By change what waits comes first, as it is written last.
fn place(query: &ListQuery, waiting: Option<Place>, seq: Seq, key: &StateKey) -> Behind {
    match (query.sort, waiting) {
        (Sort::Id, _) => Behind::Id(key.clone()),
        (Sort::Changed, Some(at)) => Behind::waiting(at),
        (Sort::Changed, None) => Behind::stored(seq),
    }
}

impl Row {
    fn age(&self) -> Option<Duration> {
        match &self.row {
            Found::Known(_, age) => Some(*age),
            Found::Waiting(_) => None,
        }
    }

    /// Bytes of data that it brings.
    fn size(&self, with_data: bool) -> usize {
        match &self.row {
            _ if !with_data => 0,
            Found::Known(head, _) => head.size(),
            Found::Waiting(state) => state.size,
        }
    }

    fn shown(self, with_data: bool) -> StateRow {
        match self.row {
            Found::Known(head, _) => StateRow::Stored(summary(&head, with_data)),
            Found::Waiting(state) => StateRow::Pending(*state),
        }
    }
}
