//! Where the log ends, and the lock by which those who write take turns.

use sqlx::postgres::{PgConnection, PgRow};
use stateloft_core::commit::Tip;
use stateloft_core::model::Seq;

use super::failure::Tried;
use crate::store::sql::rows;
use crate::store::{Result, StoreError};

/// The lock of whoever writes, held until its transaction has ended: `statelog` in ASCII. It only says whose turn it is:
/// that no two write the same seq is seen to by the key of the log.
macro_rules! turn {
    () => {
        "pg_advisory_xact_lock(8319381564205854567)"
    };
}
pub(super) use turn;

/// The numbers that are given out next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counter {
    pub(super) tip: Tip,
    pub(super) last_state: i64,
}

/// What [`counter`] reads.
macro_rules! numbers {
    () => {
        concat!(
            "(SELECT e.seq, e.chain_hash, e.recorded_at, \
              (SELECT coalesce(max(state_pk), 0) FROM states) AS last_state FROM (",
            $crate::store::sql::end!(),
            ") AS e)"
        )
    };
}
pub(super) use numbers;

/// Reads it.
pub(super) async fn read_counter(connection: &mut PgConnection) -> Tried<Counter> {
    let row = sqlx::query(numbers!()).fetch_optional(connection).await?.ok_or_else(no_counter)?;
    Ok(counter(&row, 0)?)
}

/// Begins a transaction whose turn it is.
pub(super) async fn begin(connection: &mut PgConnection) -> Tried<()> {
    sqlx::raw_sql(concat!("BEGIN; SELECT ", turn!())).execute(connection).await?;
    Ok(())
}

/// The counter from the columns of a row that begin at a place.
pub(super) fn counter(row: &PgRow, at: usize) -> Result<Counter> {
    let tip = Tip {
        seq: Seq(rows::number(row, at)?),
        chain_hash: rows::chain_hash_of(row, at + 1)?,
        recorded_at: rows::time(row, at + 2)?,
    };
    Ok(Counter { tip, last_state: rows::integer(row, at + 3)? })
}

pub(super) fn no_counter() -> StoreError {
    StoreError::Damaged("the row that notes the log's end is missing".into())
}
