//! How PostgreSQL is read.

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::postgres::{PgConnection, PgRow};

use super::PostgresStore;
use super::failure::failed;
use super::reader::Reader;
use crate::store::Result;
use crate::store::lanes::Lane;
use crate::store::sql::{Connection, Dialect, Discard, SqlStore, Statement, Value};

impl Connection for PgConnection {
    type Row = PgRow;

    const READS_AHEAD: bool = false;

    const DIALECT: Dialect = Dialect {
        join: "JOIN",
        live: "NOT s.deleted",
        deleted: "s.deleted",
        like: ["lower(", " COLLATE \"C\") LIKE ", ""],
        escaped: "(strpos(v.data, '\\') > 0)",
        // The data is unpacked once.
        may_hold: ["lower(v.data COLLATE \"C\") LIKE ANY (ARRAY[", ", '%\\\\%'])"],
        seqs: ["CAST(json_agg(v.seq)", " AS text)"],
        json_table: ["json_array_elements(CAST(", " AS json)) WITH ORDINALITY AS wanted (value, key)"],
        imported: [
            "substr(v.batch_id, 1, 7) = 'import:' AND v.batch_id ~ \
             '^import:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z:'",
            "substr(v.batch_id, 8, 27) COLLATE \"C\"",
        ],
        by_import: "",
        begin: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    };

    fn rows(&mut self, statement: Statement) -> BoxStream<'_, Result<PgRow>> {
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

impl Discard for Reader {
    fn discard(&mut self) {
        self.close_on_drop();
    }
}

impl SqlStore for PostgresStore {
    type Connection = PgConnection;
    type Reader = Reader;

    async fn reader(&self, lane: Lane) -> Result<Reader> {
        self.link.reader(lane).await
    }

    async fn within<T: Send>(&self, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        self.link.within(work).await
    }
}
