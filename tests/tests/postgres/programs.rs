//! The real program, several times on one database.

use std::collections::HashMap;

use reqwest::StatusCode;
use serde_json::Value;
use stateloft_tests::busy::searches_keep_nobody_from_saving;
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;
use stateloft_tests::socket::Socket;

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// One of two servers is killed again and again while the other goes on; a watcher at each resumes where it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_takes_nothing_with_it() {
    let settings = Postgres::shared().database();
    let stays = Server::start_on(&settings).await;
    let mut dies = Server::start_on(&settings).await;
    let mut watcher = Socket::open(stays.address()).await;
    watcher.subscribe("states", Some(0)).await;
    let mut seen_by_the_other = 0;
    let mut saved: HashMap<u64, String> = HashMap::new();
    for round in 0..4 {
        let mut watching = Socket::open(dies.address()).await;
        watching.subscribe("states", Some(seen_by_the_other)).await;
        for n in 0..25 {
            let server = if n % 2 == 0 { &stays } else { &dies };
            let data = format!(r#"{{"round":{round},"n":{n}}}"#);
            let answer = server.save("bot_memory", &format!("s{}", n % 5), &data, "bot", "because").await;
            saved.insert(number(&answer["seq"]), data);
        }
        for _ in 0..25 {
            seen_by_the_other += 1;
            assert_eq!(number(&watching.update().await["seq"]), seen_by_the_other);
        }
        dies.kill().await;
        dies.run().await;
    }
    for seq in 1..=100 {
        let update = watcher.update().await;
        assert_eq!(number(&update["seq"]), seq, "in order, each once");
        assert_eq!(update["data"].to_string(), saved[&seq].replace(' ', ""), "seq {seq}");
    }
    for server in [&stays, &dies] {
        let (status, verified) = server.get("/verify?after=0&limit=1000").await;
        assert_eq!((status, &verified["ok"]), (StatusCode::OK, &Value::from(true)), "{verified}");
        assert_eq!(number(&verified["verified_to"]), 100);
        let (_, status) = server.get("/status").await;
        assert_eq!(status["store"]["kind"], "postgresql", "{status}");
    }
    assert_eq!(dies.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_that_take_longer_than_an_answer_may_keep_nobody_from_saving() {
    let variable = |name: &str, value: &str| (format!("TRADING_STATE_{name}"), value.to_owned());
    let variables = vec![variable("POSTGRES_POOL_SIZE", "4"), variable("CONNECTION_TIMEOUT", "2")];
    let settings = Postgres::shared().database();
    let server = Server::start_on_with(&settings, variables).await;
    searches_keep_nobody_from_saving(server, Some(Server::start_on(&settings).await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_served_database_and_what_is_new_make_the_same_store_in_another_one() {
    let server = Server::start_on(&Postgres::shared().database()).await;
    for n in 0..30 {
        server
            .save("position", &format!("s{}/é", n % 7), &format!(r#"{{"n":{n},"x":1.50}}"#), "bot", "")
            .await;
    }
    let here = tempfile::tempdir().unwrap();
    let path = |name: &str| here.path().join(name).display().to_string();
    let done = async |server: &Server, arguments: &[&str]| {
        let ended = server.command(arguments).output().await.unwrap();
        let said = String::from_utf8([ended.stdout, ended.stderr].concat()).unwrap();
        assert!(ended.status.success(), "{arguments:?}: {said}");
        said
    };
    let made = done(&server, &["backup", "--json", "--out", &path("full")]).await;
    let made: Value = serde_json::from_str(made.lines().last().unwrap()).unwrap();
    assert_eq!((number(&made["versions"]), number(&made["positions"])), (30, 7), "{made}");
    server.save("strategy", "s", "{}", "bot", "").await;
    let (from, origin) = (made["next_from"].to_string(), server.origin());
    done(&server, &["backup", "--server", &origin, "--from", &from, "--out", &path("more")]).await;
    let settings = Postgres::shared().database();
    let other = Server::not_started(Server::variables(&settings));
    let said = done(&other, &["import", &path("full"), &path("more")]).await;
    assert!(said.contains("whole: all 31 versions"), "{said}");
    let other = Server::start_on(&settings).await;
    let everything = "/events?after=0&limit=1000";
    assert_eq!(server.get(everything).await, other.get(everything).await);
}
