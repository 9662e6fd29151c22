//! Keys that are wrong, and how many may be tried.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use stateloft_server::config::ApiKey;
use stateloft_server::http::Options;
use stateloft_tests::local::{Local, Start};
use stateloft_tests::socket::Socket;

use crate::raw;

const KEY: &str = "correct horse battery staple";

async fn with_key(key: &str) -> Local {
    let mut options = Options { key: Some(ApiKey::new(key)), ..Options::default() };
    options.limits.wrong_keys = 3;
    options.limits.wrong_key_every = Duration::from_hours(1);
    Start { options, ..Start::default() }.run().await
}

/// Asks from another address of this machine. The status and `Retry-After`.
async fn ask(server: &Local, from: u8, key: Option<&str>) -> (u16, Option<u64>) {
    let from = IpAddr::V4(Ipv4Addr::new(127, 0, 0, from));
    let client = reqwest::Client::builder().no_proxy().local_address(from).build().unwrap();
    let mut request = client.get(format!("http://{}/api/v1/states", server.address));
    if let Some(key) = key {
        request = request.header("x-api-key", key);
    }
    let answer = request.send().await.unwrap();
    let retry = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    (answer.status().as_u16(), retry)
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_address_has_so_many_wrong_keys_and_others_have_their_own() {
    let server = with_key(KEY).await;
    for _ in 0..20 {
        assert_eq!(ask(&server, 2, None).await, (401, None), "no key is no wrong key");
    }
    for n in 0..3 {
        assert_eq!(ask(&server, 2, Some(&format!("wrong {n}"))).await, (401, None));
    }
    let (status, retry) = ask(&server, 2, Some("wrong")).await;
    assert_eq!(status, 429);
    assert!(retry.is_some_and(|seconds| (1..=3600).contains(&seconds)), "{retry:?}");
    assert_eq!(
        ask(&server, 2, Some(KEY)).await.0,
        429,
        "who guesses does not learn that it has guessed right"
    );
    assert_eq!(ask(&server, 3, Some(KEY)).await.0, 200);
    let socket = Socket::try_open(server.address, "/ws", &[("x-api-key", "wrong")]).await;
    assert_eq!(socket.map(|_| ()), Err(401), "a third address");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_has_the_key_is_not_locked_out_by_a_wrong_one_behind_the_same_address() {
    let server = with_key(KEY).await;
    assert_eq!(ask(&server, 4, Some(KEY)).await.0, 200);
    let mut refused = Vec::new();
    for _ in 0..10 {
        refused.push(ask(&server, 4, Some("wrong")).await.0);
        assert_eq!(ask(&server, 4, Some(KEY)).await.0, 200);
    }
    assert_eq!(refused, [401, 401, 401, 429, 429, 429, 429, 429, 429, 429]);
}

#[tokio::test]
async fn white_space_around_a_key_is_no_part_of_it_anywhere() {
    let server = with_key(&format!(" {KEY}\n")).await;
    for header in [
        format!("X-API-Key: {KEY}"),
        format!("X-API-Key:   {KEY}  "),
        format!("Authorization: Bearer {KEY}"),
        format!("Authorization: BEARER    {KEY}   "),
        format!("Authorization: Bearer\t{KEY}"),
    ] {
        let answer = raw::request(server.address, "GET", "/api/v1/states", &format!("{header}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{header}: {answer}");
    }
    for key in [KEY.to_owned(), format!("{KEY} "), format!("\n{KEY}\n")] {
        let offer = format!("stateloft, key.{}", URL_SAFE_NO_PAD.encode(&key));
        Socket::try_open(server.address, "/ws", &[("sec-websocket-protocol", &offer)]).await.unwrap();
        if !key.contains('\n') {
            Socket::try_open(server.address, "/ws", &[("x-api-key", &key)]).await.unwrap();
        }
    }
}
