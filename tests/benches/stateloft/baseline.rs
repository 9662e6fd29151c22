//! What the disk and SQLite do without us: insert one row, commit, repeat.

use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor};

/// Rows a second of single-row durable inserts on one connection.
pub(crate) async fn raw_sqlite(path: &Path, window: Duration) -> f64 {
    let url = format!("sqlite://{}", path.display());
    let mut connection = SqliteConnectOptions::from_str(&url)
        .expect("an address")
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await
        .expect("SQLite opens");
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, data TEXT NOT NULL)").await.expect("a table");
    let data = crate::saves::document(0);
    let start = Instant::now();
    let mut rows = 0_u32;
    while start.elapsed() < window {
        sqlx::query("INSERT INTO t (data) VALUES (?)")
            .bind(&data)
            .execute(&mut connection)
            .await
            .expect("an insert");
        rows += 1;
    }
    let rate = f64::from(rows) / start.elapsed().as_secs_f64();
    connection.close().await.expect("SQLite closes");
    rate
}
