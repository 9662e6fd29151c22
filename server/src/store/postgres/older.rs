//! The table `trading_states` of the older systems, read for an import; nothing is written to it.

use std::collections::VecDeque;

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection as _};
use stateloft_core::json::Limits;

use super::failure::failed;
use super::find::{Purpose, connect_once};
use super::settings::PostgresSettings;
use crate::store::sql::Row as _;
use crate::store::{OlderRow, OlderRows, Result, StoreError};

/// The table's name; its schema is whichever the user's `search_path` finds it in.
const TABLE: &str = "trading_states";
/// Rows that are fetched at once: at first, and at most while they are small.
const FEW: usize = 16;
const MANY: usize = 500;
/// Bytes of data from which fewer rows are fetched at once.
const PAGE_BYTES: u64 = 16 << 20;
/// Where the rows come from: a cursor of the server's, so that neither side holds them all. Whatever the type of `data`
/// is, its text is what the server says it is. The order does not depend on the database's language, and it is by
/// the table's own columns (`t.`), not by the texts of the same names that are selected.
const DECLARE: &str = "DECLARE older NO SCROLL CURSOR FOR \
    SELECT t.version_id::text, t.state_type::text, t.state_id::text, t.operation::text, \
    CASE WHEN t.\"timestamp\" >= '0001-01-01 00:00:00+00' AND t.\"timestamp\" < '10000-01-01 00:00:00+00' \
    THEN (extract(epoch FROM t.\"timestamp\") * 1000000)::bigint END, \
    t.\"timestamp\"::text, coalesce(octet_length(t.data::text), 0)::bigint, \
    CASE WHEN octet_length(t.data::text) <= $LIMIT THEN t.data::text END, t.user_id::text, t.description::text \
    FROM $TABLE AS t ORDER BY t.\"timestamp\", t.version_id::text COLLATE \"C\"";
/// The columns that are read.
const COLUMNS: [&str; 8] =
    ["version_id", "state_type", "state_id", "operation", "timestamp", "data", "user_id", "description"];

/// The older systems' table, as it was when it was opened.
#[derive(Debug)]
pub struct OlderTable {
    connection: PgConnection,
    page: VecDeque<OlderRow>,
    rows: usize,
    total: u64,
    ended: bool,
}

impl OlderTable {
    /// Connects, also to a standby, and makes sure that the table is the one that the older systems write.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no server answers and lets us in, when there is no such table or it is another.
    pub async fn open(settings: &PostgresSettings) -> Result<Self> {
        let mut connection = connect_once(settings, Purpose::ReadOthers).await?;
        sqlx::raw_sql(
            "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        )
        .execute(&mut connection)
        .await
        .map_err(failed)?;
        let table = find(&mut connection).await?;
        let count = format!("SELECT count(*) FROM {table}");
        let total: i64 =
            sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut connection).await.map_err(failed)?;
        let limit = Limits::default().max_bytes.to_string();
        let declare = DECLARE.replace("$LIMIT", &limit).replace("$TABLE", &table);
        sqlx::raw_sql(AssertSqlSafe(declare)).execute(&mut connection).await.map_err(failed)?;
        let total = u64::try_from(total).unwrap_or_default();
        Ok(Self { connection, page: VecDeque::new(), rows: FEW, total, ended: false })
    }
}

impl OlderTable {
    async fn fetch(&mut self) -> Result<()> {
        let fetch = format!("FETCH FORWARD {} FROM older", self.rows);
        let rows = sqlx::query(AssertSqlSafe(fetch)).fetch_all(&mut self.connection).await.map_err(failed)?;
        self.ended = rows.len() < self.rows;
        self.page = rows.iter().map(understood).collect::<Result<_>>()?;
        let bytes: u64 = self.page.iter().map(|row| row.size).sum();
        self.rows = if bytes > PAGE_BYTES { (self.rows / 4).max(1) } else { (self.rows * 2).min(MANY) };
        Ok(())
    }
}

/// The table's name with its schema, quoted.
async fn find(connection: &mut PgConnection) -> Result<String> {
    const FIND: &str = "SELECT format('%I.%I', n.nspname, c.relname), a.attname::text, a.atttypid::regtype::text \
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
        WHERE c.oid = to_regclass($1)";
    let found: Vec<(String, String, String)> =
        sqlx::query_as(FIND).bind(TABLE).fetch_all(connection).await.map_err(failed)?;
    let Some((table, _, _)) = found.first() else {
        return Err(StoreError::Unavailable(format!("there is no table {TABLE} that this user may see")));
    };
    let type_of = |name: &str| found.iter().find(|(_, column, _)| column == name).map(|(_, _, kind)| kind);
    let missing: Vec<&str> = COLUMNS.into_iter().filter(|name| type_of(name).is_none()).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(StoreError::Unavailable(format!("the table {table} has no column {missing}")));
    }
    match type_of("timestamp").map(String::as_str) {
        Some("timestamp with time zone") => Ok(table.clone()),
        other => Err(StoreError::Unavailable(format!(
            "the column timestamp of {table} is {}; a time without a zone says not when it was, so it is not guessed",
            other.unwrap_or_default()
        ))),
    }
}

#[async_trait]
impl OlderRows for OlderTable {
    fn total(&self) -> u64 {
        self.total
    }

    async fn next(&mut self) -> Result<Option<OlderRow>> {
        if self.page.is_empty() && !self.ended {
            self.fetch().await?;
        }
        Ok(self.page.pop_front())
    }

    async fn close(self: Box<Self>) {
        // It only read: how the connection ends does not matter.
        let _ = self.connection.close().await;
    }
}

fn understood(row: &PgRow) -> Result<OlderRow> {
    let text = |index| Ok::<_, StoreError>(row.text(index)?.map(str::to_owned));
    Ok(OlderRow {
        version_id: text(0)?,
        state_type: text(1)?,
        state_id: text(2)?,
        operation: text(3)?,
        micros: row.integer(4)?,
        time: text(5)?,
        size: row.integer(6)?.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        data: text(7)?,
        author: text(8)?,
        description: text(9)?,
    })
}
