//! A run that speaks to one server is asked at another.

use serde_json::json;
use stateloft_tests::bots::At;
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;
use stateloft_tests::socket::Socket;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_hears_at_its_server_what_it_is_asked_at_another_and_its_answer_is_there() {
    let settings = Postgres::shared().database();
    let servers = [Server::start_on(&settings).await, Server::start_on(&settings).await];
    let [here, there] = servers.each_ref().map(|server| At::new(&server.origin()));
    assert_eq!(here.post("/runs", &json!({"program": "grid", "lease_seconds": 3600})).await.0, 201);
    let mut socket = Socket::open(servers[0].address()).await;
    socket.subscribe("run:grid.main.1", None).await;
    let (status, ask) = there.post("/runs/grid.main.1/reconcile/ask", &json!({"user_id": "ann"})).await;
    assert_eq!(status, 201, "{ask}");
    let told = socket.next_of(&["ask_reconcile"]).await;
    assert_eq!((&told["ask"], &told["user_id"]), (&ask["ask"], &json!("ann")), "{told}");
    let (status, again) = here.post("/runs/grid.main.1/reconcile/ask", &json!({})).await;
    assert_eq!((status, &again["ask"]), (200, &ask["ask"]), "{again}");
    let now = here.get("/status").await["now"].clone();
    let report = json!({"list": [], "options": {"as_of": now}, "answers": ask["ask"], "epoch": 1});
    let (status, plan) = here.post("/runs/grid.main.1/reconcile", &report).await;
    assert_eq!((status, &plan["answered"]), (200, &ask["ask"]), "{plan}");
    let shown = there.get("/runs/grid.main.1").await;
    assert_eq!(shown["ask_reconcile"]["answer"]["as_of"], plan["as_of"], "{shown}");
    let (_, renewed) = there.post("/runs/grid.main.1/renew", &json!({})).await;
    assert!(renewed.get("ask_reconcile").is_none(), "{renewed}");
}
