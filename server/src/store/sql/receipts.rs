//! Receipts of requests with an `Idempotency-Key`, by the key's hash, as JSON.

use stateloft_core::hash::RequestHash;

use super::rows::{self, Row};
use super::{Connection, Statement};
use crate::store::{Receipt, Result, StoreError};

/// The receipts under these keys, as far as there are any.
pub(in crate::store) async fn receipts(
    connection: &mut impl Connection,
    keys: impl Iterator<Item = &RequestHash>,
) -> Result<Vec<Receipt>> {
    let keys: Vec<String> = keys.map(ToString::to_string).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Statement::new("SELECT receipt FROM receipts WHERE true");
    statement.push_one_of("key", keys.iter().map(String::as_str));
    connection.all(statement).await?.iter().map(read).collect()
}

fn read(row: &impl Row) -> Result<Receipt> {
    serde_json::from_str(rows::text(row, 0)?)
        .map_err(|error| StoreError::Damaged(format!("a request's receipt cannot be read: {error}")))
}
