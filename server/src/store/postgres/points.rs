//! Snapshots and restores.

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgRow};
use statehouse_core::api::{AppliedRestore, RestoreRecord, Scope};
use statehouse_core::model::{Seq, Snapshot, SnapshotId, SnapshotKind, StateKey, Timestamp};

use super::rows::{self, sql};
use super::{PostgresStore, at_one_moment, failed, heads, scope};
use crate::store::cursor::{Mark, Place, next};
use crate::store::{Cursor, MovedState, Page, Points, Result, StoreError};

const SNAPSHOT: &str =
    "SELECT id, seq, description, author, created_at, kind, number FROM snapshots WHERE id = $1";

fn read_snapshot(row: &PgRow) -> Result<Snapshot> {
    let id = rows::text(row, 0)?;
    let kind = rows::text(row, 5)?;
    let damaged = || StoreError::Damaged(format!("snapshot {id:?} cannot be read"));
    Ok(Snapshot {
        id: SnapshotId::new(id).map_err(|_| damaged())?,
        seq: Seq(rows::number(row, 1)?),
        description: rows::optional_text(row, 2)?,
        author: rows::optional_text(row, 3)?,
        created_at: Timestamp::from_micros(rows::column(row, 4)?),
        kind: SnapshotKind::from_name(kind).ok_or_else(damaged)?,
    })
}

/// The snapshot of this name.
pub(super) async fn snapshot(connection: &mut PgConnection, id: &SnapshotId) -> Result<Option<Snapshot>> {
    let row = sqlx::query(SNAPSHOT).bind(id.as_str()).fetch_optional(connection).await.map_err(failed)?;
    row.as_ref().map(read_snapshot).transpose()
}

/// The snapshots with names from `start` up to before `end`.
pub(super) async fn snapshots_between(
    connection: &mut PgConnection,
    start: &str,
    end: &str,
) -> Result<Vec<Snapshot>> {
    const SQL: &str = "SELECT id, seq, description, author, created_at, kind, number FROM snapshots \
                       WHERE id >= $1 AND id < $2";
    let found = sqlx::query(SQL).bind(start).bind(end).fetch_all(connection).await.map_err(failed)?;
    found.iter().map(read_snapshot).collect()
}

async fn count(connection: &mut PgConnection, text: &'static str) -> Result<u64> {
    let found: i64 = sqlx::query_scalar(text).fetch_one(connection).await.map_err(failed)?;
    Ok(u64::try_from(found).unwrap_or_default())
}

/// Where to go on in a list that is numbered downwards.
fn start(cursor: Option<&Cursor>, number: impl Fn(Place) -> Option<u64>) -> Result<u64> {
    let Some(cursor) = cursor else { return Ok(u64::MAX) };
    number(Mark::read(cursor)?.place).ok_or(StoreError::BadCursor)
}

#[async_trait]
impl Points for PostgresStore {
    async fn snapshots(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<Snapshot>> {
        const SQL: &str = "SELECT id, seq, description, author, created_at, kind, number FROM snapshots \
                           WHERE number < $1 ORDER BY number DESC LIMIT $2";
        let start = start(cursor, |place| match place {
            Place::Snapshot(number) => Some(number),
            _ => None,
        })?;
        let query = sqlx::query(SQL).bind(sql(start)).bind(sql(limit as u64 + 1));
        let (total, seq, found) = at_one_moment!(self, transaction => {
            let total = count(&mut transaction, "SELECT count(*) FROM snapshots").await?;
            let seq = heads::tip(&mut transaction).await?.seq;
            (total, seq, query.fetch_all(&mut *transaction).await.map_err(failed)?)
        })?;
        let numbered = found.iter().take(limit).map(|row| Ok((rows::number(row, 6)?, read_snapshot(row)?)));
        let page = numbered.collect::<Result<Vec<_>>>()?;
        let next = next(&page, found.len() > limit, total, |(number, _)| Place::Snapshot(*number));
        Ok(Page { rows: page.into_iter().map(|(_, snapshot)| snapshot).collect(), total, next, seq })
    }

    async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>> {
        self.link.within(async { snapshot(&mut *self.reader().await?, id).await }).await
    }

    async fn restores(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<RestoreRecord>> {
        const SQL: &str = "SELECT record FROM restores WHERE last_seq < $1 ORDER BY last_seq DESC LIMIT $2";
        let start = start(cursor, |place| match place {
            Place::Restore(seq) => Some(seq.0),
            _ => None,
        })?;
        let query = sqlx::query(SQL).bind(sql(start)).bind(sql(limit as u64 + 1));
        let (total, seq, found) = at_one_moment!(self, transaction => {
            let total = count(&mut transaction, "SELECT count(*) FROM restores").await?;
            let seq = heads::tip(&mut transaction).await?.seq;
            (total, seq, query.fetch_all(&mut *transaction).await.map_err(failed)?)
        })?;
        let page = found.iter().take(limit).map(read_record).collect::<Result<Vec<_>>>()?;
        let next = next(&page, found.len() > limit, total, |record| Place::Restore(record.last_seq));
        Ok(Page { rows: page, total, next, seq })
    }

    async fn restore(&self, restore_id: &str) -> Result<Option<AppliedRestore>> {
        const VERSIONS: &str = concat!(
            "SELECT ",
            rows::columns!(),
            " FROM versions AS v JOIN states AS s ON s.state_pk = v.state_pk",
            " WHERE v.seq >= $1 AND v.seq <= $2 ORDER BY v.seq"
        );
        if restore_id.contains('\0') {
            return Ok(None);
        }
        let found = at_one_moment!(self, transaction => {
            let record = sqlx::query("SELECT record FROM restores WHERE restore_id = $1")
                .bind(restore_id)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(failed)?;
            match record.as_ref().map(read_record).transpose()? {
                None => None,
                Some(record) => {
                    let query = sqlx::query(VERSIONS).bind(sql(record.first_seq.0)).bind(sql(record.last_seq.0));
                    Some((record, query.fetch_all(&mut *transaction).await.map_err(failed)?))
                }
            }
        })?;
        let Some((record, versions)) = found else { return Ok(None) };
        let versions = versions.iter().map(rows::view).collect::<Result<_>>()?;
        Ok(Some(AppliedRestore { record, versions }))
    }

    async fn moved_since(
        &self,
        seq: Seq,
        scope: &Scope,
        after: Option<&StateKey>,
        limit: usize,
    ) -> Result<Vec<MovedState>> {
        at_one_moment!(self, transaction => scope::moved(&mut transaction, seq, scope, after, limit).await?)
    }

    async fn count_scope(&self, scope: &Scope) -> Result<u64> {
        self.link.within(async { scope::count(&mut *self.reader().await?, scope).await }).await
    }
}

fn read_record(row: &PgRow) -> Result<RestoreRecord> {
    serde_json::from_str(rows::text(row, 0)?)
        .map_err(|error| StoreError::Damaged(format!("a restore's record cannot be read: {error}")))
}
