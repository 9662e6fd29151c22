//! Bytes on disk, as PostgreSQL counts them: it looks at files' lengths, however much is in them. And its time.

use std::time::Instant;

use stateloft_core::api::StoreSizes;
use stateloft_core::model::Timestamp;

use super::failure::failed;
use super::find::SCHEMA;
use super::link::Link;
use crate::store::Result;
use crate::store::lanes::Lane;

pub(super) async fn sizes(link: &Link) -> Result<StoreSizes> {
    const SQL: &str = "SELECT coalesce(sum(bytes) FILTER (WHERE relname = 'states'), 0)::bigint, \
                              coalesce(sum(bytes) FILTER (WHERE relname = 'versions'), 0)::bigint, \
                              coalesce(sum(bytes) FILTER (WHERE relname NOT IN ('states', 'versions')), 0)::bigint \
                       FROM (SELECT c.relname, pg_total_relation_size(c.oid) AS bytes FROM pg_class AS c \
                             JOIN pg_namespace AS n ON n.oid = c.relnamespace \
                             WHERE n.nspname = $1 AND c.relkind = 'r') AS tables";
    let mut reader = link.reader(Lane::Short).await?;
    let (heads, history, other): (i64, i64, i64) =
        sqlx::query_as(SQL).bind(SCHEMA).fetch_one(&mut *reader).await.map_err(failed)?;
    let bytes = |count: i64| u64::try_from(count).unwrap_or_default();
    Ok(StoreSizes {
        heads_bytes: bytes(heads),
        history_bytes: bytes(history),
        other_bytes: bytes(other),
        age_seconds: 0,
    })
}

/// What time it is to the database, and when it said so.
pub(super) async fn time(link: &Link) -> Result<(Timestamp, Instant)> {
    const SQL: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    let mut reader = link.reader(Lane::Short).await?;
    let micros: i64 = sqlx::query_scalar(SQL).fetch_one(&mut *reader).await.map_err(failed)?;
    Ok((Timestamp::from_micros(micros), Instant::now()))
}
