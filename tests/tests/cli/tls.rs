//! Servers behind TLS.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use stateloft_core::api::ClockStatus;
use stateloft_core::model::Timestamp;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::{folder, run};

/// Makes an authority `ca.pem`, and a certificate that it signed for `localhost`.
async fn certify(folder: &Path) {
    let script = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem \
         -addext basicConstraints=critical,CA:TRUE && \
         openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr && \
         printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' > server.ext && \
         openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.pem";
    let made = Command::new("sh").args(["-c", script]).current_dir(folder).output().await.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A server that speaks TLS and answers what lies in the folder.
async fn serve(folder: &Path) -> (Child, u16) {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let port = free.to_string();
    let mut server = Command::new("openssl");
    server.args([
        "s_server",
        "-HTTP",
        "-quiet",
        "-accept",
        &port,
        "-cert",
        "server.pem",
        "-key",
        "server.key",
    ]);
    server.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = server.kill_on_drop(true).spawn().unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free));
    let listens = async {
        while tokio::net::TcpStream::connect(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), listens).await.expect("it listens");
    (child, free)
}

#[tokio::test]
async fn a_server_behind_tls_must_show_a_certificate_that_somebody_trusted_signed() {
    let here = folder();
    certify(here.path()).await;
    let now = Timestamp::from_micros(1_764_000_000_000_000);
    let clock = ClockStatus {
        now,
        machine: now,
        believed: true,
        stood_seconds: None,
        believed_in_seconds: None,
        times_ahead_until: None,
    };
    let body = serde_json::to_string(&clock).unwrap();
    let answer =
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    std::fs::create_dir_all(here.path().join("api/v1")).unwrap();
    std::fs::write(here.path().join("api/v1/clock"), answer).unwrap();
    let (server, port) = serve(here.path()).await;
    let address = format!("https://localhost:{port}");
    let trusted = run(here.path(), &["clock", "--server", &address, "--ca", "ca.pem"], &[]).await;
    assert_eq!(trusted.code, Some(0), "{}", trusted.err);
    assert!(trusted.out.contains("Recorded now    2025-11-24T16:00:00"), "{}", trusted.out);
    let strange = run(here.path(), &["clock", "--server", &address], &[]).await;
    assert_eq!(strange.code, Some(10), "{}", strange.err);
    assert!(strange.err.contains("certificate"), "{}", strange.err);
    let none = run(here.path(), &["clock", "--server", &address, "--ca", "nowhere.pem"], &[]).await;
    assert_eq!(none.code, Some(2), "{}", none.err);
    assert!(none.err.contains("nowhere.pem"), "{}", none.err);
    drop(server);
}
