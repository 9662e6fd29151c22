//! The sidecar and the server end and come back: nothing is sent twice, and nothing that the files hold is missing.

use serde_json::json;
use stateloft_tests::server::Server;

use super::super::{folder, run};
use super::{Sidecar, once, replace, until_data, versions};

const MEMORY: [&str; 4] = ["json", "*.json", "--type", "bot_memory"];

#[tokio::test]
async fn a_server_that_is_away_is_waited_for_and_gets_what_changed_meanwhile_in_order() {
    let (mut server, here) = (Server::start().await, folder());
    let file = here.path().join("a.json");
    replace(&file, r#"{"n":0}"#);
    let mut sidecar = Sidecar::start(&server, here.path(), &MEMORY);
    sidecar.next().await;
    server.kill().await;
    replace(&file, r#"{"n":1}"#);
    sidecar.until_said("it is sent when it can be").await;
    replace(&file, r#"{"n":2}"#);
    std::fs::write(here.path().join("b.json"), r#"{"n":9}"#).unwrap();
    server.run().await;
    until_data(&server, "bot_memory", "a", &json!({"n": 2})).await;
    until_data(&server, "bot_memory", "b", &json!({"n": 9})).await;
    sidecar.until_said("is back").await;
    let all = versions(&server, "bot_memory", "a").await;
    assert_eq!(all, [json!({"n": 0}), json!({"n": 1}), json!({"n": 2})]);
    let (code, said) = sidecar.stop().await;
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test]
async fn killed_in_the_middle_and_started_again_it_sends_nothing_twice_and_misses_nothing() {
    let (server, here) = (Server::start().await, folder());
    let write = |id: usize, n: usize| {
        replace(&here.path().join(format!("s{id}.json")), &format!("{{\"id\":{id},\"n\":{n}}}"));
    };
    for round in 0..5 {
        (0..40).for_each(|id| write(id, round));
        let mut sidecar = Sidecar::start(&server, here.path(), &MEMORY);
        for _ in 0..7 {
            sidecar.next().await;
        }
        (0..40).step_by(3).for_each(|id| write(id, round + 100));
        sidecar.kill().await;
    }
    once(&server, here.path(), &MEMORY, 0).await;
    for id in 0..40 {
        let all = versions(&server, "bot_memory", &format!("s{id}")).await;
        let last = if id % 3 == 0 { 104 } else { 4 };
        assert_eq!(all.last(), Some(&json!({"id": id, "n": last})));
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]), "{all:?}");
    }
    let (made, said) = once(&server, here.path(), &MEMORY, 0).await;
    assert!(made.is_empty() && said.contains("40 there already"), "{said}");
}

#[tokio::test]
async fn stopped_while_the_server_is_away_it_says_what_was_not_sent_and_sends_it_after_the_next_start() {
    let (mut server, here) = (Server::start().await, folder());
    std::fs::write(here.path().join("a.json"), r#"{"n":1}"#).unwrap();
    server.kill().await;
    let mut sidecar = Sidecar::start(&server, here.path(), &MEMORY);
    sidecar.until_said("it is sent when it can be").await;
    let (code, said) = sidecar.stop().await;
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("1 not sent"), "{said}");
    // A single look does not wait.
    let (made, said) = once(&server, here.path(), &MEMORY, 10).await;
    assert!(made.is_empty() && said.contains("cannot be asked"), "{said}");
    server.run().await;
    assert_eq!(once(&server, here.path(), &MEMORY, 0).await.0.len(), 1);
}

#[tokio::test]
async fn what_a_strict_type_refuses_is_said_and_the_others_are_in() {
    let settings = vec![("TRADING_STATE_VALIDATION_MODES".to_owned(), "oanda_position=strict".to_owned())];
    let (server, here) = (Server::start_set(settings).await, folder());
    let text =
        r#"[{"instrument":"EUR_USD","long":{"units":"-5"}},{"instrument":"GBP_USD","long":{"units":"5"}}]"#;
    std::fs::write(here.path().join("p.json"), text).unwrap();
    let oanda = ["json", "p.json", "--type", "oanda_position", "--each", "", "--id-from", "/instrument"];
    let (made, said) = once(&server, here.path(), &oanda, 4).await;
    assert_eq!(made.len(), 1);
    assert_eq!(made[0]["state_id"], "GBP_USD");
    assert!(said.contains("oanda_position EUR_USD is refused") && said.contains("1 refused"), "{said}");
}

#[tokio::test]
async fn a_wrong_key_ends_it_and_wrong_words_start_nothing() {
    let settings = vec![("TRADING_STATE_API_KEY".to_owned(), "k".repeat(40))];
    let (server, here) = (Server::start_set(settings).await, folder());
    std::fs::write(here.path().join("a.json"), r#"{"n":1}"#).unwrap();
    let origin = server.origin();
    for (more, code) in [
        (&["json", "a.json", "--type", "bot_memory"][..], 11),
        (&["json", "a.json", "--each", "/x"], 2),
        (&["json", "a[.json"], 2),
        (&["json", "a.json", "--type", "Bad Type"], 2),
        (&["json", "a.json", "--assume-tz", "Europe/Berlin"], 2),
        (&["json", "a.json", "--every", "0"], 2),
        (&["json"], 2),
    ] {
        let ran = run(here.path(), &[&["watch-files", "--server", &origin], more].concat(), &[]).await;
        assert_eq!(ran.code, Some(code), "{more:?}: {}", ran.err);
    }
}
