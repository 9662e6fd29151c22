//! Rows as versions.

use std::sync::Arc;

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use statehouse_core::api::{StateSummary, VersionView};
use statehouse_core::hash::{ChainHash, ContentHash};
use statehouse_core::json::{Document, Limits};
use statehouse_core::model::{Operation, Seq, StateKey, Timestamp, Version, VersionId, VersionNumber};

use crate::store::{Result, StoreError};

/// The columns that the functions below read, of `states s` and `versions v`.
macro_rules! columns {
    () => {
        "s.state_type, s.state_id, v.seq, v.version, v.operation, v.content_hash, v.chain_hash, \
         v.recorded_at, v.author, v.description, v.batch_id, v.verdict, v.change, v.size"
    };
}
/// As [`columns`], and the data.
macro_rules! columns_with_data {
    () => {
        concat!(crate::store::postgres::rows::columns!(), ", v.data")
    };
}
pub(super) use {columns, columns_with_data};

/// Where the data is.
const DATA: usize = 14;

/// Everything but the data, as it is shown.
pub(super) fn view(row: &PgRow) -> Result<VersionView> {
    let key = key(row)?;
    let seq = Seq(number(row, 2)?);
    let chain_hash = ChainHash::from_bytes(hash(row, 6)?.ok_or_else(|| damaged(seq, "chain_hash"))?);
    Ok(VersionView {
        state_id: key.state_id,
        state_type: key.state_type,
        seq,
        version: VersionNumber(number(row, 3)?),
        version_id: VersionId::new(seq, &chain_hash).to_string(),
        operation: Operation::from_name(text(row, 4)?).ok_or_else(|| damaged(seq, "operation"))?,
        content_hash: hash(row, 5)?.map(ContentHash::from_bytes),
        chain_hash,
        timestamp: Timestamp::from_micros(column(row, 7)?),
        user_id: optional_text(row, 8)?,
        description: optional_text(row, 9)?,
        batch_id: optional_text(row, 10)?,
        verdict: serde_json::from_str(text(row, 11)?).map_err(|_| damaged(seq, "verdict"))?,
        change: serde_json::from_str(text(row, 12)?).map_err(|_| damaged(seq, "change"))?,
        size: usize::try_from(number(row, 13)?).unwrap_or(usize::MAX),
    })
}

/// A row of a list, with its data where it was selected.
pub(super) fn summary(row: &PgRow, with_data: bool) -> Result<StateSummary> {
    let version = view(row)?;
    let data = if with_data { document(row, version.seq)? } else { None };
    Ok(StateSummary { version, data })
}

/// A whole version.
pub(super) fn version(row: &PgRow) -> Result<Version> {
    let view = view(row)?;
    let data = document(row, view.seq)?;
    Ok(Version {
        seq: view.seq,
        key: StateKey { state_type: view.state_type, state_id: view.state_id },
        version: view.version,
        operation: view.operation,
        data,
        content_hash: view.content_hash,
        chain_hash: view.chain_hash,
        recorded_at: view.timestamp,
        author: view.user_id,
        description: view.description,
        batch_id: view.batch_id,
        verdict: view.verdict,
        change: view.change,
    })
}

fn document(row: &PgRow, seq: Seq) -> Result<Option<Document>> {
    // What was within the limits when it was written is read under any.
    let limits = Limits { max_bytes: usize::MAX, ..Limits::default() };
    let Some(text) = column::<Option<&str>>(row, DATA)? else { return Ok(None) };
    Document::parse(text, &limits).map(Some).map_err(|_| damaged(seq, "data"))
}

fn key(row: &PgRow) -> Result<StateKey> {
    let (state_type, state_id) = (text(row, 0)?, text(row, 1)?);
    StateKey::new(state_type, state_id)
        .map_err(|_| StoreError::Damaged(format!("a state is named {state_type:?} {state_id:?}")))
}

fn damaged(seq: Seq, column: &str) -> StoreError {
    StoreError::Damaged(format!("seq {seq}: {column} cannot be read"))
}

/// A column by place; a value of another type than was written is damage.
pub(super) fn column<'r, T>(row: &'r PgRow, index: usize) -> Result<T>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(index).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// A text.
pub(super) fn text(row: &PgRow, index: usize) -> Result<&str> {
    column(row, index)
}

/// A text or nothing.
pub(super) fn optional_text(row: &PgRow, index: usize) -> Result<Option<Arc<str>>> {
    Ok(column::<Option<&str>>(row, index)?.map(Into::into))
}

/// A counter.
pub(super) fn number(row: &PgRow, index: usize) -> Result<u64> {
    let found: i64 = column(row, index)?;
    u64::try_from(found).map_err(|_| StoreError::Damaged(format!("a counter is {found}")))
}

fn hash(row: &PgRow, index: usize) -> Result<Option<[u8; 32]>> {
    let Some(bytes) = column::<Option<&[u8]>>(row, index)? else { return Ok(None) };
    bytes.try_into().map(Some).map_err(|_| StoreError::Damaged("a hash is not 32 bytes long".into()))
}

/// A chain hash.
pub(super) fn chain_hash(row: &PgRow, index: usize) -> Result<ChainHash> {
    let found = hash(row, index)?;
    found.map(ChainHash::from_bytes).ok_or_else(|| StoreError::Damaged("a chain hash is missing".into()))
}

/// A counter for SQL; what is larger than any stored counter stays so.
pub(super) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
