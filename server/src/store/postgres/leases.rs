//! Leases of runs, by the database's clock alone: what servers' clocks say of each other does not matter.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, Postgres};
use sqlx::{Connection as _, Transaction};
use stateloft_core::model::Timestamp;

use super::PostgresStore;
use super::failure::failed;
use super::reader::Reader;
use crate::store::lanes::Lane;
use crate::store::leases::GAP;
use crate::store::{LeaseLook, LeaseTerm, Leases, Result, StoreError};

/// Renewals need not be on the disk before they are answered: after a crash of the database a lease begins anew behind the gap.
const IN_PASSING: &str = "SET LOCAL synchronous_commit = off";

#[async_trait]
impl Leases for PostgresStore {
    async fn renew_leases(&self, leases: &[LeaseTerm], _now: Timestamp) -> Result<Vec<bool>> {
        // In the order of their ids, so that no two servers wait for each other.
        const SQL: &str = "INSERT INTO run_leases AS l (run_id, term, begun_at, renewed_at, ended) \
                           SELECT DISTINCT ON (run_id) run_id, term, clock_timestamp(), clock_timestamp(), false \
                           FROM unnest($1::text[], $2::bigint[]) AS asked (run_id, term) ORDER BY run_id \
                           ON CONFLICT (run_id) DO UPDATE SET term = excluded.term, begun_at = excluded.begun_at, \
                           renewed_at = excluded.renewed_at WHERE NOT l.ended RETURNING l.run_id";
        let held: Vec<String> = self.lease_rows(SQL, leases).await?;
        Ok(leases.iter().map(|lease| held.contains(&lease.run_id)).collect())
    }

    async fn expect_leases(&self, leases: &[LeaseTerm]) -> Result<()> {
        const SQL: &str = "INSERT INTO run_leases (run_id, term, begun_at, renewed_at, ended) \
                           SELECT DISTINCT ON (run_id) run_id, term, clock_timestamp(), NULL, false \
                           FROM unnest($1::text[], $2::bigint[]) AS asked (run_id, term) ORDER BY run_id \
                           ON CONFLICT (run_id) DO NOTHING RETURNING run_id";
        self.lease_rows(SQL, leases).await.map(drop)
    }

    async fn look_at_leases(&self) -> Result<Vec<LeaseLook>> {
        // Where there are none nothing is written, as most stores have none: then the first lease is waited for, not the last look. A
        // clock that was set, either way, is a gap as well.
        const WATCH: &str = "UPDATE run_watch AS w SET \
                             since = CASE WHEN clock_timestamp() - greatest(w.seen_at, l.first) > $1 * interval '1 microsecond' \
                                          OR w.seen_at - clock_timestamp() > interval '1 second' \
                                     THEN clock_timestamp() ELSE w.since END, seen_at = clock_timestamp() \
                             FROM (SELECT min(begun_at) AS first FROM run_leases) AS l WHERE w.id = 1 AND l.first IS NOT NULL";
        // What was renewed while the clock was ahead counts from now on.
        const SET_BACK: &str = "UPDATE run_leases AS l SET begun_at = w.seen_at FROM run_watch AS w \
                                WHERE l.begun_at - w.seen_at > interval '5 seconds'";
        const END: &str = "UPDATE run_leases AS l SET ended = true FROM run_watch AS w WHERE NOT l.ended \
                           AND greatest(l.begun_at, w.since) + l.term * interval '1 microsecond' <= w.seen_at";
        const LOOK: &str = "SELECT l.run_id, CASE WHEN l.ended THEN 0 ELSE (extract(epoch FROM \
                            greatest(l.begun_at, w.since) + l.term * interval '1 microsecond' - w.seen_at) * 1000000)::bigint END, \
                            (extract(epoch FROM l.renewed_at) * 1000000)::bigint, l.begun_at < w.since \
                            FROM run_leases AS l CROSS JOIN run_watch AS w";
        type Row = (String, i64, Option<i64>, bool);
        let work = async {
            let mut connection = self.lease_connection().await?;
            let mut transaction = begin(&mut connection).await?;
            let gap = i64::try_from(GAP.as_micros()).unwrap_or(i64::MAX);
            sqlx::query(WATCH).bind(gap).execute(&mut *transaction).await.map_err(failed)?;
            for step in [SET_BACK, END] {
                sqlx::query(step).execute(&mut *transaction).await.map_err(failed)?;
            }
            let rows: Vec<Row> = sqlx::query_as(LOOK).fetch_all(&mut *transaction).await.map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
            Ok(rows)
        };
        let look = |(run_id, left, renewed_at, interrupted): Row| LeaseLook {
            run_id,
            left: Duration::from_micros(u64::try_from(left).unwrap_or_default()),
            renewed_at: renewed_at.map(Timestamp::from_micros),
            interrupted,
        };
        Ok(self.link.within(work).await?.into_iter().map(look).collect())
    }

    async fn forget_leases(&self, run_ids: &[String]) -> Result<()> {
        let work = async {
            let mut connection = self.lease_connection().await?;
            let mut transaction = begin(&mut connection).await?;
            sqlx::query("DELETE FROM run_leases WHERE run_id = ANY ($1)")
                .bind(run_ids)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
            transaction.commit().await.map_err(failed)
        };
        self.link.within(work).await
    }
}

impl PostgresStore {
    async fn lease_connection(&self) -> Result<Reader> {
        if self.writing.is_none() {
            return Err(StoreError::NotWritten("the store is open for reading only".into()));
        }
        self.link.reader(Lane::Short).await
    }

    async fn lease_rows(&self, sql: &'static str, leases: &[LeaseTerm]) -> Result<Vec<String>> {
        let ids: Vec<&str> = leases.iter().map(|lease| lease.run_id.as_str()).collect();
        let micros = |lease: &LeaseTerm| i64::try_from(lease.term.as_micros()).unwrap_or(i64::MAX);
        let terms: Vec<i64> = leases.iter().map(micros).collect();
        let work = async {
            let mut connection = self.lease_connection().await?;
            let mut transaction = begin(&mut connection).await?;
            let query = sqlx::query_scalar(sql).bind(&ids).bind(&terms);
            let rows: Vec<String> = query.fetch_all(&mut *transaction).await.map_err(failed)?;
            transaction.commit().await.map_err(failed)?;
            Ok(rows)
        };
        self.link.within(work).await
    }
}

/// A transaction for whose end nobody waits until it is on the disk.
async fn begin(connection: &mut PgConnection) -> Result<Transaction<'_, Postgres>> {
    let mut transaction = connection.begin().await.map_err(failed)?;
    sqlx::query(IN_PASSING).execute(&mut *transaction).await.map_err(failed)?;
    Ok(transaction)
}
