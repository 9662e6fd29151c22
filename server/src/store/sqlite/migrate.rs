//! The file's layout, brought up to date when the server starts.

use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use stateloft_core::hash::ChainHash;

use super::failed;
use crate::store::{Result, StoreError};

/// Says that a SQLite file is ours.
const APPLICATION: i64 = 0x5354_4853;
/// Step n brings a file from layout n to n+1. A step, once released, is never edited.
const STEPS: [&str; 7] = [
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_listed.sql"),
    include_str!("migrations/0003_log_only.sql"),
    include_str!("migrations/0004_receipts.sql"),
    include_str!("migrations/0005_imported.sql"),
    include_str!("migrations/0006_origins.sql"),
    include_str!("migrations/0007_run_leases.sql"),
];
/// The number of steps.
pub(super) const CURRENT: i64 = 7;

/// Brings the file to the layout of this program. Nothing is changed when a step fails.
pub(super) async fn run(connection: &mut SqliteConnection) -> Result<()> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let found = layout(&mut transaction).await?;
    if found == CURRENT {
        return transaction.rollback().await.map_err(failed);
    }
    let done = usize::try_from(found).unwrap_or_default();
    for step in STEPS.iter().skip(done) {
        sqlx::raw_sql(*step).execute(&mut *transaction).await.map_err(failed)?;
    }
    if found == 0 {
        sqlx::query("INSERT INTO meta (id, seq, chain_hash, recorded_at) VALUES (1, 0, $1, 0)")
            .bind(ChainHash::START.as_bytes().as_slice())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    let marks = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {CURRENT};");
    sqlx::raw_sql(sqlx::AssertSqlSafe(marks)).execute(&mut *transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    tracing::info!(from = found, to = CURRENT, "the database's layout is up to date");
    Ok(())
}

/// Refuses a file that a reader could not read.
pub(super) async fn check_current(connection: &mut SqliteConnection) -> Result<()> {
    match layout(connection).await? {
        CURRENT => Ok(()),
        0 => Err(StoreError::Damaged("the file holds no store yet".into())),
        found => Err(StoreError::Unavailable(format!(
            "the file has layout {found}, older than {CURRENT}: start the server once to bring it up to date"
        ))),
    }
}

/// The file's layout: 0 when it is empty.
async fn layout(connection: &mut SqliteConnection) -> Result<i64> {
    let number = |sql: &'static str| sqlx::query_scalar::<_, i64>(sql);
    let application = number("PRAGMA application_id").fetch_one(&mut *connection).await.map_err(failed)?;
    let found = number("PRAGMA user_version").fetch_one(&mut *connection).await.map_err(failed)?;
    let tables =
        number("SELECT count(*) FROM sqlite_master").fetch_one(&mut *connection).await.map_err(failed)?;
    let empty = application == 0 && found == 0 && tables == 0;
    if !empty && application != APPLICATION {
        return Err(StoreError::Damaged("the file is a database of another program".into()));
    }
    if found > CURRENT {
        return Err(StoreError::TooNew { found, known: CURRENT });
    }
    Ok(found)
}
