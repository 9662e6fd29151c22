//! Stores from before the program had its name.
//!
//! It was called Statehouse and was never released as that, so nothing that lies under the old name is used. But it is
//! named where it is found: an empty store beside it would look as if everything were lost.

use std::path::Path;

use super::{Result, StoreError};

/// The schema, and the file without its `.db`, as they were called.
pub(super) const NAME: &str = "statehouse";
/// As they are called where nothing else is configured.
const NOW: &str = "stateloft.db";

/// Refuses to begin an empty store where one of the old name lies beside it.
///
/// # Errors
/// [`StoreError::Refused`], which says what to do.
pub(super) fn check_file(path: &Path) -> Result<()> {
    let old = path.with_file_name(format!("{NAME}.db"));
    let begins_here = path.file_name().is_some_and(|name| name == NOW) && !path.exists();
    if !begins_here || !old.exists() {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "{} is not there, but {} is, a store of the time when this program was called Statehouse. To go on with it, give it \
         and the files beside it (-wal, -shm, .seal) the new name while no server runs; to begin with an empty store, move \
         it away",
        path.display(),
        old.display()
    )))
}

/// What to say where a database has a schema of the old name and none of the new one.
pub(super) fn schema_found(now: &str) -> StoreError {
    StoreError::Refused(format!(
        "the database has no schema {now}, but one named {NAME}, a store of the time when this program was called Statehouse. To \
         go on with it: ALTER SCHEMA {NAME} RENAME TO {now}; to begin with an empty store, give it another name"
    ))
}
