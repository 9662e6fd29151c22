//! What is asked for without data is answered without reading any.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use stateloft_server::store::influx::InfluxOptions;
use stateloft_tests::influx::{Influx, bucket};
use stateloft_tests::server::Server;

use crate::proxy::Proxy;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_histories_and_events_without_data_read_none() {
    let direct = bucket().await;
    let proxy = Proxy::start(&direct.url).await;
    let through = InfluxOptions { url: format!("http://{}", proxy.address), ..direct };
    let mut variables = Influx::variables(&through);
    variables.push(("TRADING_STATE_CONNECTION_TIMEOUT".into(), "2".into()));
    let server = Server::start_in(variables).await;
    for n in 0..6 {
        let id = ["a", "b"][n % 2];
        server.save("bot_memory", id, &format!(r#"{{"n":{n}}}"#), "tester", "").await;
    }
    let ask = async |path: &str| {
        let answer = server.request(Method::GET, path).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let paths = [
        ("/events?after=0&data=false", "events", 6),
        ("/events?before=0&data=false", "events", 6),
        ("/states/a/history?state_type=bot_memory&data=false", "versions", 3),
        ("/states?at=seq:3", "states", 2),
        ("/states?at=seq:3&sort=id&author=tester", "states", 2),
    ];
    let mut before = Vec::new();
    for (path, rows, count) in paths {
        let (status, page) = ask(path).await;
        assert_eq!((status, page[rows].as_array().unwrap().len()), (StatusCode::OK, count), "{path}: {page}");
        before.push(page);
    }
    proxy.is_slow_to_read(true);
    for ((path, ..), page) in paths.into_iter().zip(before) {
        assert_eq!(ask(path).await, (StatusCode::OK, page), "{path}");
    }
    let (status, problem) = ask("/states/a?state_type=bot_memory&version=1").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_the_past_has_the_data_of_its_page() {
    let server = Server::start_in(Influx::variables(&bucket().await)).await;
    for n in 0..6 {
        let id = ["a", "b"][n % 2];
        server.save("bot_memory", id, &format!(r#"{{"n":{n}}}"#), "tester", "").await;
    }
    let (_, page) = server.get("/states?at=seq:3&data=true&sort=id").await;
    let rows: Vec<_> =
        page["states"].as_array().unwrap().iter().map(|row| (&row["seq"], &row["data"]["n"])).collect();
    assert_eq!(rows, [(&3.into(), &2.into()), (&2.into(), &1.into())], "{page}");
    let size = page["states"][0]["size"].clone();
    let (_, bare) = server.get("/states?at=seq:3&sort=id").await;
    assert_eq!((&bare["states"][0]["size"], bare["states"][0].get("data")), (&size, None), "{bare}");
    let (_, found) = server.get("/states?at=seq:3&q=%22n%22:1").await;
    assert_eq!((&found["total"], &found["states"][0]["state_id"]), (&1.into(), &"b".into()), "{found}");
}
