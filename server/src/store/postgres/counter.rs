//! The row that says where the log ends, and that whoever writes takes turns at.

use sqlx::postgres::{PgConnection, PgRow};
use statehouse_core::commit::Tip;
use statehouse_core::model::Seq;

use super::failure::Tried;
use crate::store::sql::rows;
use crate::store::{Result, StoreError};

/// The row of `meta`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counter {
    pub(super) tip: Tip,
    pub(super) last_state: i64,
}

/// Reads it.
pub(super) const COUNTER: &str = "SELECT seq, chain_hash, recorded_at, last_state FROM meta WHERE id = 1";
/// Reads it and keeps every other writer waiting until the transaction ends.
pub(super) const LOCK_COUNTER: &str =
    "SELECT seq, chain_hash, recorded_at, last_state FROM meta WHERE id = 1 FOR UPDATE";

/// Runs one of the two.
pub(super) async fn read_counter(connection: &mut PgConnection, text: &'static str) -> Tried<Counter> {
    let row = sqlx::query(text).fetch_optional(connection).await?.ok_or_else(no_counter)?;
    Ok(counter(&row, 0)?)
}

/// The counter from the columns of a row that begin at a place.
pub(super) fn counter(row: &PgRow, at: usize) -> Result<Counter> {
    let tip = Tip {
        seq: Seq(rows::number(row, at)?),
        chain_hash: rows::chain_hash(row, at + 1)?,
        recorded_at: rows::time(row, at + 2)?,
    };
    Ok(Counter { tip, last_state: rows::integer(row, at + 3)? })
}

pub(super) fn no_counter() -> StoreError {
    StoreError::Damaged("the row of the counter is missing".into())
}
