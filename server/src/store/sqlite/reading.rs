//! How SQLite is read.

use std::time::Instant;

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqliteConnection, SqliteRow};

use super::{SqliteStore, failed};
use crate::store::Result;
use crate::store::sql::{Connection, Dialect, Discard, SqlStore, Statement, Value};

impl Connection for SqliteConnection {
    type Row = SqliteRow;

    const DIALECT: Dialect = Dialect {
        join: "CROSS JOIN",
        live: "s.deleted = 0",
        deleted: "s.deleted = 1",
        like: [" LIKE ", " ESCAPE '\\'"],
        json_table: ["json_each(", ") AS wanted"],
        begin: "BEGIN",
    };

    fn rows(&mut self, statement: Statement) -> BoxStream<'_, Result<SqliteRow>> {
        let (text, values) = statement.into_parts();
        let query = values.into_iter().fold(sqlx::query(text), |query, value| match value {
            Value::Text(text) => query.bind(text),
            Value::Number(number) => query.bind(number),
        });
        query.fetch(self).map_err(failed).boxed()
    }

    async fn run(&mut self, command: &'static str) -> Result<()> {
        sqlx::raw_sql(command).execute(self).await.map(|_| ()).map_err(failed)
    }
}

impl Discard for PoolConnection<Sqlite> {
    fn discard(&mut self) {
        self.close_on_drop();
    }
}

impl SqlStore for SqliteStore {
    type Connection = SqliteConnection;
    type Reader = PoolConnection<Sqlite>;

    async fn reader(&self) -> Result<Self::Reader> {
        let asked = Instant::now();
        let reader = self.connection().await?;
        self.watch.got(asked, self.pool().busy);
        Ok(reader)
    }
}
