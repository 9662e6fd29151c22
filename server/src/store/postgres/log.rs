//! Reading the past.

use async_trait::async_trait;
use futures::TryStreamExt as _;
use sqlx::postgres::{PgArguments, PgConnection, Postgres};
use sqlx::query::Query;
use statehouse_core::api::StateSummary;
use statehouse_core::model::{Seq, StateKey, Timestamp, Version, VersionNumber};

use super::rows::{self, sql};
use super::{PostgresStore, activity, at_one_moment, failed, heads};
use crate::store::cursor::{Mark, Place, next};
use crate::store::{Activity, HistoryQuery, Log, PAGE_BYTES, Page, Result, StoreError};

macro_rules! from_versions {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            rows::columns_with_data!(),
            " FROM versions AS v JOIN states AS s ON s.state_pk = v.state_pk ",
            $rest
        )
    };
}

type Statement<'q> = Query<'q, Postgres, PgArguments>;

impl PostgresStore {
    async fn one(&self, statement: Statement<'_>) -> Result<Option<Version>> {
        let asked = async { statement.fetch_optional(&mut *self.reader().await?).await.map_err(failed) };
        let row = self.link.within(asked).await?;
        row.as_ref().map(rows::version).transpose()
    }

    /// Versions until the statement or the bytes of a page end.
    async fn many(&self, statement: Statement<'_>) -> Result<Vec<Version>> {
        let reading = async {
            let mut connection = self.reader().await?;
            let mut found = statement.fetch(&mut *connection);
            let (mut versions, mut bytes) = (Vec::new(), 0);
            while let Some(row) = found.try_next().await.map_err(failed)? {
                let version = rows::version(&row)?;
                bytes += version.size();
                versions.push(version);
                if bytes > PAGE_BYTES {
                    break;
                }
            }
            Ok(versions)
        };
        self.link.within(reading).await
    }
}

#[async_trait]
impl Log for PostgresStore {
    async fn after(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        const SQL: &str = from_versions!("WHERE v.seq > $1 ORDER BY v.seq LIMIT $2");
        self.many(sqlx::query(SQL).bind(sql(seq.0)).bind(sql(limit as u64))).await
    }

    async fn before(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        const SQL: &str = from_versions!("WHERE v.seq < $1 ORDER BY v.seq DESC LIMIT $2");
        self.many(sqlx::query(SQL).bind(sql(seq.0)).bind(sql(limit as u64))).await
    }

    async fn version(&self, key: &StateKey, version: VersionNumber) -> Result<Option<Version>> {
        const SQL: &str = from_versions!("WHERE s.state_type = $1 AND s.state_id = $2 AND v.version = $3");
        self.one(of_state(SQL, key).bind(sql(version.0))).await
    }

    async fn by_seq(&self, seq: Seq) -> Result<Option<Version>> {
        const SQL: &str = from_versions!("WHERE v.seq = $1");
        self.one(sqlx::query(SQL).bind(sql(seq.0))).await
    }

    async fn as_of(&self, key: &StateKey, seq: Seq) -> Result<Option<Version>> {
        const SQL: &str = concat!(
            "SELECT ",
            rows::columns_with_data!(),
            " FROM states AS s JOIN versions AS v ON v.seq = ",
            "(SELECT max(w.seq) FROM versions AS w WHERE w.state_pk = s.state_pk AND w.seq <= $3)",
            " WHERE s.state_type = $1 AND s.state_id = $2"
        );
        self.one(of_state(SQL, key).bind(sql(seq.0))).await
    }

    async fn seq_at(&self, time: Timestamp) -> Result<Seq> {
        self.link.within(async { seq_at(&mut *self.reader().await?, time).await }).await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<StateSummary>> {
        at_one_moment!(self, transaction => history(&mut transaction, query).await?)
    }

    async fn activity(&self, since: Timestamp, bucket_micros: i64) -> Result<Activity> {
        at_one_moment!(self, transaction => activity::read(&mut transaction, since, bucket_micros).await?)
    }
}

fn of_state<'q>(text: &'static str, key: &StateKey) -> Statement<'q> {
    sqlx::query(text).bind(key.state_type.as_str().to_owned()).bind(key.state_id.as_str().to_owned())
}

/// The last seq recorded at or before a time. Times grow with seq, so it is found by halving.
pub(super) async fn seq_at(connection: &mut PgConnection, time: Timestamp) -> Result<Seq> {
    const SQL: &str = "\
        WITH RECURSIVE halving (low, high) AS ( \
            SELECT 0::bigint, seq FROM meta WHERE id = 1 \
            UNION ALL \
            SELECT CASE WHEN v.recorded_at <= $1 THEN v.seq ELSE low END, \
                   CASE WHEN v.recorded_at <= $1 THEN high ELSE v.seq - 1 END \
            FROM halving JOIN versions AS v ON v.seq = (low + high + 1) / 2 WHERE low < high) \
        SELECT low FROM halving WHERE low = high";
    let found: i64 = sqlx::query_scalar(SQL)
        .bind(time.micros())
        .fetch_optional(connection)
        .await
        .map_err(failed)?
        .ok_or_else(|| StoreError::Damaged("the log has a gap".into()))?;
    Ok(Seq(u64::try_from(found).unwrap_or_default()))
}

async fn history(connection: &mut PgConnection, query: &HistoryQuery) -> Result<Page<StateSummary>> {
    const SQL: &str = from_versions!(
        "WHERE s.state_type = $1 AND s.state_id = $2 AND v.seq > $3 AND v.seq <= $4 ORDER BY v.seq DESC LIMIT $5"
    );
    const SQL_WITHOUT_DATA: &str = concat!(
        "SELECT ",
        rows::columns!(),
        " FROM versions AS v JOIN states AS s ON s.state_pk = v.state_pk WHERE s.state_type = $1",
        " AND s.state_id = $2 AND v.seq > $3 AND v.seq <= $4 ORDER BY v.seq DESC LIMIT $5"
    );
    let tip = heads::tip(connection).await?.seq;
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
    let text = if query.with_data { SQL } else { SQL_WITHOUT_DATA };
    let statement =
        of_state(text, &query.key).bind(sql(low.0)).bind(sql(start.0)).bind(sql(query.limit as u64 + 1));
    let (rows, more) = page_rows(connection, statement, query.limit, query.with_data).await?;
    let next = next(&rows, more, total, |row| Place::History(row.version.seq));
    Ok(Page { rows, total, next, seq: tip })
}

/// How many versions a state has after `low`, up to `high`: its version numbers have no gaps, so two look-ups say it.
async fn count(connection: &mut PgConnection, key: &StateKey, low: Seq, high: Seq) -> Result<u64> {
    const SQL: &str = "\
        SELECT coalesce((SELECT version FROM versions AS v WHERE v.state_pk = s.state_pk AND v.seq <= $4 \
                         ORDER BY v.seq DESC LIMIT 1), 0) \
             - coalesce((SELECT version FROM versions AS v WHERE v.state_pk = s.state_pk AND v.seq <= $3 \
                         ORDER BY v.seq DESC LIMIT 1), 0) \
        FROM states AS s WHERE s.state_type = $1 AND s.state_id = $2";
    let row = of_state(SQL, key).bind(sql(low.0)).bind(sql(high.0)).fetch_optional(connection).await;
    match row.map_err(failed)? {
        Some(row) => Ok(rows::column::<i64>(&row, 0)?.try_into().unwrap_or_default()),
        None => Ok(0),
    }
}

/// Rows until `limit` or the bytes of a page, and whether there are more. The statement must select one row more.
pub(super) async fn page_rows(
    connection: &mut PgConnection,
    statement: Statement<'_>,
    limit: usize,
    with_data: bool,
) -> Result<(Vec<StateSummary>, bool)> {
    let mut found = statement.fetch(connection);
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while let Some(row) = found.try_next().await.map_err(failed)? {
        if rows.len() == limit || bytes > PAGE_BYTES {
            return Ok((rows, true));
        }
        let row = rows::summary(&row, with_data)?;
        bytes += row.data.as_ref().map_or(0, |_| row.version.size);
        rows.push(row);
    }
    Ok((rows, false))
}
