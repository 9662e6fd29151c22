//! Lists while the store is away: of what is remembered, and never as if that were all there is.

use std::time::Duration;

use serde_json::Value;
use stateloft_tests::faulty::Mood;

use super::{Setting, text};

impl Setting {
    async fn remembered(&self, query: &str) -> Value {
        let path = format!("/api/v1/states?{query}");
        let page = self.server.client.get(&path).await.expect(200);
        let list = page.json();
        assert_eq!((&list["complete"], list.get("seq")), (&false.into(), None), "{list}");
        assert!(text(&list, "note").contains("There may be other states"), "{list}");
        assert_eq!(page.header("stateloft-stale-since"), text(&list, "stale_since"));
        assert!(!page.header("age").is_empty());
        list
    }
}

fn ids(list: &Value) -> Vec<&str> {
    list["states"].as_array().unwrap().iter().map(|row| text(row, "state_id")).collect()
}

/// Four states are known, one of them deleted; the store goes away; two writes wait, one of them to a new state.
async fn away() -> Setting {
    let setting = Setting::new().await;
    for id in ["a", "b", "c", "gone"] {
        let _ = setting.save(id, &format!(r#"{{"of":"{id}","pair":"eurusd"}}"#)).await.expect(201);
    }
    let _ = setting.server.client.delete("/states/gone?state_type=position").await.expect(200);
    setting.store.set(Mood::Down);
    setting.hand.turn(Duration::from_secs(90));
    setting.save_for_later("b", r#"{"n":2}"#).await;
    setting.save_for_later("new", r#"{"n":1}"#).await;
    setting
}

#[tokio::test]
async fn a_list_while_the_store_is_away_is_what_is_remembered_and_what_waits_and_says_so() {
    let setting = away().await;
    let list = setting.remembered("").await;
    assert_eq!(ids(&list), ["new", "b", "c", "a"], "what waits comes first");
    assert_eq!((&list["states"][0]["pending"], &list["states"][1]["pending"]), (&true.into(), &true.into()));
    assert_eq!((&list["states"][2]["version"], &list["total"]), (&1.into(), &4.into()));
    let page = setting.server.client.get("/api/v1/states").await.expect(200);
    assert_eq!(page.header("age"), "90");
    assert_eq!(ids(&setting.remembered("pending=exclude").await), ["c", "b", "a"]);
    assert_eq!(ids(&setting.remembered("sort=id").await), ["a", "b", "c", "new"]);
    assert_eq!(ids(&setting.remembered("deleted=only").await), ["gone"]);
    assert_eq!(ids(&setting.remembered("q=EURUSD&sort=id").await), ["a", "c"], "b waits to become another");
    assert_eq!(ids(&setting.remembered("changed_since=seq:2&pending=exclude").await), ["c"]);
    let with_data = setting.remembered("data=true&pending=exclude&sort=id").await;
    assert_eq!(with_data["states"][0]["data"]["of"], "a");

    // Page by page.
    for order in ["changed", "id"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = setting.remembered(&format!("sort={order}&limit=1{cursor}")).await;
            seen.extend(ids(&page).into_iter().map(str::to_owned));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let all = setting.remembered(&format!("sort={order}")).await;
        assert_eq!(seen, ids(&all), "{order}");
    }
}

#[tokio::test]
async fn who_refuses_what_is_remembered_or_asks_for_more_is_told_that_the_store_is_away() {
    let setting = away().await;
    let client = &setting.server.client;
    for query in ["?stale=refuse", "?prefix=never-seen", "?at=seq:2", "?changed_since=snapshot:noon"] {
        let path = format!("/api/v1/states{query}");
        let _ = client.get(&path).await.expect_problem(503, "store_unavailable");
    }
    let cursor = text(&setting.remembered("limit=1").await, "next_cursor").to_owned();
    setting.store.set(Mood::Up);
    setting.until_replayed().await;
    let list = client.get("/api/v1/states").await.expect(200);
    assert_eq!((&list.json()["complete"], list.header("age")), (&true.into(), ""));
    assert_eq!(ids(&list.json()), ["new", "b", "c", "a"]);
    let path = format!("/api/v1/states?cursor={cursor}");
    let _ = client.get(&path).await.expect_problem(400, "invalid_parameter");
}
