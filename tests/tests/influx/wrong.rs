//! Buckets that cannot be used, and answers that are none.

use std::time::Duration;

use stateloft_server::store::influx::{InfluxOptions, InfluxStore, Token};
use stateloft_server::store::{Admin as _, StoreError};
use stateloft_tests::influx::{Influx, bucket};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::{commit, save};

async fn refused(options: &InfluxOptions) -> String {
    let error = InfluxStore::open(options).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_) | StoreError::Refused(_)), "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_bucket_that_forgets_is_refused() {
    let influx = Influx::start().await;
    let text = refused(&influx.bucket_that_keeps_for(30 * 24 * 3_600).await).await;
    assert!(text.contains("the bucket must keep its data for ever"), "{text}");
}

#[tokio::test]
async fn what_is_missing_is_said_and_the_token_is_not() {
    let options = bucket().await;
    let unknown = InfluxOptions { bucket: "no such bucket".into(), ..options.clone() };
    let text = refused(&unknown).await;
    assert!(text.contains("do the organisation and the bucket exist?"), "{text}");
    let secret = "a-very-secret-token";
    let locked = InfluxOptions { token: Token::new(secret), ..options.clone() };
    let text = refused(&locked).await;
    assert!(text.contains("is the token right"), "{text}");
    assert!(!text.contains(secret) && !format!("{locked:?}").contains(secret), "{text} {locked:?}");
    let nobody = InfluxOptions { url: "http://127.0.0.1:1".into(), ..options };
    assert!(refused(&nobody).await.contains("InfluxDB"));
}

/// A server that is well, and answers every query with this.
async fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = vec![0; 1 << 16];
                let length = client.read(&mut request).await.unwrap_or(0);
                let health = r#"{"name":"influxdb","status":"pass","checks":[],"version":"v2"}"#;
                let is_health = request[..length].starts_with(b"GET /health");
                let answer = if is_health {
                    format!(
                        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{health}",
                        health.len()
                    )
                } else {
                    answer.to_owned()
                };
                let _ = client.write_all(answer.as_bytes()).await;
            });
        }
    });
    url
}

#[tokio::test]
async fn answers_over_which_the_client_library_panics_are_errors() {
    let not_a_number = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n#datatype,string,long,string\r\n\
                        #group,false,false,false\r\n#default,_result,,\r\n,result,table,c\r\n,,zero,0\r\n\r\n";
    let broken_off = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1000\r\n\r\n#datatype,str";
    let not_ours = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n#datatype,string,long,string\r\n\
                    #group,false,false,false\r\n#default,_result,,\r\n,result,table,c\r\n,,0,0\r\n\r\n";
    let error_within = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n#datatype,string,string\r\n\
                        #group,true,true\r\n#default,,\r\n,error,reference\r\n,disk is gone,1\r\n\r\n";
    let options = bucket().await;
    for (answer, expected) in [
        (not_a_number, "gave up over an answer"),
        (broken_off, "gave up over an answer"),
        (not_ours, "without a column"),
        (error_within, "disk is gone"),
    ] {
        let options = InfluxOptions { url: answering(answer).await, ..options.clone() };
        let error = InfluxStore::open(&options).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{expected} in {error}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_an_error_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let options = InfluxOptions { url, timeout: Duration::from_millis(300), ..bucket().await };
    let started = std::time::Instant::now();
    let text = refused(&options).await;
    assert!(text.contains("did not answer within 300 ms"), "{text}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn the_status_says_what_is_promised_and_what_is_not() {
    let store = InfluxStore::open(&bucket().await).await.unwrap();
    commit(&store, vec![save("a", "{}")]).await.unwrap();
    let status = store.status().await;
    assert_eq!((status.kind.as_str(), status.up), ("influxdb", true));
    assert!(status.engine.starts_with("InfluxDB v2."), "{}", status.engine);
    assert!(
        status.promises.iter().any(|promise| promise.starts_with("Not promised")),
        "{:?}",
        status.promises
    );
    store.ping().await.unwrap();
    store.close().await;
    assert!(!store.status().await.up);
}
