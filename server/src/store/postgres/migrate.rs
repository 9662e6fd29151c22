//! The tables, brought up to date when a server starts: by one server at a time.

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use stateloft_core::hash::ChainHash;

use super::failure::failed;
use super::find::SCHEMA;
use crate::store::{Result, StoreError, former};

/// Step n brings a database from layout n to n+1. A step, once released, is never edited.
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
/// The lock that servers take turns by: any number that nobody else takes.
const LOCK: i64 = 0x7374_6174_6568_7365;
const UNDEFINED_COLUMN: &str = "42703";

/// Brings the database to the layout of this program. Nothing is changed when a step fails.
pub(super) async fn run(connection: &mut PgConnection) -> Result<()> {
    let mut transaction = connection.begin().await.map_err(failed)?;
    // A step on a large database takes its time, and so may the server that is ahead of us.
    sqlx::raw_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10min'")
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    let found = layout(&mut transaction).await?;
    if found == Some(CURRENT) {
        return transaction.rollback().await.map_err(failed);
    }
    if found.is_none() && !schema_exists(&mut transaction, SCHEMA).await? {
        if schema_exists(&mut transaction, former::NAME).await? {
            return Err(former::schema_found(SCHEMA));
        }
        let create = format!("CREATE SCHEMA {SCHEMA}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut *transaction).await.map_err(failed)?;
    }
    let done = usize::try_from(found.unwrap_or_default()).unwrap_or_default();
    for step in STEPS.iter().skip(done) {
        sqlx::raw_sql(*step).execute(&mut *transaction).await.map_err(failed)?;
    }
    if found.is_none() {
        sqlx::query(
            "INSERT INTO meta (id, layout, seq, chain_hash, recorded_at, last_snapshot) \
             VALUES (1, 0, 0, $1, 0, 0)",
        )
        .bind(ChainHash::START.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    }
    sqlx::query("UPDATE meta SET layout = $1")
        .bind(CURRENT)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    tracing::info!(from = found.unwrap_or_default(), to = CURRENT, "the database's layout is up to date");
    Ok(())
}

/// Refuses a database that a reader could not read.
pub(super) async fn check_current(connection: &mut PgConnection) -> Result<()> {
    match layout(connection).await? {
        Some(CURRENT) => Ok(()),
        None => {
            Err(StoreError::Unavailable("the database holds no store yet; `stateloft serve` makes it".into()))
        }
        Some(found) => Err(StoreError::Unavailable(format!(
            "the database has layout {found}, older than {CURRENT}: start the server once to bring it up to date"
        ))),
    }
}

/// Whether the database holds nothing of ours.
pub(super) async fn is_absent(connection: &mut PgConnection) -> Result<bool> {
    layout(connection).await.map(|found| found.is_none())
}

async fn schema_exists(connection: &mut PgConnection, name: &str) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)";
    sqlx::query_scalar(sql).bind(name).fetch_one(connection).await.map_err(failed)
}

/// The database's layout; `None` when it holds nothing of ours.
async fn layout(connection: &mut PgConnection) -> Result<Option<i64>> {
    const TABLES: &str = "SELECT count(*), count(*) FILTER (WHERE c.relname = 'meta') FROM pg_class AS c \
                          JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'";
    let (tables, meta): (i64, i64) =
        sqlx::query_as(TABLES).bind(SCHEMA).fetch_one(&mut *connection).await.map_err(failed)?;
    if meta == 0 {
        return if tables == 0 { Ok(None) } else { Err(not_ours()) };
    }
    let found: sqlx::Result<Option<i64>> =
        sqlx::query_scalar("SELECT layout FROM meta WHERE id = 1").fetch_optional(connection).await;
    match found {
        Ok(Some(found)) if found > CURRENT => Err(StoreError::TooNew { found, known: CURRENT }),
        Ok(Some(found)) => Ok(Some(found)),
        Ok(None) => Err(not_ours()),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(UNDEFINED_COLUMN) => {
            Err(not_ours())
        }
        Err(error) => Err(failed(error)),
    }
}

fn not_ours() -> StoreError {
    StoreError::Damaged(format!("the database's schema {SCHEMA} holds tables of another program"))
}
