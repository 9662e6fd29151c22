//! A failover to a standby that had not received everything: what is lost is said, never skipped.

use reqwest::StatusCode;
use stateloft_server::store::postgres::{PostgresHost, PostgresSettings};
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;
use stateloft_tests::socket::Socket;

/// A server, its standby, and how both are reached.
fn pair() -> (Postgres, Postgres, PostgresSettings) {
    let primary = Postgres::start();
    let standby = primary.start_standby();
    let mut settings = primary.database();
    settings.hosts.push(PostgresHost { host: "127.0.0.1".into(), port: standby.port() });
    (primary, standby, settings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_beyond_what_a_failover_kept_is_an_error_and_never_skipped() {
    let (primary, standby, settings) = pair();
    let mut server = Server::start_on(&settings).await;
    let mut watcher = Socket::open(server.address()).await;
    watcher.subscribe("states", Some(0)).await;
    for n in 1..=8 {
        if n == 6 {
            primary.part_from(&standby);
        }
        server.save("bot_memory", "a", &format!(r#"{{"n":{n}}}"#), "bot", "because").await;
        assert_eq!(watcher.update().await["seq"], n);
    }
    primary.kill();
    standby.promote();
    server.until_ready().await;

    // Whoever listened is told, and sent away.
    let told = watcher.next_of(&["cannot_replay", "state_update"]).await;
    assert_eq!(
        (&told["type"], &told["after"], &told["seq"]),
        (&"cannot_replay".into(), &8.into(), &5.into())
    );
    assert_eq!(watcher.close_code().await, Some(1013));
    // Whoever comes back with the old position is told as well.
    let mut again = Socket::open(server.address()).await;
    assert_eq!(again.subscribe("states", Some(8)).await["type"], "cannot_replay");
    let (status, problem) = server.get("/events?after=8").await;
    assert_eq!((status, &problem["code"]), (StatusCode::GONE, &"cannot_replay".into()), "{problem}");
    // What was lost is not read any more, from no cache either, and the log goes on where it ends.
    let (_, head) = server.get("/states/a?state_type=bot_memory").await;
    assert_eq!((&head["version"], &head["data"]["n"]), (&5.into(), &5.into()), "{head}");
    assert_eq!(again.subscribe("states", Some(5)).await["type"], "subscription_confirmed");
    let saved = server.save("bot_memory", "a", r#"{"n":"new"}"#, "bot", "after the failover").await;
    assert_eq!((&saved["seq"], &saved["version"]), (&6.into(), &6.into()));
    let update = again.update().await;
    assert_eq!((&update["seq"], &update["data"]["n"]), (&6.into(), &"new".into()));
    let (_, verified) = server.get("/verify?after=0&limit=1000").await;
    assert_eq!((&verified["ok"], &verified["verified_to"]), (&true.into(), &6.into()), "{verified}");
    let (_, status) = server.get("/status").await;
    assert!(status["chain_fault"].is_null(), "{status}");
}

/// Nothing tells by its number that it is another version: not when the log is as long as before again, nor when it is longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_lost_its_end_and_has_grown_as_far_again_is_known_to_be_another_one() {
    for grown in [3, 5] {
        let (primary, standby, settings) = pair();
        let server = Server::start_on(&settings).await;
        let mut watcher = Socket::open(server.address()).await;
        watcher.subscribe("states", Some(0)).await;
        for n in 1..=8 {
            if n == 6 {
                primary.part_from(&standby);
            }
            server.save("bot_memory", "a", &format!(r#"{{"n":{n}}}"#), "bot", "because").await;
            assert_eq!(watcher.update().await["seq"], n);
        }
        assert_eq!(server.get("/states/a?state_type=bot_memory").await.1["version"], 8);
        // It sees nothing of what happens now.
        server.freeze().await;
        primary.kill();
        standby.promote();
        let mut other = Server::start_on(&settings).await;
        other.until_ready().await;
        for n in 6..6 + grown {
            let saved = other.save("bot_memory", "a", &format!(r#"{{"n":"new {n}"}}"#), "bot", "").await;
            assert_eq!(saved["seq"], n, "after the five that the standby had");
        }
        server.thaw().await;

        let told = watcher.next_of(&["cannot_replay", "state_update"]).await;
        assert_eq!((&told["type"], &told["after"]), (&"cannot_replay".into(), &8.into()), "{told}");
        let last = 5 + grown;
        server.until_status(|status| status["store"]["up"] == true && status["seq"] == last).await;
        let (_, head) = server.get("/states/a?state_type=bot_memory").await;
        let newest = format!("new {last}").into();
        assert_eq!((&head["version"], &head["data"]["n"]), (&last.into(), &newest), "{head}");
        let saved = server.save("bot_memory", "a", r#"{"n":"last"}"#, "bot", "").await;
        assert_eq!((&saved["seq"], &saved["version"]), (&(last + 1).into(), &(last + 1).into()));
        let (_, verified) = server.get("/verify?after=0&limit=1000").await;
        assert_eq!(
            (&verified["ok"], &verified["verified_to"]),
            (&true.into(), &(last + 1).into()),
            "{verified}"
        );
    }
}
