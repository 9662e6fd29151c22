//! What is looked at before a store is used: whether its log is damaged, and whether it has lost what was acknowledged.

use std::path::Path;

use sqlx::sqlite::SqliteConnection;
use stateloft_core::api::AlarmCode;
use stateloft_core::commit::Tip;

use super::seal::{self, Found, Seal};
use super::{beside, open, wal};
use crate::alarms::Alarms;
use crate::clock::{Machine, Sources as _};
use crate::store::{Result, StoreError};

const MISSING: &str = "Look for the whole database: the -wal that belongs to it, the disk it was on, a backup. Where there is none, \
     start the server once with --accept-loss, and it goes on from here";
const SEAL_DAMAGED: &str = "Whether versions are missing at the end of the log is not known until then; compare with what the writing \
     programs remember, or with a backup";

/// What is done about a store that has lost what was acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnLoss {
    /// A log that is damaged is not opened, and one that lacks versions is not written to.
    #[default]
    Stop,
    /// Somebody has looked at it: the files are copied aside, and the store goes on with what there is.
    Accept,
}

/// Looks at the log before SQLite does, which would drop what is behind a damaged frame. Nothing may have the file open in
/// this process.
pub(super) fn look_at_log(database: &Path, on_loss: OnLoss) -> Result<()> {
    let log = beside(database, "-wal");
    let looked = wal::damage(database);
    let looked = looked
        .map_err(|error| StoreError::Unavailable(format!("{} cannot be read: {error}", log.display())))?;
    let Some(damage) = looked else { return Ok(()) };
    if on_loss == OnLoss::Stop {
        return Err(StoreError::Damaged(format!(
            "{} {damage}. Nothing was opened or changed. Copy the file, its -wal and its -shm to a safe place, and look \
             for a backup or another copy of the -wal; `stateloft serve --accept-loss` goes on without what would be \
             dropped, and keeps the files as they are beside the store",
            log.display()
        )));
    }
    let aside = copy_aside(database)?;
    tracing::warn!("{} {damage}; accepted. The files as they were are at {aside}", log.display());
    Ok(())
}

/// Copies the files of a database that nobody has open; answers to where.
fn copy_aside(database: &Path) -> Result<String> {
    let seconds = Machine.wall().micros() / 1_000_000;
    let aside = beside(database, &format!(".damaged-{seconds}"));
    for suffix in ["", "-wal", "-shm", ".seal"] {
        let (from, to) = (beside(database, suffix), beside(&aside, suffix));
        if !from.exists() {
            continue;
        }
        let copied = std::fs::copy(&from, &to).and_then(|_| std::fs::File::open(&to)?.sync_all());
        copied.map_err(|error| {
            StoreError::Unavailable(format!("{} cannot be copied aside: {error}", from.display()))
        })?;
    }
    open::sync_folder(database)?;
    Ok(aside.display().to_string())
}

/// Compares the end of the log with the seal and with itself, and raises an alarm where something is missing.
pub(super) async fn look_at_end(
    connection: &mut SqliteConnection,
    database: &Path,
    sealed: Found,
    tip: Tip,
    on_loss: OnLoss,
    alarms: &Alarms,
) -> Result<()> {
    let missing = match sealed {
        Found::Seal(sealed) => seal::missing(connection, sealed, tip).await?,
        Found::Nothing => None,
        Found::Damaged => {
            let detail = format!(
                "{} is not what was written; it is made anew with the next version",
                seal::path(database).display()
            );
            alarms.raise(AlarmCode::SealDamaged, "", detail, SEAL_DAMAGED);
            None
        }
    };
    // The row that notes the end may know of versions that are gone.
    let missing = match missing {
        None => seal::missing(connection, Seal::from(tip), tip).await?,
        missing => missing,
    };
    match (missing, on_loss) {
        (None, _) => {}
        (Some(text), OnLoss::Stop) => alarms.raise(AlarmCode::VersionsMissing, "", text, MISSING),
        (Some(text), OnLoss::Accept) => tracing::warn!("{text}; accepted"),
    }
    Ok(())
}
