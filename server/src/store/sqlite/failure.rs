//! What the engine's errors mean for the store.

use crate::store::StoreError;

/// What a failure of the commit itself means, by SQLite's result codes: the engine undoes a group for which it found no room,
/// which it could not write to its log, or may not write at all. After any other failure, such as a failed fsync, the
/// group may be there.
pub(super) fn not_committed(error: sqlx::Error) -> StoreError {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const READ_ONLY: i32 = 8;
    const FULL: i32 = 13;
    const CONSTRAINT: i32 = 19;
    /// `SQLITE_IOERR_WRITE`; the other kinds of `SQLITE_IOERR` (10) say nothing.
    const CANNOT_WRITE: i32 = 778;
    let code = error.as_database_error().and_then(|found| found.code()?.parse::<i32>().ok());
    match code {
        Some(CANNOT_WRITE) => failed(error).before_commit(),
        Some(code) if matches!(code & 0xff, BUSY | LOCKED | READ_ONLY | FULL | CONSTRAINT) => {
            failed(error).before_commit()
        }
        _ => failed(error),
    }
}

/// What an engine's error means for the store.
#[allow(clippy::needless_pass_by_value, reason = "so that it fits map_err")]
pub(super) fn failed(error: sqlx::Error) -> StoreError {
    const CORRUPT: i32 = 11;
    const FULL: i32 = 13;
    const NOT_A_DATABASE: i32 = 26;
    let text = error.to_string();
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::Damaged(text),
        sqlx::Error::Database(found) => {
            let code: Option<i32> = found.code().and_then(|code| code.parse().ok());
            match code.map(|code| code & 0xff) {
                Some(CORRUPT | NOT_A_DATABASE) => StoreError::Damaged(text),
                Some(FULL) => StoreError::NoRoom(text),
                _ => StoreError::Unavailable(text),
            }
        }
        _ => StoreError::Unavailable(text),
    }
}
