//! Listing and searching states.

use serde_json::Value;
use stateloft_tests::local::Local;

async fn ids(server: &Local, query: &str) -> Vec<String> {
    let list = server.client.get(&format!("/api/v1/states?{query}")).await.expect(200).json();
    list["states"]
        .as_array()
        .unwrap()
        .iter()
        .map(|state| state["state_id"].as_str().unwrap().to_owned())
        .collect()
}

async fn some_states() -> Local {
    let server = Local::start().await;
    let client = &server.client;
    client.save("position", "EURUSD", r#"{"note":"Trailing stop"}"#).await;
    client.save("position", "EUR/JPY", "{}").await;
    client.save("strategy", "mean_reversion", r#"{"pairs":["EURUSD"]}"#).await;
    client.save("position", "GBPUSD", "{}").await;
    let _ = client.delete("/states/GBPUSD?state_type=position&user_id=ann").await.expect(200);
    server
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let server = some_states().await;
    for (query, expected) in [
        ("sort=id", vec!["EUR/JPY", "EURUSD", "mean_reversion"]),
        ("", vec!["mean_reversion", "EUR/JPY", "EURUSD"]),
        ("state_type=strategy", vec!["mean_reversion"]),
        ("state_type=strategy,%20position&sort=id", vec!["EUR/JPY", "EURUSD", "mean_reversion"]),
        ("prefix=EUR%2F", vec!["EUR/JPY"]),
        ("q=eurusd&sort=id", vec!["EURUSD", "mean_reversion"]),
        ("q=trailing", vec!["EURUSD"]),
        ("deleted=only", vec!["GBPUSD"]),
        ("deleted=include&prefix=G", vec!["GBPUSD"]),
        ("changed_since=seq:2", vec!["mean_reversion"]),
        ("at=seq:1", vec!["EURUSD"]),
        ("at=seq:4&prefix=G", vec!["GBPUSD"]),
        ("author=nobody,tester&prefix=EURUSD", vec!["EURUSD"]),
        ("author=nobody", vec![]),
        ("validity=invalid&state_type=strategy", vec![]),
    ] {
        assert_eq!(ids(&server, query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn wrong_filters_are_400_and_not_everything() {
    let server = some_states().await;
    for query in [
        "state_typ=position",
        "state_type=Position",
        "limit=0",
        "limit=1001",
        "limit=many",
        "sort=size",
        "deleted=maybe",
        "validity=ok",
        "at=yesterday",
        "changed_since=5",
        "cursor=made-up",
        "data=perhaps",
        "limit=1&limit=2",
    ] {
        let _ = server
            .client
            .get(&format!("/api/v1/states?{query}"))
            .await
            .expect_problem(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn d_036_pages_are_walked_by_link_and_by_cursor() {
    let server = Local::start().await;
    for n in 0..25 {
        server.client.save("position", &format!("p/{n:02}"), "{}").await;
    }
    let mut path = "/api/v1/states?sort=id&prefix=p%2F&limit=10".to_owned();
    let mut all = Vec::new();
    let mut pages = 0;
    loop {
        let page = server.client.get(&path).await.expect(200);
        let json = page.json();
        assert_eq!(json["total"], 25);
        all.extend(json["states"].as_array().unwrap().iter().map(|state| state["state_id"].clone()));
        pages += 1;
        let Some(link) = page.header("link").strip_suffix(">; rel=\"next\"") else {
            assert_eq!(json["next_cursor"], Value::Null);
            break;
        };
        assert!(json["next_cursor"].is_string());
        link[1..].clone_into(&mut path);
    }
    assert_eq!((pages, all.len()), (3, 25));
    assert!(all.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
}

#[tokio::test]
async fn rows_carry_data_only_when_asked() {
    let server = some_states().await;
    let without = server.client.get("/api/v1/states?prefix=EURUSD").await.expect(200).json();
    assert!(without["states"][0].get("data").is_none());
    let with = server.client.get("/api/v1/states?prefix=EURUSD&data=true").await.expect(200).json();
    assert_eq!(with["states"][0]["data"]["note"], "Trailing stop");
}

#[tokio::test]
async fn the_overview_counts_by_type_and_author() {
    let server = some_states().await;
    let overview = server.client.get("/api/v1/overview?hours=1&buckets=60").await.expect(200).json();
    assert_eq!(overview["seq"], 5);
    assert_eq!(overview["bucket_seconds"], 60);
    let position = &overview["types"][0];
    assert_eq!(
        (&position["state_type"], &position["live"], &position["deleted"]),
        (&"position".into(), &2.into(), &1.into())
    );
    let count: u64 =
        overview["buckets"].as_array().unwrap().iter().map(|bucket| bucket["count"].as_u64().unwrap()).sum();
    assert_eq!(count, 5);
    let _ = server.client.get("/api/v1/overview?hours=0").await.expect_problem(400, "invalid_parameter");
    let _ = server
        .client
        .get("/api/v1/overview?hours=99999999999999999")
        .await
        .expect_problem(400, "invalid_parameter");
}

#[tokio::test]
async fn the_chain_verifies_stretch_by_stretch() {
    let server = some_states().await;
    let first = server.client.get("/api/v1/verify?limit=2").await.expect(200).json();
    assert_eq!((&first["ok"], &first["verified_to"], &first["seq"]), (&true.into(), &2.into(), &5.into()));
    let rest = server.client.get("/api/v1/verify?after=2").await.expect(200).json();
    assert_eq!((&rest["ok"], &rest["verified_to"]), (&true.into(), &5.into()));
    assert_eq!(server.client.get("/api/v1/status").await.json()["verified_seq"], 5);
    let _ = server.client.get("/api/v1/verify?limit=0").await.expect_problem(400, "invalid_parameter");
}
