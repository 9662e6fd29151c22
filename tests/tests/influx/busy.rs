//! An InfluxDB that is long over what it is asked, and is there all the same.

use reqwest::StatusCode;
use stateloft_server::store::influx::InfluxOptions;
use stateloft_tests::influx::{Influx, bucket};
use stateloft_tests::server::Server;

use super::proxy::Proxy;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_take_longer_than_an_answer_may_keep_nobody_from_saving() {
    let direct = bucket().await;
    let proxy = Proxy::start(&direct.url).await;
    let through = InfluxOptions { url: format!("http://{}", proxy.address), ..direct };
    let mut variables = Influx::variables(&through);
    variables.push(("TRADING_STATE_CONNECTION_TIMEOUT".into(), "2".into()));
    variables.push(("TRADING_STATE_CIRCUIT_FAILURE_THRESHOLD".into(), "2".into()));
    let server = Server::start_in(variables).await;
    for n in 0..20 {
        server.save("bot_memory", "a", &format!(r#"{{"n":{n}}}"#), "tester", "").await;
    }
    proxy.is_slow_to_read(true);
    for n in 0..3 {
        let past = server.request(reqwest::Method::GET, "/states/a?state_type=bot_memory&version=1");
        let answer = past.send().await.unwrap();
        let again = answer.headers().contains_key("retry-after");
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert_eq!((&problem["code"], again), (&"overloaded".into(), true), "{problem}");
        server.save("bot_memory", "a", &format!(r#"{{"again":{n}}}"#), "tester", "").await;
        let ready = reqwest::get(format!("{}/readyz", server.origin())).await.unwrap();
        assert_eq!(ready.status(), StatusCode::OK, "{:?}", ready.text().await);
    }
    let (_, status) = server.get("/status").await;
    assert_eq!((&status["breaker"]["state"], &status["breaker"]["opened"]), (&"closed".into(), &0.into()));
    assert_eq!(status["store"]["up"], true, "{status}");
    proxy.is_slow_to_read(false);
    let (answered, first) = server.get("/states/a?state_type=bot_memory&version=1").await;
    assert_eq!((answered, &first["data"]["n"]), (StatusCode::OK, &0.into()), "{first}");
}
