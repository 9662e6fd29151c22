//! The tables of sessions that an older system keeps, read for an import; nothing is written to them.
//!
//! A row comes as the database itself writes it as JSON: of every type it has exactly what is stored, and numbers keep their digits.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use super::failure::failed;
use super::find::{Purpose, connect_once};
use super::settings::PostgresSettings;
use crate::store::{Result, StoreError};

/// The tables, and columns without which one of that name is something else.
const TABLES: [(&str, &[&str]); 4] = [
    ("trading_sessions", &["id", "session_id", "start_time", "status"]),
    ("positions", &["id", "session_id", "symbol"]),
    ("position_checkpoints", &["id", "session_id", "positions_snapshot"]),
    ("order_journal", &["id", "symbol", "status"]),
];
/// Rows that are fetched at a time.
const PAGE: usize = 500;

/// A table, and its rows as JSON, by their ids.
pub(crate) type SessionTable = (&'static str, Vec<String>);

/// Reads those of the tables that there are, as they are at one moment. There are none where the database has none.
///
/// # Errors
/// No server answers and lets us in, a table is not what its name says, or there are more than `most` bytes in them.
pub(crate) async fn read(settings: &PostgresSettings, most: u64) -> Result<Vec<SessionTable>> {
    let mut connection = connect_once(settings, Purpose::ReadOthers).await?;
    let begin =
        "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    sqlx::raw_sql(begin).execute(&mut connection).await.map_err(failed)?;
    let (mut tables, mut left) = (Vec::new(), most);
    for (name, columns) in TABLES {
        if let Some(table) = find(&mut connection, name, columns).await? {
            tables.push((name, rows(&mut connection, &table, &mut left).await?));
        }
    }
    // It only read: how the connection ends does not matter.
    let _ = connection.close().await;
    Ok(tables)
}

/// The table's name with its schema, quoted; nothing if there is none that this user may see.
async fn find(connection: &mut PgConnection, name: &str, columns: &[&str]) -> Result<Option<String>> {
    const FIND: &str = "SELECT format('%I.%I', n.nspname, c.relname), a.attname::text \
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
        WHERE c.oid = to_regclass($1)";
    let found: Vec<(String, String)> =
        sqlx::query_as(FIND).bind(name).fetch_all(connection).await.map_err(failed)?;
    let Some((table, _)) = found.first() else { return Ok(None) };
    let missing = columns.iter().filter(|wanted| !found.iter().any(|(_, column)| column == *wanted));
    let missing: Vec<&str> = missing.copied().collect();
    if missing.is_empty() {
        return Ok(Some(table.clone()));
    }
    Err(StoreError::Refused(format!(
        "the table {table} has no column {}: it is not the {name} that is known here",
        missing.join(", ")
    )))
}

async fn rows(connection: &mut PgConnection, table: &str, left: &mut u64) -> Result<Vec<String>> {
    // The order does not depend on what type the ids have, as long as it is the same each time.
    let declare = format!(
        "DECLARE older NO SCROLL CURSOR FOR SELECT row_to_json(older_row)::text FROM {table} AS older_row ORDER BY older_row.id"
    );
    sqlx::raw_sql(AssertSqlSafe(declare)).execute(&mut *connection).await.map_err(failed)?;
    let mut rows = Vec::new();
    loop {
        let fetch = format!("FETCH FORWARD {PAGE} FROM older");
        let page: Vec<(String,)> =
            sqlx::query_as(AssertSqlSafe(fetch)).fetch_all(&mut *connection).await.map_err(failed)?;
        let is_last = page.len() < PAGE;
        for (row,) in page {
            let over = || StoreError::Refused("more is in the tables than one import takes".to_owned());
            *left = left.checked_sub(row.len() as u64).ok_or_else(over)?;
            rows.push(row);
        }
        if is_last {
            break;
        }
    }
    sqlx::raw_sql("CLOSE older").execute(connection).await.map_err(failed)?;
    Ok(rows)
}
