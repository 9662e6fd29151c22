//! A server that is stopped lets what is under way finish, and takes nothing more.

use stateloft_tests::local::{Local, Start};
use stateloft_tests::socket::Socket;

#[tokio::test]
async fn sessions_are_closed_with_1001_and_what_was_acknowledged_is_there_afterwards() {
    let server = Local::start().await;
    server.client.save("position", "EURUSD", r#"{"n":1}"#).await;
    let mut socket = Socket::open(server.address).await;
    socket.subscribe("states", None).await;
    let folder = server.folder();
    server.begin_to_stop();
    assert_eq!(socket.close_code().await, Some(1001));
    server.stop().await;
    let again = Start { folder: Some(folder), ..Start::default() }.run().await;
    let read = again.client.get("/states/EURUSD?state_type=position").await.expect(200).json();
    assert_eq!(read["version"], 1);
}

#[tokio::test]
async fn a_stop_under_load_loses_no_acknowledged_save() {
    let server = Local::start().await;
    let folder = server.folder();
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let client = server.client.clone();
            tokio::spawn(async move {
                let mut acknowledged = 0;
                loop {
                    let body = stateloft_tests::client::save_body(
                        "position",
                        &format!("w{writer}"),
                        &format!(r#"{{"n":{acknowledged}}}"#),
                    );
                    let request = client.with_json(reqwest::Method::POST, "/states", body);
                    match request.send().await {
                        Ok(reply) if reply.status().is_success() => acknowledged += 1,
                        _ => return acknowledged,
                    }
                }
            })
        })
        .collect();
    while server.client.get("/api/v1/status").await.json()["seq"].as_u64().unwrap() < 100 {}
    server.stop().await;
    let again = Start { folder: Some(folder), ..Start::default() }.run().await;
    for (writer, acknowledged) in writers.into_iter().enumerate() {
        let acknowledged: u64 = acknowledged.await.unwrap();
        let head =
            again.client.get(&format!("/states/w{writer}?state_type=position")).await.expect(200).json();
        let version = head["version"].as_u64().unwrap();
        assert!(version >= acknowledged, "writer {writer}: {version} of {acknowledged}");
    }
    assert_eq!(again.client.get("/api/v1/verify?limit=10000").await.json()["ok"], true);
}
