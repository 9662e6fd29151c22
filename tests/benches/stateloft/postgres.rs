//! Saves with PostgreSQL as the store, next to what `pgbench` makes of the same server: one row a transaction.

use std::time::Duration;

use stateloft_tests::postgres::Postgres;

use crate::saves;
use crate::server::Server;
use crate::table::Table;

const TABLE: &str = "CREATE TABLE single (id bigserial PRIMARY KEY, data text NOT NULL)";

const PREPARED: &str = "INSERT INTO single (data) VALUES (:document);\n";

/// Adds three rows for each number of clients: `pgbench` as it is started without options, as the baseline; `pgbench`
/// whose clients let the server parse and plan their statement only once; and saves over HTTP.
pub(crate) async fn measure(table: &mut Table, window: Duration) {
    let postgres = Postgres::start();
    let baseline = postgres.database();
    postgres.sql(&baseline.database, TABLE);
    let server = Server::start_on(&postgres.database()).await;
    let document = saves::document(0);
    // The document has no quotation marks of SQL's.
    let insert = format!("INSERT INTO single (data) VALUES ('{document}');\n");
    // As a parameter, so that it goes to the server with every row here, too.
    let parameter = format!("document={document}");
    let prepared = ["-M", "prepared", "-D", &parameter];
    for clients in [1, 16, 64] {
        crate::progress(&format!("pgbench: single-row inserts, {clients} clients"));
        let raw = postgres.pgbench(&baseline.database, &insert, &[], clients, window);
        table.row(&format!("pgbench, one row a transaction, {clients} clients"), raw, "rows/s", None);
        let quick = postgres.pgbench(&baseline.database, PREPARED, &prepared, clients, window);
        let what = format!("pgbench, the same, prepared, {clients} clients (ratio: to the row above)");
        table.row(&what, quick, "rows/s", Some(quick / raw));
        crate::progress(&format!("durable saves over HTTP on PostgreSQL, {clients} connections"));
        let rate = saves::saves(&server, clients, window).await;
        let what =
            format!("durable validated saves on PostgreSQL, {clients} connections (ratio: to pgbench)");
        table.row(&what, rate, "saves/s", Some(rate / raw));
    }
    server.stop().await;
}
