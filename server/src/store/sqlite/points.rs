//! Snapshots and restores.

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use statehouse_core::api::{AppliedRestore, RestoreRecord, Scope};
use statehouse_core::model::{Seq, Snapshot, SnapshotId, SnapshotKind, StateKey, Timestamp};

use super::rows::{self, sql};
use super::{SqliteStore, failed, heads, scope};
use crate::store::cursor::{Mark, Place, next};
use crate::store::{Cursor, MovedState, Page, Points, Result, StoreError};

const SNAPSHOT: &str =
    "SELECT id, seq, description, author, created_at, kind, number FROM snapshots WHERE id = $1";

fn read_snapshot(row: &SqliteRow) -> Result<Snapshot> {
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
pub(super) async fn snapshot(connection: &mut SqliteConnection, id: &SnapshotId) -> Result<Option<Snapshot>> {
    let row = sqlx::query(SNAPSHOT).bind(id.as_str()).fetch_optional(connection).await.map_err(failed)?;
    row.as_ref().map(read_snapshot).transpose()
}

/// The snapshots with names from `start` up to before `end`.
pub(super) async fn snapshots_between(
    connection: &mut SqliteConnection,
    start: &str,
    end: &str,
) -> Result<Vec<Snapshot>> {
    const SQL: &str = "SELECT id, seq, description, author, created_at, kind, number FROM snapshots \
                       WHERE id >= $1 AND id < $2";
    let found = sqlx::query(SQL).bind(start).bind(end).fetch_all(connection).await.map_err(failed)?;
    found.iter().map(read_snapshot).collect()
}

async fn count(connection: &mut SqliteConnection, text: &'static str) -> Result<u64> {
    let found: i64 = sqlx::query_scalar(text).fetch_one(connection).await.map_err(failed)?;
    Ok(u64::try_from(found).unwrap_or_default())
}

/// Where to go on in a list that is numbered downwards.
fn start(cursor: Option<&Cursor>, number: impl Fn(Place) -> Option<u64>) -> Result<u64> {
    let Some(cursor) = cursor else { return Ok(u64::MAX) };
    number(Mark::read(cursor)?.place).ok_or(StoreError::BadCursor)
}

#[async_trait]
impl Points for SqliteStore {
    async fn snapshots(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<Snapshot>> {
        const SQL: &str = "SELECT id, seq, description, author, created_at, kind, number FROM snapshots \
                           WHERE number < $1 ORDER BY number DESC LIMIT $2";
        let start = start(cursor, |place| match place {
            Place::Snapshot(number) => Some(number),
            _ => None,
        })?;
        let mut transaction = self.readers.begin().await.map_err(failed)?;
        let total = count(&mut transaction, "SELECT count(*) FROM snapshots").await?;
        let seq = heads::tip(&mut transaction).await?.seq;
        let query = sqlx::query(SQL).bind(sql(start)).bind(sql(limit as u64 + 1));
        let found = query.fetch_all(&mut *transaction).await.map_err(failed)?;
        transaction.rollback().await.map_err(failed)?;
        let numbered = found.iter().take(limit).map(|row| Ok((rows::number(row, 6)?, read_snapshot(row)?)));
        let page = numbered.collect::<Result<Vec<_>>>()?;
        let next = next(&page, found.len() > limit, total, |(number, _)| Place::Snapshot(*number));
        Ok(Page { rows: page.into_iter().map(|(_, snapshot)| snapshot).collect(), total, next, seq })
    }

    async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>> {
        snapshot(&mut *self.reader().await?, id).await
    }

    async fn restores(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<RestoreRecord>> {
        const SQL: &str = "SELECT record FROM restores WHERE last_seq < $1 ORDER BY last_seq DESC LIMIT $2";
        let start = start(cursor, |place| match place {
            Place::Restore(seq) => Some(seq.0),
            _ => None,
        })?;
        let mut transaction = self.readers.begin().await.map_err(failed)?;
        let total = count(&mut transaction, "SELECT count(*) FROM restores").await?;
        let seq = heads::tip(&mut transaction).await?.seq;
        let query = sqlx::query(SQL).bind(sql(start)).bind(sql(limit as u64 + 1));
        let found = query.fetch_all(&mut *transaction).await.map_err(failed)?;
        transaction.rollback().await.map_err(failed)?;
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
        let mut reader = self.reader().await?;
        let found = sqlx::query("SELECT record FROM restores WHERE restore_id = $1")
            .bind(restore_id)
            .fetch_optional(&mut *reader)
            .await
            .map_err(failed)?;
        let Some(row) = found else { return Ok(None) };
        let record = read_record(&row)?;
        let query = sqlx::query(VERSIONS).bind(sql(record.first_seq.0)).bind(sql(record.last_seq.0));
        let versions = query.fetch_all(&mut *reader).await.map_err(failed)?;
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
        let mut transaction = self.readers.begin().await.map_err(failed)?;
        let moved = scope::moved(&mut transaction, seq, scope, after, limit).await?;
        transaction.rollback().await.map_err(failed)?;
        Ok(moved)
    }

    async fn count_scope(&self, scope: &Scope) -> Result<u64> {
        scope::count(&mut *self.reader().await?, scope).await
    }
}

fn read_record(row: &SqliteRow) -> Result<RestoreRecord> {
    serde_json::from_str(rows::text(row, 0)?)
        .map_err(|error| StoreError::Damaged(format!("a restore's record cannot be read: {error}")))
}
