//! `stateloft clock`, of a server that starts ten years after the last version.

use std::sync::Arc;

use stateloft_core::model::Timestamp;
use stateloft_server::clock::Clock;
use stateloft_server::service::Settings;
use stateloft_tests::local::Start;
use stateloft_tests::server::Server;

use super::{folder, run};

/// A clock that stands: 2016-11-20T16:53:20Z.
struct TenYearsAgo;

impl Clock for TenYearsAgo {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_479_660_800_000_000)
    }
}

#[tokio::test]
async fn clock_says_whether_the_machine_is_believed_and_confirms_it() {
    let here = folder();
    let settings = Settings { clock: Arc::new(TenYearsAgo), ..Settings::default() };
    let old = Start { settings, ..Start::default() }.run().await;
    let _ = old.client.save("position", "a", r#"{"n":1}"#).await;
    let store = old.folder();
    old.stop().await;
    let path = store.path().join("test.db").display().to_string();
    let server = Server::start_in(vec![("TRADING_STATE_SQLITE_PATH".to_owned(), path)]).await;
    let address = server.origin();

    let clock = run(here.path(), &["clock", "--server", &address], &[]).await;
    assert_eq!(clock.code, Some(7), "{}{}", clock.out, clock.err);
    for part in
        ["Recorded now    2016-11-20T16:5", "Machine's clock 2", "NOT BELIEVED", "until somebody confirms it"]
    {
        assert!(clock.out.contains(part), "{part} in {}", clock.out);
    }
    let nothing = run(here.path(), &["clock", "confirm", "--reason", " ", "--server", &address], &[]).await;
    assert_eq!(nothing.code, Some(11), "{}", nothing.out);
    assert!(nothing.err.contains("say why the clock is right"), "{}", nothing.err);
    let confirm = ["clock", "confirm", "--reason", "it was away", "--user", "ann", "--server", &address];
    let confirmed = run(here.path(), &confirm, &[]).await;
    assert_eq!(confirmed.code, Some(0), "{}{}", confirmed.out, confirmed.err);
    assert!(confirmed.out.contains(", believed"), "{}", confirmed.out);
    let (_, saved) =
        server.post("/states", r#"{"state_type":"position","state_id":"a","data":{"n":2}}"#).await;
    assert!(saved["timestamp"].as_str().unwrap() > "2025", "{saved}");
    let nobody = run(here.path(), &["clock", "--server", "127.0.0.1:1"], &[]).await;
    assert_eq!(nobody.code, Some(10));
}
