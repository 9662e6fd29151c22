//! What goes in comes out, to the last digit.

use stateloft_tests::client::{encoded, save_body};
use stateloft_tests::local::Local;

const NASTY: &str = concat!(
    r#"{"z":1.0,"a":1,"decimal":123456789012345.678901234567890123,"tiny":0.000000000000000000000000000001,"#,
    r#""i64":-9223372036854775808,"u64":18446744073709551615,"more":184467440737095516160,"minus":-0.0,"zero":-0,"#,
    r#""big":1e22,"BIG":1E+22,"huge":1e400,"spelled":1.50,"text":"\u00e9 é \"q\" \\ \/ \b\f\n\r\t 名前 🚢","#,
    r#""html":"<script>alert(1)</script>","sql":"'; DROP TABLE versions; --","path":"../../etc/passwd","#,
    r#""":{"":""},"a/b":1,"a~b":2,"nested":[[[]],{},[null,true,false]],"keys":{"b":1,"a":2,"B":3}}"#
);

#[tokio::test]
async fn d_022_data_comes_back_as_it_was_spelled_everywhere() {
    let server = Local::start().await;
    let client = &server.client;
    let saved = client.post("/api/v1/states", save_body("position", "EURUSD", NASTY)).await.expect(201);
    let data = format!(r#""data":{NASTY}"#);
    assert!(saved.text.contains(&data), "{}", saved.text);
    let raw = client.get("/api/v1/states/EURUSD/raw?state_type=position").await.expect(200);
    assert_eq!(raw.text, NASTY);
    for path in [
        "/api/v1/states/EURUSD?state_type=position",
        "/states/EURUSD?state_type=position",
        "/api/v1/states/EURUSD/history?state_type=position",
        "/api/v1/states?data=true",
        "/api/v1/events?after=0",
        "/api/v1/events?before=0",
    ] {
        let text = client.get(path).await.expect(200).text;
        assert!(text.contains(&data), "{path}: {text}");
    }
    let batch =
        format!(r#"{{"items":[{{"op":"save","state_type":"position","state_id":"B","data":{NASTY}}}]}}"#);
    assert!(client.post("/api/v1/batch", batch).await.expect(200).text.contains(&data));
}

#[tokio::test]
async fn d_004_a_snapshot_changes_nothing_in_what_it_names() {
    let server = Local::start().await;
    let before = server.client.save("position", "EURUSD", NASTY).await.text;
    let _ = server.client.post("/api/v1/snapshots", r#"{"snapshot_id":"s"}"#).await.expect(201);
    let after = server.client.get("/api/v1/states/EURUSD?state_type=position").await.expect(200).text;
    assert_eq!(after, before);
}

#[tokio::test]
async fn white_space_between_tokens_is_all_that_is_dropped() {
    let server = Local::start().await;
    let spaced = "{\r\n\t \"a\" : [ 1.0 , \" two  spaces \" ] }";
    let _ = server.client.save("position", "EURUSD", spaced).await;
    let raw = server.client.get("/api/v1/states/EURUSD/raw?state_type=position").await.expect(200);
    assert_eq!(raw.text, r#"{"a":[1.0," two  spaces "]}"#);
}

#[tokio::test]
async fn a_large_document_fits() {
    let server = Local::start().await;
    let number = "1.234567890123456789012345678901234567890,";
    let values = number.repeat(15_000_000 / number.len());
    let data = format!(r#"{{"values":[{}]}}"#, values.trim_end_matches(','));
    let _ = server.client.post("/api/v1/states", save_body("market_data", "big", &data)).await.expect(201);
    let raw = server
        .client
        .get(&format!("/api/v1/states/{}/raw?state_type=market_data", encoded("big")))
        .await
        .expect(200);
    assert!(raw.text == data, "{} bytes came back of {}", raw.text.len(), data.len());
}
