//! How SQLite is read.

use std::sync::atomic::Ordering;

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::readers::Reader;
use super::{SqliteStore, failed};
use crate::store::Result;
use crate::store::lanes::Lane;
use crate::store::sql::{Connection, Dialect, Interrupt, SqlStore, Statement, Value};

/// Steps of the engine between two looks whether anybody still waits: a millisecond or so.
const STEPS: i32 = 50_000;

impl Connection for SqliteConnection {
    type Row = SqliteRow;

    const DIALECT: Dialect = Dialect {
        join: "CROSS JOIN",
        live: "s.deleted = 0",
        deleted: "s.deleted = 1",
        like: ["", " LIKE ", " ESCAPE '\\'"],
        escaped: "(v.data GLOB '*\\*')",
        may_hold: ["(v.data LIKE ", " ESCAPE '\\' OR v.data GLOB '*\\*')"],
        seqs: ["json_group_array(v.seq)", ""],
        json_table: ["json_each(", ") AS wanted"],
        imported: [
            "substr(v.batch_id, 1, 7) = 'import:' AND v.batch_id GLOB 'import:[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T\
             [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z:*'",
            "substr(v.batch_id, 8, 27)",
        ],
        by_import: " INDEXED BY versions_imported",
        begin: "BEGIN",
    };

    // A thread of its own reads fifty rows ahead.
    const READS_AHEAD: bool = true;

    fn rows(&mut self, statement: Statement) -> BoxStream<'_, Result<SqliteRow>> {
        let (text, values) = statement.into_parts();
        let query = values.into_iter().fold(sqlx::query(text), |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
        });
        query.fetch(self).map_err(failed).boxed()
    }

    async fn interruptible(&mut self) -> Result<Interrupt> {
        let interrupt = Interrupt::default();
        let gone = interrupt.flag();
        let mut handle = self.lock_handle().await.map_err(failed)?;
        handle.set_progress_handler(STEPS, move || !gone.load(Ordering::Relaxed));
        Ok(interrupt)
    }

    async fn run(&mut self, command: &'static str) -> Result<()> {
        sqlx::raw_sql(command).execute(self).await.map(|_| ()).map_err(failed)
    }
}

impl SqlStore for SqliteStore {
    type Connection = SqliteConnection;
    type Reader = Reader;

    async fn reader(&self, lane: Lane) -> Result<Reader> {
        self.connection(lane).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sqlx::{ConnectOptions as _, Connection as _};

    use super::*;

    #[tokio::test]
    async fn a_page_is_read_whatever_the_sizes_say() {
        const ROWS: &str = "SELECT v.seq, v.size, v.data FROM versions AS v ORDER BY v.seq LIMIT 10";
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(":memory:");
        let mut connection = options.connect().await.unwrap();
        connection.run("CREATE TABLE versions (seq INTEGER PRIMARY KEY, size, data TEXT)").await.unwrap();
        connection.run("INSERT INTO versions VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 1, 'c')").await.unwrap();
        let damaged = [
            ("UPDATE versions SET size = 1", (3, false)),
            ("UPDATE versions SET size = NULL", (3, false)),
            ("UPDATE versions SET size = 'x' WHERE seq = 2", (3, false)),
            // Added up they are more than any integer holds.
            ("UPDATE versions SET size = 9223372036854775807", (1, true)),
        ];
        for (harm, expected) in damaged {
            connection.run(harm).await.unwrap();
            let page = connection.page(Statement::new(ROWS), usize::MAX, |_| Ok(((), 1))).await;
            let (rows, more) = page.unwrap_or_else(|error| panic!("{harm}: {error}"));
            assert_eq!((rows.len(), more), expected, "{harm}");
        }
    }

    #[tokio::test]
    async fn a_statement_ends_when_nobody_waits_for_it_any_more() {
        const ENDLESS: &str =
            "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(":memory:");
        let mut connection = options.connect().await.unwrap();
        let interrupt = connection.interruptible().await.unwrap();
        let endless = async {
            let answer = connection.all(Statement::new(ENDLESS)).await;
            drop(interrupt);
            answer
        };
        assert!(
            tokio::time::timeout(Duration::from_millis(100), endless).await.is_err(),
            "it goes on for ever"
        );
        // Whoever comes next waits until the engine has let go.
        connection.ping().await.unwrap();
        let interrupt = connection.interruptible().await.unwrap();
        assert_eq!(connection.all(Statement::new("SELECT 1")).await.unwrap().len(), 1);
        interrupt.finish();
        assert_eq!(connection.all(Statement::new("SELECT 1")).await.unwrap().len(), 1);
    }
}
