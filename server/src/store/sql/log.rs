//! Reading the past.

use async_trait::async_trait;
use statehouse_core::api::StateSummary;
use statehouse_core::model::{Seq, StateKey, Timestamp, Version, VersionNumber};

use super::heads::tip;
use super::moment::at_one_moment;
use super::rows::{self, sql};
use super::{Connection, SqlStore, Statement, activity};
use crate::store::cursor::{Mark, Place, next};
use crate::store::{Activity, HistoryQuery, Log, Page, Result, StoreError};

macro_rules! from_versions {
    ($columns:ident, $rest:literal) => {
        concat!(
            "SELECT ",
            rows::$columns!(),
            " FROM versions AS v JOIN states AS s ON s.state_pk = v.state_pk ",
            $rest
        )
    };
}

async fn one<S: SqlStore>(store: &S, statement: Statement) -> Result<Option<Version>> {
    let row = store.within(async { store.reader().await?.first(statement).await }).await?;
    row.as_ref().map(rows::version).transpose()
}

/// Versions until the statement or the bytes of a page end.
async fn many<S: SqlStore>(store: &S, statement: Statement) -> Result<Vec<Version>> {
    store.within(async { Ok(versions(&mut *store.reader().await?, statement).await?.0) }).await
}

/// As [`many`], and whether the statement has more.
pub(super) async fn versions(
    connection: &mut impl Connection,
    statement: Statement,
) -> Result<(Vec<Version>, bool)> {
    let read = |row: &_| {
        let version = rows::version(row)?;
        let bytes = version.size();
        Ok((version, bytes))
    };
    connection.page(statement, usize::MAX, read).await
}

#[async_trait]
impl<S: SqlStore> Log for S {
    async fn after(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        const SQL: &str = from_versions!(columns_with_data, "WHERE v.seq > $1 ORDER BY v.seq LIMIT $2");
        many(self, Statement::new(SQL).bind(sql(seq.0)).bind(sql(limit as u64))).await
    }

    async fn before(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        const SQL: &str = from_versions!(columns_with_data, "WHERE v.seq < $1 ORDER BY v.seq DESC LIMIT $2");
        many(self, Statement::new(SQL).bind(sql(seq.0)).bind(sql(limit as u64))).await
    }

    async fn version(&self, key: &StateKey, version: VersionNumber) -> Result<Option<Version>> {
        one(self, by_number::<S::Connection>(key, version)).await
    }

    async fn by_seq(&self, seq: Seq) -> Result<Option<Version>> {
        const SQL: &str = from_versions!(columns_with_data, "WHERE v.seq = $1");
        one(self, Statement::new(SQL).bind(sql(seq.0))).await
    }

    async fn as_of(&self, key: &StateKey, seq: Seq) -> Result<Option<Version>> {
        self.within(async { as_of(&mut *self.reader().await?, key, seq).await }).await
    }

    async fn seq_at(&self, time: Timestamp) -> Result<Seq> {
        self.within(async { seq_at(&mut *self.reader().await?, time).await }).await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<StateSummary>> {
        at_one_moment!(self, connection => history(connection, query))
    }

    async fn activity(&self, since: Timestamp, bucket_micros: i64) -> Result<Activity> {
        at_one_moment!(self, connection => activity::read(connection, since, bucket_micros))
    }
}

/// A version by its number. Numbers grow with seq, so it is found by halving: an index of its own would cost every save
/// more than this costs who asks.
fn by_number<C: Connection>(key: &StateKey, version: VersionNumber) -> Statement {
    // How many versions the state has up to the middle.
    const UP_TO_MIDDLE: &str = "coalesce((SELECT w.version FROM versions AS w \
        WHERE w.state_pk = (SELECT state_pk FROM states WHERE state_type = $1 AND state_id = $2) \
        AND w.seq <= (low + high) / 2 ORDER BY w.seq DESC LIMIT 1), 0)";
    let text = format!(
        "WITH RECURSIVE halving (low, high) AS ( \
            SELECT CAST(0 AS bigint), coalesce(max(seq), 0) FROM versions \
            UNION ALL \
            SELECT CASE WHEN {UP_TO_MIDDLE} >= $3 THEN low ELSE (low + high) / 2 END, \
                   CASE WHEN {UP_TO_MIDDLE} >= $3 THEN (low + high) / 2 ELSE high END \
            FROM halving WHERE high - low > 1) \
         SELECT {columns} FROM versions AS v {join} states AS s ON s.state_pk = v.state_pk \
         WHERE v.seq = (SELECT high FROM halving WHERE high - low = 1) \
         AND v.version = $3 AND s.state_type = $1 AND s.state_id = $2",
        columns = rows::columns_with_data!(),
        join = C::DIALECT.join,
    );
    Statement::new(text).bind_key(key).bind(sql(version.0))
}

/// The last version of a state at or before a seq.
pub(super) async fn as_of<C: Connection>(
    connection: &mut C,
    key: &StateKey,
    seq: Seq,
) -> Result<Option<Version>> {
    let text = format!(
        "SELECT {columns} FROM states AS s {join} versions AS v ON v.seq = \
         (SELECT max(w.seq) FROM versions AS w WHERE w.state_pk = s.state_pk AND w.seq <= $3) \
         WHERE s.state_type = $1 AND s.state_id = $2",
        columns = rows::columns_with_data!(),
        join = C::DIALECT.join,
    );
    let row = connection.first(Statement::new(text).bind_key(key).bind(sql(seq.0))).await?;
    row.as_ref().map(rows::version).transpose()
}

/// The last seq recorded at or before a time. Times grow with seq, so it is found by halving.
pub(super) async fn seq_at<C: Connection>(connection: &mut C, time: Timestamp) -> Result<Seq> {
    let text = format!(
        "WITH RECURSIVE halving (low, high) AS ( \
            SELECT CAST(0 AS bigint), coalesce(max(seq), 0) FROM versions \
            UNION ALL \
            SELECT CASE WHEN v.recorded_at <= $1 THEN v.seq ELSE low END, \
                   CASE WHEN v.recorded_at <= $1 THEN high ELSE v.seq - 1 END \
            FROM halving {join} versions AS v ON v.seq = (low + high + 1) / 2 WHERE low < high) \
         SELECT low FROM halving WHERE low = high",
        join = C::DIALECT.join,
    );
    let found = connection.first(Statement::new(text).bind(time.micros())).await?;
    let found = found.ok_or_else(|| StoreError::Damaged("the log has a gap".into()))?;
    rows::number(&found, 0).map(Seq)
}

async fn history(connection: &mut impl Connection, query: &HistoryQuery) -> Result<Page<StateSummary>> {
    // The state's row is looked up first: joined, PostgreSQL would sort the whole history for every page.
    const WITH_DATA: &str = from_versions!(
        columns_with_data,
        "WHERE v.state_pk = (SELECT state_pk FROM states WHERE state_type = $1 AND state_id = $2) \
         AND v.seq > $3 AND v.seq <= $4 ORDER BY v.seq DESC LIMIT $5"
    );
    const WITHOUT_DATA: &str = from_versions!(
        columns,
        "WHERE v.state_pk = (SELECT state_pk FROM states WHERE state_type = $1 AND state_id = $2) \
         AND v.seq > $3 AND v.seq <= $4 ORDER BY v.seq DESC LIMIT $5"
    );
    let tip = tip(connection).await?.seq;
    let low = match query.from {
        Some(from) => seq_at(connection, Timestamp::from_micros(from.micros().saturating_sub(1))).await?,
        None => Seq::ZERO,
    };
    let high = match query.to {
        Some(to) => seq_at(connection, to).await?,
        None => tip,
    };
    let (total, start) = match &query.cursor {
        Some(cursor) => match Mark::read(cursor)? {
            Mark { place: Place::History(seq), total } => (total, Seq(seq.0.saturating_sub(1)).min(high)),
            Mark { .. } => return Err(StoreError::BadCursor),
        },
        None => (count(connection, &query.key, low, high).await?, high),
    };
    let statement = Statement::new(if query.with_data { WITH_DATA } else { WITHOUT_DATA })
        .bind_key(&query.key)
        .bind(sql(low.0))
        .bind(sql(start.0))
        .bind(sql(query.limit as u64 + 1));
    let (rows, more) = summaries(connection, statement, query.limit, query.with_data).await?;
    let next = next(&rows, more, total, |row| Place::History(row.version.seq));
    Ok(Page { rows, total, next, seq: tip })
}

/// How many versions a state has after `low`, up to `high`: its version numbers have no gaps, so two look-ups say it.
async fn count(connection: &mut impl Connection, key: &StateKey, low: Seq, high: Seq) -> Result<u64> {
    const SQL: &str = "\
        SELECT coalesce((SELECT version FROM versions AS v WHERE v.state_pk = s.state_pk AND v.seq <= $4 \
                         ORDER BY v.seq DESC LIMIT 1), 0) \
             - coalesce((SELECT version FROM versions AS v WHERE v.state_pk = s.state_pk AND v.seq <= $3 \
                         ORDER BY v.seq DESC LIMIT 1), 0) \
        FROM states AS s WHERE s.state_type = $1 AND s.state_id = $2";
    let statement = Statement::new(SQL).bind_key(key).bind(sql(low.0)).bind(sql(high.0));
    match connection.first(statement).await? {
        Some(row) => Ok(rows::integer(&row, 0)?.try_into().unwrap_or_default()),
        None => Ok(0),
    }
}

/// Rows of a list until `limit` or the bytes of a page, and whether there are more. The statement must select one row
/// more than the limit.
pub(super) async fn summaries(
    connection: &mut impl Connection,
    statement: Statement,
    limit: usize,
    with_data: bool,
) -> Result<(Vec<StateSummary>, bool)> {
    let read = |row: &_| {
        let row = rows::summary(row, with_data)?;
        let bytes = row.data.as_ref().map_or(0, |_| row.version.size);
        Ok((row, bytes))
    };
    connection.page(statement, limit, read).await
}
