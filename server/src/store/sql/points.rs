//! Snapshots and restores.

use async_trait::async_trait;
use stateloft_core::api::{AppliedRestore, RestoreRecord, Scope};
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{Seq, Snapshot, SnapshotId, SnapshotKind, StateKey};

use super::list::count;
use super::moment::at_one_moment;
use super::rows::{self, Row, sql};
use super::{Connection, SqlStore, Statement, heads, receipts, scope};
use crate::store::cursor::{Mark, Place, next};
use crate::store::lanes::Lane;
use crate::store::{Cursor, MovedState, Page, Points, Receipt, Result, StoreError};

const SNAPSHOT: &str =
    "SELECT id, seq, description, author, created_at, kind, number FROM snapshots WHERE id = $1";

fn read_snapshot(row: &impl Row) -> Result<Snapshot> {
    let id = rows::text(row, 0)?;
    let kind = rows::text(row, 5)?;
    let damaged = || StoreError::Damaged(format!("snapshot {id:?} cannot be read"));
    Ok(Snapshot {
        id: SnapshotId::new(id).map_err(|_| damaged())?,
        seq: Seq(rows::number(row, 1)?),
        description: rows::optional_text(row, 2)?,
        author: rows::optional_text(row, 3)?,
        created_at: rows::time(row, 4)?,
        kind: SnapshotKind::from_name(kind).ok_or_else(damaged)?,
    })
}

/// The snapshot of this name.
pub(in crate::store) async fn snapshot(
    connection: &mut impl Connection,
    id: &SnapshotId,
) -> Result<Option<Snapshot>> {
    let row = connection.first(Statement::new(SNAPSHOT).bind(id.as_str())).await?;
    row.as_ref().map(read_snapshot).transpose()
}

/// The snapshots with names from `start` up to before `end`.
pub(in crate::store) async fn snapshots_between(
    connection: &mut impl Connection,
    start: &str,
    end: &str,
) -> Result<Vec<Snapshot>> {
    const SQL: &str = "SELECT id, seq, description, author, created_at, kind, number FROM snapshots \
                       WHERE id >= $1 AND id < $2";
    let found = connection.all(Statement::new(SQL).bind(start).bind(end)).await?;
    found.iter().map(read_snapshot).collect()
}

/// What belongs to one page of a list that is numbered downwards: how many rows there are in all, the end of the log,
/// and the rows.
async fn numbered<C: Connection>(
    connection: &mut C,
    total: &'static str,
    page: Statement,
) -> Result<(u64, Seq, Vec<C::Row>)> {
    let total = count(connection, Statement::new(total)).await?;
    let seq = heads::tip(connection).await?.seq;
    Ok((total, seq, connection.all(page).await?))
}

/// Where to go on in a list that is numbered downwards.
fn start(cursor: Option<&Cursor>, number: impl Fn(Place) -> Option<u64>) -> Result<u64> {
    let Some(cursor) = cursor else { return Ok(u64::MAX) };
    number(Mark::read(cursor)?.place).ok_or(StoreError::BadCursor)
}

async fn restore(connection: &mut impl Connection, restore_id: &str) -> Result<Option<AppliedRestore>> {
    const VERSIONS: &str = concat!(
        "SELECT ",
        rows::columns!(),
        " FROM versions AS v JOIN states AS s ON s.state_pk = v.state_pk",
        " WHERE v.seq >= $1 AND v.seq <= $2 ORDER BY v.seq"
    );
    // PostgreSQL takes no NUL, and no id that was given has one.
    if restore_id.contains('\0') {
        return Ok(None);
    }
    let record = Statement::new("SELECT record FROM restores WHERE restore_id = $1").bind(restore_id);
    let Some(row) = connection.first(record).await? else { return Ok(None) };
    let record = read_record(&row)?;
    let versions = Statement::new(VERSIONS).bind(sql(record.first_seq.0)).bind(sql(record.last_seq.0));
    let versions = connection.all(versions).await?;
    let versions = versions.iter().map(rows::view).collect::<Result<_>>()?;
    Ok(Some(AppliedRestore { record, versions, handshake: None }))
}

#[async_trait]
impl<S: SqlStore> Points for S {
    async fn snapshots(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<Snapshot>> {
        const SQL: &str = "SELECT id, seq, description, author, created_at, kind, number FROM snapshots \
                           WHERE number < $1 ORDER BY number DESC LIMIT $2";
        let start = start(cursor, |place| match place {
            Place::Snapshot(number) => Some(number),
            _ => None,
        })?;
        let page = Statement::new(SQL).bind(sql(start)).bind(sql(limit as u64 + 1));
        let total = "SELECT count(*) FROM snapshots";
        let (total, seq, found) =
            at_one_moment!(self, Lane::Short, connection => numbered(connection, total, page))?;
        let page = found.iter().take(limit).map(|row| Ok((rows::number(row, 6)?, read_snapshot(row)?)));
        let page = page.collect::<Result<Vec<_>>>()?;
        let next = next(&page, found.len() > limit, total, |(number, _)| Place::Snapshot(*number));
        Ok(Page { rows: page.into_iter().map(|(_, snapshot)| snapshot).collect(), total, next, seq })
    }

    async fn snapshot(&self, id: &SnapshotId) -> Result<Option<Snapshot>> {
        self.within(async { snapshot(&mut *self.reader(Lane::Short).await?, id).await }).await
    }

    async fn receipt(&self, key: &RequestHash) -> Result<Option<Receipt>> {
        let read = async {
            let found = receipts(&mut *self.reader(Lane::Short).await?, std::iter::once(key)).await?;
            Ok(found.into_iter().next())
        };
        self.within(read).await
    }

    async fn restores(&self, limit: usize, cursor: Option<&Cursor>) -> Result<Page<RestoreRecord>> {
        const SQL: &str = "SELECT record FROM restores WHERE last_seq < $1 ORDER BY last_seq DESC LIMIT $2";
        let start = start(cursor, |place| match place {
            Place::Restore(seq) => Some(seq.0),
            _ => None,
        })?;
        let page = Statement::new(SQL).bind(sql(start)).bind(sql(limit as u64 + 1));
        let total = "SELECT count(*) FROM restores";
        let (total, seq, found) =
            at_one_moment!(self, Lane::Short, connection => numbered(connection, total, page))?;
        let page = found.iter().take(limit).map(read_record).collect::<Result<Vec<_>>>()?;
        let next = next(&page, found.len() > limit, total, |record| Place::Restore(record.last_seq));
        Ok(Page { rows: page, total, next, seq })
    }

    async fn restore(&self, restore_id: &str) -> Result<Option<AppliedRestore>> {
        at_one_moment!(self, Lane::Short, connection => restore(connection, restore_id))
    }

    async fn moved_since(
        &self,
        seq: Seq,
        scope: &Scope,
        after: Option<&StateKey>,
        limit: usize,
    ) -> Result<Vec<MovedState>> {
        at_one_moment!(self, Lane::Plan, connection => scope::moved(connection, seq, scope, after, limit))
    }

    async fn count_scope(&self, scope: &Scope) -> Result<u64> {
        self.within(async { scope::count(&mut *self.reader(Lane::Plan).await?, scope).await }).await
    }
}

fn read_record(row: &impl Row) -> Result<RestoreRecord> {
    serde_json::from_str(rows::text(row, 0)?)
        .map_err(|error| StoreError::Damaged(format!("a restore's record cannot be read: {error}")))
}
