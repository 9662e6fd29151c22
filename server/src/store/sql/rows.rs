//! Rows as versions.

use std::sync::Arc;

use statehouse_core::api::{StateSummary, VersionView};
use statehouse_core::hash::{ChainHash, ContentHash};
use statehouse_core::json::{Document, Limits};
use statehouse_core::model::{
    Operation, Seq, StateKey, Timestamp, Version, VersionId, VersionNumber, accepted_at,
};

use crate::heavy;
use crate::store::{Result, StoreError};

/// A row, whatever the engine. A column of another type than was written is damage.
pub(in crate::store) trait Row: Send + Sync {
    /// A text, or nothing.
    fn text(&self, index: usize) -> Result<Option<&str>>;
    /// An integer, or nothing.
    fn integer(&self, index: usize) -> Result<Option<i64>>;
    /// Bytes, or nothing.
    fn bytes(&self, index: usize) -> Result<Option<&[u8]>>;
}

impl<R> Row for R
where
    R: sqlx::Row,
    usize: sqlx::ColumnIndex<R>,
    i64: sqlx::Type<R::Database> + for<'r> sqlx::Decode<'r, R::Database>,
    for<'r> &'r str: sqlx::Type<R::Database> + sqlx::Decode<'r, R::Database>,
    for<'r> &'r [u8]: sqlx::Type<R::Database> + sqlx::Decode<'r, R::Database>,
{
    fn text(&self, index: usize) -> Result<Option<&str>> {
        self.try_get(index).map_err(of_another_type)
    }

    fn integer(&self, index: usize) -> Result<Option<i64>> {
        self.try_get(index).map_err(of_another_type)
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>> {
        self.try_get(index).map_err(of_another_type)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "so that it fits map_err")]
fn of_another_type(error: sqlx::Error) -> StoreError {
    StoreError::Damaged(error.to_string())
}

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
        concat!(crate::store::sql::rows::columns!(), ", v.data")
    };
}
/// The seq of the head of a state: of `s`, or of the state of which another table's row is.
macro_rules! head {
    () => {
        crate::store::sql::rows::head!("s")
    };
    ($table:literal) => {
        concat!("(SELECT max(w.seq) FROM versions AS w WHERE w.state_pk = ", $table, ".state_pk)")
    };
}
pub(in crate::store) use {columns, columns_with_data, head};

/// Where the data is.
const DATA: usize = 14;

/// Everything but the data, as it is shown.
pub(in crate::store) fn view(row: &impl Row) -> Result<VersionView> {
    let key = key(row)?;
    let seq = Seq(number(row, 2)?);
    let chain_hash = ChainHash::from_bytes(hash(row, 6)?.ok_or_else(|| damaged(seq, "chain_hash"))?);
    let batch_id: Option<Arc<str>> = optional_text(row, 10)?;
    Ok(VersionView {
        state_id: key.state_id,
        state_type: key.state_type,
        seq,
        version: VersionNumber(number(row, 3)?),
        version_id: VersionId::new(seq, &chain_hash).to_string(),
        operation: Operation::from_name(text(row, 4)?).ok_or_else(|| damaged(seq, "operation"))?,
        content_hash: hash(row, 5)?.map(ContentHash::from_bytes),
        chain_hash,
        timestamp: time(row, 7)?,
        user_id: optional_text(row, 8)?,
        description: optional_text(row, 9)?,
        accepted_at: batch_id.as_deref().and_then(accepted_at),
        batch_id,
        verdict: serde_json::from_str(text(row, 11)?).map_err(|_| damaged(seq, "verdict"))?,
        change: serde_json::from_str(text(row, 12)?).map_err(|_| damaged(seq, "change"))?,
        size: usize::try_from(number(row, 13)?).unwrap_or(usize::MAX),
    })
}

/// A row of a list, with its data where it was selected.
pub(in crate::store) fn summary(row: &impl Row, with_data: bool) -> Result<StateSummary> {
    let version = view(row)?;
    let data = if with_data { document(row, version.seq)? } else { None };
    Ok(StateSummary { version, data })
}

/// A whole version.
pub(in crate::store) fn version(row: &impl Row) -> Result<Version> {
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

fn document(row: &impl Row, seq: Seq) -> Result<Option<Document>> {
    // What was within the limits when it was written is read under any.
    let limits = Limits { max_bytes: usize::MAX, ..Limits::default() };
    let Some(text) = row.text(DATA)? else { return Ok(None) };
    let read = heavy::work(text.len(), || Document::parse(text, &limits));
    read.map(Some).map_err(|_| damaged(seq, "data"))
}

fn key(row: &impl Row) -> Result<StateKey> {
    let (state_type, state_id) = (text(row, 0)?, text(row, 1)?);
    StateKey::new(state_type, state_id)
        .map_err(|_| StoreError::Damaged(format!("a state is named {state_type:?} {state_id:?}")))
}

fn damaged(seq: Seq, column: &str) -> StoreError {
    StoreError::Damaged(format!("seq {seq}: {column} cannot be read"))
}

/// A text.
pub(in crate::store) fn text(row: &impl Row, index: usize) -> Result<&str> {
    row.text(index)?.ok_or_else(|| missing(index))
}

/// A text or nothing.
pub(in crate::store) fn optional_text(row: &impl Row, index: usize) -> Result<Option<Arc<str>>> {
    Ok(row.text(index)?.map(Into::into))
}

/// A number of any sign.
pub(in crate::store) fn integer(row: &impl Row, index: usize) -> Result<i64> {
    row.integer(index)?.ok_or_else(|| missing(index))
}

/// A counter.
pub(in crate::store) fn number(row: &impl Row, index: usize) -> Result<u64> {
    let found = integer(row, index)?;
    u64::try_from(found).map_err(|_| StoreError::Damaged(format!("a counter is {found}")))
}

/// A time.
pub(in crate::store) fn time(row: &impl Row, index: usize) -> Result<Timestamp> {
    integer(row, index).map(Timestamp::from_micros)
}

fn hash(row: &impl Row, index: usize) -> Result<Option<[u8; 32]>> {
    let Some(bytes) = row.bytes(index)? else { return Ok(None) };
    bytes.try_into().map(Some).map_err(|_| StoreError::Damaged("a hash is not 32 bytes long".into()))
}

/// A chain hash.
pub(in crate::store) fn chain_hash(row: &impl Row, index: usize) -> Result<ChainHash> {
    let found = hash(row, index)?;
    found.map(ChainHash::from_bytes).ok_or_else(|| StoreError::Damaged("a chain hash is missing".into()))
}

fn missing(index: usize) -> StoreError {
    StoreError::Damaged(format!("column {index} of a row is empty"))
}

/// A counter for SQL; what is larger than any stored counter stays so.
pub(in crate::store) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
