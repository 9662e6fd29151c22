//! Snapshots and restores of a bundle, oldest first. A store lists the newest first, so where each page begins is found
//! out on the way to the oldest, and the pages are read again on the way back.

use async_trait::async_trait;
use stateloft_core::api::RestoreRecord;
use stateloft_core::bundle::{Header, Writer};
use stateloft_core::model::{Seq, Snapshot};

use crate::service::Result;
use crate::store::{self, Cursor, Page, StateStore};

/// Rows of a page. A restore names its states, which may be many.
const SNAPSHOTS: usize = 100;
const RESTORES: usize = 10;

/// What is still to be told of the named moments in a range.
pub(super) struct Points {
    /// Versions that restores may have written: those behind the first of these, up to the last.
    first: Seq,
    last: Seq,
    /// Moments that snapshots may name: from this one on, up to the last.
    earliest: Seq,
    snapshots: Backwards<Snapshot>,
    restores: Backwards<RestoreRecord>,
}

impl Points {
    pub(super) fn new(header: &Header) -> Self {
        let first = Seq(header.from.0.saturating_sub(1));
        // What continues a log brings every name: any moment may have got one since the bundle before it was made.
        let earliest = if header.is_complete() { Seq::ZERO } else { first };
        Self {
            first,
            last: header.to,
            earliest,
            snapshots: Backwards::default(),
            restores: Backwards::default(),
        }
    }

    /// Makes the next lines; `false` when there are no more.
    pub(super) async fn step(
        &mut self,
        store: &dyn StateStore,
        writer: &mut Writer,
        lines: &mut Vec<u8>,
    ) -> Result<bool> {
        let (first, last, earliest) = (self.first, self.last, self.earliest);
        if let Some(rows) = self.snapshots.next(store).await? {
            let within = rows.iter().filter(|snapshot| (earliest..=last).contains(&snapshot.seq));
            within.for_each(|snapshot| writer.snapshot(snapshot, lines));
            return Ok(true);
        }
        let Some(rows) = self.restores.next(store).await? else { return Ok(false) };
        let within = rows.iter().filter(|record| record.first_seq > first && record.last_seq <= last);
        within.for_each(|record| writer.restore(record, lines));
        Ok(true)
    }
}

/// A list read from its end.
struct Backwards<T> {
    /// Where the pages behind the first begin; `None` before that is known.
    pages: Option<Vec<Cursor>>,
    /// The first page, as it was when the others were looked for: what came later is none of this bundle's.
    newest: Vec<T>,
}

impl<T> Default for Backwards<T> {
    fn default() -> Self {
        Self { pages: None, newest: Vec::new() }
    }
}

/// What a store lists, newest first.
#[async_trait]
trait Listed: Sized {
    async fn page(store: &dyn StateStore, cursor: Option<&Cursor>) -> store::Result<Page<Self>>;
}

#[async_trait]
impl Listed for Snapshot {
    async fn page(store: &dyn StateStore, cursor: Option<&Cursor>) -> store::Result<Page<Self>> {
        store.snapshots(SNAPSHOTS, cursor).await
    }
}

#[async_trait]
impl Listed for RestoreRecord {
    async fn page(store: &dyn StateStore, cursor: Option<&Cursor>) -> store::Result<Page<Self>> {
        store.restores(RESTORES, cursor).await
    }
}

impl<T: Listed> Backwards<T> {
    /// The next page, its oldest row first; `None` after the newest.
    async fn next(&mut self, store: &dyn StateStore) -> Result<Option<Vec<T>>> {
        if self.pages.is_none() {
            let newest = T::page(store, None).await?;
            let (mut pages, mut next) = (Vec::new(), newest.next);
            self.newest = newest.rows;
            while let Some(cursor) = next {
                next = T::page(store, Some(&cursor)).await?.next;
                pages.push(cursor);
            }
            self.pages = Some(pages);
        }
        let mut rows = match self.pages.as_mut().and_then(Vec::pop) {
            Some(cursor) => T::page(store, Some(&cursor)).await?.rows,
            None if self.newest.is_empty() => return Ok(None),
            None => std::mem::take(&mut self.newest),
        };
        rows.reverse();
        Ok(Some(rows))
    }
}
