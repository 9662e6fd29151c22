//! A row was changed behind the servers' back.

use std::sync::Arc;

use stateloft_server::store::Admin as _;
use stateloft_server::store::postgres::PostgresStore;
use stateloft_tests::damage::{only_the_second_is_damaged, prepare};
use stateloft_tests::postgres::Postgres;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_115_a_damaged_version_is_served_by_nobody_and_everything_else_is() {
    let postgres = Postgres::shared();
    for sql in [
        r#"UPDATE versions SET data = '{"n":7}' WHERE seq = 2"#,
        "UPDATE versions SET data = NULL WHERE seq = 2",
        "UPDATE versions SET content_hash = decode(repeat('00', 32), 'hex') WHERE seq = 2",
        "UPDATE versions SET content_hash = decode('00', 'hex') WHERE seq = 2",
        "UPDATE versions SET author = 'somebody' WHERE seq = 2",
        "UPDATE versions SET recorded_at = recorded_at + 1 WHERE seq = 3; \
         UPDATE versions SET recorded_at = recorded_at - 1 WHERE seq = 3; \
         UPDATE versions SET description = '' WHERE seq = 2",
        "UPDATE versions SET operation = 'restore' WHERE seq = 2",
        "UPDATE versions SET verdict = 'x' WHERE seq = 2",
        "UPDATE versions SET chain_hash = decode(repeat('00', 32), 'hex') WHERE seq = 2",
        "UPDATE origins SET run_id = 'another' WHERE seq = 2",
        "UPDATE origins SET correlation_id = NULL WHERE seq = 2",
        "UPDATE origins SET causation_id = 'x' WHERE seq = 2",
        "DELETE FROM origins WHERE seq = 2",
    ] {
        let settings = postgres.database();
        let store = PostgresStore::open(settings.clone()).await.unwrap();
        prepare(&store).await;
        store.close().await;
        postgres.sql(&settings.database, &format!("SET search_path = stateloft; {sql}"));
        let store = PostgresStore::open(settings).await.unwrap();
        only_the_second_is_damaged(Arc::new(store)).await.shutdown().await;
    }
}
