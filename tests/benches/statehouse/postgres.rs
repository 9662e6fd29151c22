//! Saves with PostgreSQL as the store, next to what `pgbench` makes of the same server: one row a transaction.

use std::time::Duration;

use statehouse_tests::postgres::Postgres;

use crate::saves;
use crate::server::Server;
use crate::table::Table;

const TABLE: &str = "CREATE TABLE single (id bigserial PRIMARY KEY, data text NOT NULL)";
/// The text is a parameter, so that it goes to the server with every row.
const INSERT: &str = "INSERT INTO single (data) VALUES (:document);\n";

/// Adds two rows for each number of clients: `pgbench` as the baseline, then saves over HTTP.
pub(crate) async fn measure(table: &mut Table, window: Duration) {
    let postgres = Postgres::start();
    let baseline = postgres.database();
    postgres.sql(&baseline.database, TABLE);
    let server = Server::start_on(&postgres.database()).await;
    for clients in [1, 16, 64] {
        crate::progress(&format!("pgbench: single-row inserts, {clients} clients"));
        let document = saves::document(0);
        let raw = postgres.pgbench(&baseline.database, INSERT, ("document", &document), clients, window);
        table.row(&format!("pgbench, one row a transaction, {clients} clients"), raw, "rows/s", None);
        crate::progress(&format!("durable saves over HTTP on PostgreSQL, {clients} connections"));
        let rate = saves::saves(&server, clients, window).await;
        table.row(
            &format!("durable validated saves on PostgreSQL, {clients} connections (ratio: to pgbench)"),
            rate,
            "saves/s",
            Some(rate / raw),
        );
    }
    server.stop().await;
}
