//! What there was at a time.

use stateloft_core::model::{Seq, StateKey, Timestamp};

use super::rows::{self, sql};
use super::{Connection, Dialect, Statement};
use crate::store::{Imports, Result, StoreError};

/// The first and the last microsecond of the years that a time's text has four digits for.
const YEARS: [Timestamp; 2] =
    [Timestamp::from_micros(-62_167_219_200_000_000), Timestamp::from_micros(253_402_300_799_999_999)];

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

/// The seq by which a state was what it was at a time: that of the last version recorded by then, or saved by then in an
/// older system, or one between that version and the next.
///
/// What was imported comes before everything else of a state, in the order of its times, so the last is found by halving
/// as well; unless the first version that was recorded later is one that was saved by then, there is nothing to look for.
pub(super) async fn seq_then<C: Connection>(
    connection: &mut C,
    key: &StateKey,
    time: Timestamp,
) -> Result<Seq> {
    const OF_STATE: &str =
        "v.state_pk = (SELECT state_pk FROM states WHERE state_type = $1 AND state_id = $2)";
    let recorded = seq_at(connection, time).await?;
    let saved = saved_by(&C::DIALECT, "$4");
    // Whether the last version up to the middle is one of then.
    let of_then = format!(
        "coalesce((SELECT v.seq <= $3 OR ({saved}) FROM versions AS v \
         WHERE {OF_STATE} AND v.seq <= (low + high + 1) / 2 ORDER BY v.seq DESC LIMIT 1), 1 = 1)"
    );
    let text = format!(
        "WITH RECURSIVE halving (low, high) AS ( \
            SELECT CAST($3 AS bigint), \
                   CASE WHEN (SELECT {saved} FROM versions AS v WHERE {OF_STATE} AND v.seq > $3 ORDER BY v.seq LIMIT 1) \
                   THEN (SELECT max(v.seq) FROM versions AS v WHERE {OF_STATE}) ELSE CAST($3 AS bigint) END \
            UNION ALL \
            SELECT CASE WHEN {of_then} THEN (low + high + 1) / 2 ELSE low END, \
                   CASE WHEN {of_then} THEN high ELSE (low + high + 1) / 2 - 1 END \
            FROM halving WHERE low < high) \
         SELECT low FROM halving WHERE low = high"
    );
    let statement = Statement::new(text).bind_key(key).bind(sql(recorded.0)).bind(text_of(time));
    let found = connection.first(statement).await?;
    found.map_or(Ok(recorded), |row| rows::number(&row, 0).map(Seq))
}

/// What was imported after a seq and had been saved by a time.
pub(super) async fn imports<C: Connection>(
    connection: &mut C,
    after: Seq,
    time: Timestamp,
) -> Result<Imports> {
    let text = format!(
        "SELECT count(*), coalesce(max(v.seq), 0) FROM versions AS v{} WHERE v.seq > $1 AND {}",
        C::DIALECT.by_import,
        saved_by(&C::DIALECT, "$2"),
    );
    let found = connection.first(Statement::new(text).bind(sql(after.0)).bind(text_of(time))).await?;
    let Some(row) = found else { return Ok(Imports::default()) };
    Ok(Imports { count: rows::number(&row, 0)?, last: Seq(rows::number(&row, 1)?) })
}

/// The condition that a version was imported and had been saved by a time: never NULL.
fn saved_by(dialect: &Dialect, time: &str) -> String {
    let [imported, saved] = dialect.imported;
    format!("v.batch_id IS NOT NULL AND {imported} AND {saved} <= {time}")
}

/// A time as batch ids spell it.
fn text_of(time: Timestamp) -> String {
    let [first, last] = YEARS;
    time.clamp(first, last).to_string()
}
