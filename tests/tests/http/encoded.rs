//! Bodies that come compressed.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use reqwest::Method;
use stateloft_tests::client::{Reply, save_body};
use stateloft_tests::local::Local;

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(plain).unwrap();
    packed.finish().unwrap()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(plain).unwrap();
    packed.finish().unwrap()
}

fn brotli(plain: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let settings = brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() };
    brotli::BrotliCompress(&mut &plain[..], &mut packed, &settings).unwrap();
    packed
}

async fn send(server: &Local, encoding: &str, body: Vec<u8>) -> Reply {
    let request =
        server.client.with_json(Method::POST, "/api/v1/states", "").header("content-encoding", encoding);
    server.client.send(request.body(body)).await
}

async fn states(server: &Local) -> u64 {
    server.client.get("/api/v1/states").await.json()["total"].as_u64().unwrap()
}

#[tokio::test]
async fn a_compressed_body_is_kept_as_what_it_stands_for() {
    let server = Local::start().await;
    let data = r#"{"d":0.123456789012345678901234567890,"x":"é"}"#;
    let bodies = [
        ("identity", (|plain: &[u8]| plain.to_vec()) as fn(&[u8]) -> Vec<u8>),
        ("gzip", gzip),
        ("GZIP", gzip),
        ("x-gzip", gzip),
        ("deflate", zlib),
        ("br", brotli),
        ("identity, br", brotli),
    ];
    for (index, (encoding, pack)) in bodies.into_iter().enumerate() {
        let plain = save_body("position", &index.to_string(), data);
        let _ = send(&server, encoding, pack(plain.as_bytes())).await.expect(201);
        let raw =
            server.client.get(&format!("/api/v1/states/{index}/raw?state_type=position")).await.expect(200);
        assert_eq!(raw.text, data, "{encoding}");
    }
    let half = gzip(&save_body("position", "two", "{}").as_bytes()[..20]);
    let rest = gzip(&save_body("position", "two", "{}").as_bytes()[20..]);
    let _ = send(&server, "gzip", [half, rest].concat()).await.expect(201);
}

#[tokio::test]
async fn an_encoding_that_is_not_understood_is_said_and_nothing_is_written() {
    let server = Local::start().await;
    let body = save_body("position", "a", "{}").into_bytes();
    for encoding in ["zstd", "compress", "gzip, br", "br, br", "gzip;q=1", "*", "é"] {
        let refused = send(&server, encoding, body.clone()).await.expect_problem(415, "unsupported_encoding");
        assert_eq!(refused.header("accept-encoding"), "gzip, br, deflate", "{encoding}");
    }
    let undo = server
        .client
        .request(Method::POST, "/api/v1/restores/none/undo")
        .header("content-encoding", "zstd")
        .body("{}");
    let _ = server.client.send(undo).await.expect_problem(415, "unsupported_encoding");
    assert_eq!(states(&server).await, 0);
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_is_refused() {
    let server = Local::start().await;
    let plain = save_body("position", "a", "{}").into_bytes();
    let mut damaged = gzip(&plain);
    let checksum = damaged.len() - 6;
    damaged[checksum] ^= 1;
    let raw_deflate = {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&plain).unwrap();
        packed.finish().unwrap()
    };
    let cut = |packed: Vec<u8>| packed[..packed.len() - 1].to_vec();
    for (encoding, body) in [
        ("gzip", plain.clone()),
        ("br", plain.clone()),
        ("deflate", raw_deflate),
        ("gzip", cut(gzip(&plain))),
        ("br", cut(brotli(&plain))),
        ("deflate", cut(zlib(&plain))),
        ("gzip", damaged),
    ] {
        let refused = send(&server, encoding, body).await.expect_problem(400, "invalid_parameter");
        assert!(refused.text.contains("Content-Encoding"), "{}", refused.text);
    }
    assert_eq!(states(&server).await, 0);
}

/// Of this process, which runs the server: the most memory it ever had, in KiB.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_small_body_that_unpacks_to_gigabytes_is_refused_without_unpacking_it() {
    let server = Local::start().await;
    let zeros = vec![b' '; 4 << 20];
    let packed = gzip(&zeros);
    // A gzip may be many, one behind the other: 4 GiB of nothing.
    let gigabytes = packed.iter().copied().cycle().take(packed.len() * 1024).collect::<Vec<u8>>();
    assert!(gigabytes.len() < 8 << 20, "{}", gigabytes.len());
    let before = most_memory();
    for _ in 0..3 {
        let refused = send(&server, "gzip", gigabytes.clone()).await.expect_problem(413, "body_too_large");
        assert!(refused.text.contains("unpacked"), "{}", refused.text);
    }
    let spaces = vec![b' '; 64 << 20];
    let before_brotli = most_memory();
    let _ = send(&server, "br", brotli(&spaces)).await.expect_problem(413, "body_too_large");
    let _ = send(&server, "deflate", zlib(&spaces)).await.expect_problem(413, "body_too_large");
    assert!(most_memory() - before_brotli < 256 << 10, "{before_brotli} {}", most_memory());
    assert!(before_brotli - before < 512 << 10, "{before} {before_brotli}");
    assert_eq!(states(&server).await, 0);
}
