//! Who goes away leaves no work behind in the database.

use std::time::{Duration, Instant};

use reqwest::Method;
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;

const PATIENCE: Duration = Duration::from_secs(12);
const POLL: Duration = Duration::from_millis(50);
/// Looking through one of these texts takes a good part of a second, as what is looked for nearly begins at every letter; looking
/// through all of them takes longer than a statement may.
const STATES: usize = 160;
const LETTERS: usize = 200_000;
const ALIKE: usize = 1_000;

/// How many text searches the database works on.
fn searches(postgres: &Postgres) -> u32 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '% LIKE %$%' AND pid <> pg_backend_pid()";
    postgres.sql("postgres", sql).parse().unwrap()
}

async fn until(complaint: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{complaint}");
        tokio::time::sleep(POLL).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_search_ends_in_the_database_when_nobody_waits_for_it_any_more() {
    let postgres = Postgres::start();
    let server = Server::start_on(&postgres.database()).await;
    let data = format!(r#"{{"text":"{}"}}"#, "a".repeat(LETTERS));
    for n in 0..STATES {
        server.save("bot_memory", &n.to_string(), &data, "bot", "").await;
    }
    let query = format!("/states?q={}b", "a".repeat(ALIKE));
    let asked = tokio::spawn(server.request(Method::GET, &query).send());
    until("the database does not search", || searches(&postgres) > 0).await;
    asked.abort();
    until("the database searches on", || searches(&postgres) == 0).await;
    server.save("bot_memory", "a", "{}", "bot", "the others go on").await;
}
