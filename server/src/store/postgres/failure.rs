//! What an engine's error means.

use crate::store::StoreError;

/// What an engine's error means for the store.
#[allow(clippy::needless_pass_by_value, reason = "so that it fits map_err")]
pub(super) fn failed(error: sqlx::Error) -> StoreError {
    let text = error.to_string();
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Damaged(text),
        // Class XX is damage: XX001 to data, XX002 to an index.
        sqlx::Error::Database(found) if found.code().is_some_and(|code| code.starts_with("XX00")) => {
            match found.code().as_deref() {
                Some("XX001" | "XX002") => StoreError::Damaged(text),
                _ => StoreError::Unavailable(text),
            }
        }
        _ => StoreError::Unavailable(text),
    }
}

/// Whether another connection, perhaps to another server, might do what this one could not.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        // Connection exceptions; the server shuts down, crashed or starts; it is a standby now; two writers collided.
        sqlx::Error::Database(found) => found.code().is_some_and(|code| {
            code.starts_with("08")
                || matches!(&*code, "57P01" | "57P02" | "57P03" | "25006" | "40001" | "40P01")
        }),
        _ => false,
    }
}
