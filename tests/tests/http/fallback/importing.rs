//! An import while the store takes nothing.

use serde_json::{Value, json};
use stateloft_tests::faulty::Mood;

use super::Setting;

#[tokio::test]
async fn an_import_does_not_wait_in_the_journal_because_each_version_says_when_it_was_saved() {
    let setting = Setting::new().await;
    let client = &setting.server.client;
    let text = r#"{"backup_timestamp":"2025-06-01T10:00:00Z","positions":[{"pair":"A-B","qty":1}],"current_state":null}"#;
    let body = json!({ "files": [{ "name": "b.json", "text": text }] }).to_string();
    let plan =
        client.post("/api/v1/imports", &body).await.expect(200).json()["plan"].as_str().unwrap().to_owned();
    let apply = async || client.post(&format!("/api/v1/imports/{plan}/apply"), &body).await;
    setting.store.set(Mood::Full);
    let refused = apply().await.expect(503).json();
    assert!(refused["detail"].as_str().unwrap().contains("nothing was written"), "{refused}");
    assert_eq!(setting.journal().await["pending"], 0);
    setting.store.set(Mood::Up);
    let done: Value = apply().await.expect(200).json();
    assert_eq!(done["versions"][0]["saved_at"], "2025-06-01T10:00:00.000000Z", "{done}");
}
