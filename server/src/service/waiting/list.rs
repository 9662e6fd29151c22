//! Lists of states in which what waits stands in place of what is stored of the same states.

use std::cmp::Reverse;
use std::collections::HashMap;

use stateloft_core::api::{PendingState, Sort, StateRow, StateRows, StateSummary};
use stateloft_core::model::{Seq, StateKey};

use super::fitting;
use super::stage::{Mark, Stage, Stored};
use crate::service::{Result, Service};
use crate::store::fallback::{FallbackStore, Place};
use crate::store::{Cursor, ListQuery, Page, StoreError};

/// Where more states wait, the store is not asked for the head of each, and `total` counts those twice that are stored too.
const COUNTED_MAX: usize = 1_000;

/// What a query finds of what waits.
struct Waiting {
    /// Those that it asks for, in its order.
    rows: Vec<(Place, PendingState)>,
    /// Where each state stands for which a write waits, whether or not it is asked for.
    keys: HashMap<StateKey, Place>,
}

/// A page, and where the next one begins.
struct Part {
    rows: Vec<StateRow>,
    total: u64,
    seq: Seq,
    next: Option<Stage>,
}

impl Service {
    /// A page of what a query asks for, with what waits in place of what is stored of the same states.
    pub(in crate::service) async fn list_with_pending(
        &self,
        fallback: &FallbackStore,
        query: &ListQuery,
    ) -> Result<StateRows> {
        let waiting = Waiting::of(fallback, query);
        let given = query.cursor.as_ref().map(|cursor| cursor.0.clone());
        let mark = given.as_deref().map(Mark::read).transpose()?.flatten();
        let (stage, counted) = match (mark, query.sort) {
            (Some(mark), _) => (mark.stage, Some(mark.total)),
            (None, _) if waiting.keys.is_empty() => return Ok(stored_only(self.store.list(query).await?)),
            // The page before was the store's alone: what has begun to wait since stands in its place.
            (None, Sort::Changed) if given.is_some() => (Stage::Stored(given, 0), None),
            (None, Sort::Changed) => (Stage::Waiting(None), None),
            (None, Sort::Id) => (Stage::Merged(None, Stored::From(given)), None),
        };
        let part = match stage {
            Stage::Merged(after, cursor) => self.by_id(&waiting, query, after, cursor).await?,
            stage => self.by_change(&waiting, query, stage).await?,
        };
        let total = match counted {
            Some(total) => total,
            None => part.total + self.more_than_stored(fallback, waiting, query).await?,
        };
        let next_cursor = part.next.map(|stage| Mark { stage, total }.cursor());
        Ok(StateRows::complete(part.rows, total, next_cursor, Some(part.seq)))
    }

    /// Only what waits, without asking the store.
    pub(in crate::service) fn list_pending(
        fallback: Option<&FallbackStore>,
        query: &ListQuery,
    ) -> Result<StateRows> {
        let Some(fallback) = fallback else {
            return Ok(StateRows::complete(Vec::new(), 0, None, None));
        };
        let mark = query.cursor.as_ref().map(|cursor| Mark::read(&cursor.0)).transpose()?;
        let stage = match mark {
            None => None,
            Some(Some(mark)) => Some(mark.stage),
            Some(None) => return Err(StoreError::BadCursor.into()),
        };
        let rows = Waiting::of(fallback, query).rows;
        let total = rows.len() as u64;
        let rest: Vec<_> = rows.into_iter().filter(|row| is_behind(row, stage.as_ref())).collect();
        let fit = fitting(rest.iter().map(|(_, state)| state), query.limit);
        let last = rest[..fit].last().filter(|_| fit < rest.len());
        let next_cursor = last.map(|(place, state)| {
            let stage = match query.sort {
                Sort::Changed => Stage::Waiting(Some((place.entry, place.write))),
                Sort::Id => Stage::Merged(Some(key_of(state)), Stored::Ended),
            };
            Mark { stage, total }.cursor()
        });
        let states = rest.into_iter().take(fit).map(|(_, state)| StateRow::Pending(state)).collect();
        Ok(StateRows::complete(states, total, next_cursor, None))
    }

    /// What waits comes first, the last accepted before the others, and then what the store has.
    async fn by_change(&self, waiting: &Waiting, query: &ListQuery, stage: Stage) -> Result<Part> {
        let mut rows = Vec::new();
        let (cursor, shown) = if let Stage::Stored(cursor, shown) = stage {
            (cursor, shown)
        } else {
            let rest: Vec<_> = waiting.rows.iter().filter(|row| is_behind(row, Some(&stage))).collect();
            let fit = fitting(rest.iter().map(|(_, state)| state), query.limit);
            rows.extend(rest[..fit].iter().map(|(_, state)| StateRow::Pending(state.clone())));
            if let Some((place, _)) = rest[..fit].last().filter(|_| fit < rest.len()) {
                let Page { total, seq, .. } = self.store_page(query, None, 1).await?;
                let next = Some(Stage::Waiting(Some((place.entry, place.write))));
                return Ok(Part { rows, total, seq, next });
            }
            (None, waiting.keys.values().map(|place| place.entry).max().unwrap_or_default())
        };
        let room = query.limit.saturating_sub(rows.len());
        let page = self.store_page(query, cursor.clone(), room.max(1)).await?;
        let (total, seq) = (page.total, page.seq);
        let next = if room == 0 {
            (!page.rows.is_empty()).then_some(Stage::Stored(cursor, shown))
        } else {
            rows.extend(page.rows.into_iter().filter_map(|row| waiting.in_place_of(row, shown)));
            page.next.map(|next| Stage::Stored(Some(next.0), shown))
        };
        Ok(Part { rows, total, seq, next })
    }

    /// What waits stands in its place among what the store has.
    async fn by_id(
        &self,
        waiting: &Waiting,
        query: &ListQuery,
        after: Option<StateKey>,
        cursor: Stored,
    ) -> Result<Part> {
        let page = match &cursor {
            Stored::From(cursor) => self.store_page(query, cursor.clone(), query.limit).await?,
            Stored::Ended => {
                Page { rows: Vec::new(), total: 0, next: None, seq: self.store.tip().await?.seq }
            }
        };
        // Further than the last row of the store's page, another one of its rows may come first.
        let reach = page.next.as_ref().and(page.rows.last()).map(key_of_row);
        let stands = |key: &StateKey| {
            after.as_ref().is_none_or(|after| key > after) && reach.as_ref().is_none_or(|reach| key <= reach)
        };
        let stored = page.rows.iter().map(|row| (key_of_row(row), row));
        let mut merged: Vec<(StateKey, StateRow)> = stored
            .filter(|(key, _)| !waiting.keys.contains_key(key))
            .map(|(key, row)| (key, StateRow::Stored(row.clone())))
            .collect();
        let between = waiting.rows.iter().map(|(_, state)| (key_of(state), state));
        let between = between.filter(|(key, _)| stands(key));
        merged.extend(between.map(|(key, state)| (key, StateRow::Pending(state.clone()))));
        merged.sort_by(|a, b| a.0.cmp(&b.0));
        let is_cut = merged.len() > query.limit;
        merged.truncate(query.limit);
        let next = if is_cut {
            let last = merged.last().map(|(key, _)| key.clone());
            let taken = page.rows.iter().filter(|row| Some(key_of_row(row)) <= last).count();
            let cursor = match (cursor, taken) {
                (Stored::From(cursor), 1..) => {
                    // The store's own cursor, behind the last row of it that is on this page.
                    let next = self.store_page(query, cursor, taken).await?.next;
                    next.map_or(Stored::Ended, |next| Stored::From(Some(next.0)))
                }
                (cursor, _) => cursor,
            };
            Some(Stage::Merged(last, cursor))
        } else {
            page.next.map(|next| Stage::Merged(reach, Stored::From(Some(next.0))))
        };
        let rows = merged.into_iter().map(|(_, row)| row).collect();
        Ok(Part { rows, total: page.total, seq: page.seq, next })
    }

    async fn store_page(
        &self,
        query: &ListQuery,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<StateSummary>> {
        Ok(self.store.list(&ListQuery { cursor: cursor.map(Cursor), limit, ..query.clone() }).await?)
    }

    /// How many more states match than the store counts: those that wait and are not stored, or not so.
    async fn more_than_stored(
        &self,
        fallback: &FallbackStore,
        waiting: Waiting,
        query: &ListQuery,
    ) -> Result<u64> {
        let rows = waiting.rows.len() as u64;
        if waiting.keys.len() > COUNTED_MAX {
            return Ok(rows);
        }
        let keys: Vec<StateKey> = waiting.keys.into_keys().collect();
        Ok(rows.saturating_sub(fallback.stored_matches(&keys, query).await?))
    }
}

impl Waiting {
    fn of(fallback: &FallbackStore, query: &ListQuery) -> Self {
        let mut rows = fallback.pending_states(query);
        match query.sort {
            Sort::Changed => rows.sort_by_key(|(place, _)| Reverse(*place)),
            Sort::Id => rows.sort_by_key(|(_, state)| key_of(state)),
        }
        Self { rows, keys: fallback.pending_keys() }
    }

    /// What stands in a list where the store has this row; what waited up to an entry was shown already.
    fn in_place_of(&self, row: StateSummary, shown: u64) -> Option<StateRow> {
        let key = key_of_row(&row);
        match self.keys.get(&key) {
            None => Some(StateRow::Stored(row)),
            Some(place) if place.entry <= shown => None,
            Some(place) => {
                let found = self.rows.iter().find(|(of, _)| of == place);
                found.map(|(_, state)| StateRow::Pending(state.clone()))
            }
        }
    }
}

/// Whether a row that waits comes behind a stage.
fn is_behind((place, row): &(Place, PendingState), stage: Option<&Stage>) -> bool {
    match stage {
        Some(Stage::Waiting(Some(after))) => (place.entry, place.write) < *after,
        Some(Stage::Merged(Some(after), _)) => key_of(row) > *after,
        _ => true,
    }
}

/// A page without anything that waits.
pub(in crate::service) fn stored_only(page: Page<StateSummary>) -> StateRows {
    let states = page.rows.into_iter().map(StateRow::Stored).collect();
    StateRows::complete(states, page.total, page.next.map(|cursor| cursor.0), Some(page.seq))
}

pub(super) fn key_of(state: &PendingState) -> StateKey {
    StateKey { state_type: state.state_type.clone(), state_id: state.state_id.clone() }
}

fn key_of_row(row: &StateSummary) -> StateKey {
    StateKey { state_type: row.version.state_type.clone(), state_id: row.version.state_id.clone() }
}
