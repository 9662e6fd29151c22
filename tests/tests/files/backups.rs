//! `stateloft backup --database`: a right copy, also of a store that is written to.

use std::fs;
use std::sync::Arc;

use stateloft_tests::server::Server;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{beside, body, ready, save, value};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_under_load_ends_and_holds_everything_that_was_acknowledged_before_it() {
    let server = Arc::new(Server::start().await);
    let (count, mut counted) = watch::channel(0_u64);
    let stop = tokio_util::sync::CancellationToken::new();
    let mut writers = JoinSet::new();
    for writer in 0..4_u64 {
        let (server, count, stop) = (Arc::clone(&server), count.clone(), stop.clone());
        writers.spawn(async move {
            for n in 0.. {
                if stop.is_cancelled() {
                    return;
                }
                assert!(server.post("/states", body(writer * 1_000_000 + n)).await.0.is_success());
                count.send_modify(|count| *count += 1);
            }
        });
    }
    counted.wait_for(|count| *count >= 200).await.unwrap();
    let before = server.get("/status").await.1["seq"].as_u64().unwrap();
    let mut copy = Server::not_started(Vec::new());
    let out = copy.database();
    let made =
        server.command(&["backup", "--database", "--out", out.to_str().unwrap()]).output().await.unwrap();
    stop.cancel();
    writers.join_all().await;
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(made.status.success(), "{said}{}", String::from_utf8_lossy(&made.stderr));
    let seq: u64 = figure(&said, "Seq").parse().unwrap();
    assert!(seq >= before, "{seq} after {before}");
    assert_eq!(figure(&said, "Bytes"), fs::metadata(&out).unwrap().len().to_string());
    let sum = std::process::Command::new("sha256sum").arg(&out).output().unwrap();
    assert!(String::from_utf8(sum.stdout).unwrap().starts_with(&figure(&said, "SHA-256")));

    let again =
        server.command(&["backup", "--database", "--out", out.to_str().unwrap()]).output().await.unwrap();
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8(again.stderr).unwrap().contains("exists already"));
    copy.run().await;
    assert_eq!(copy.get("/status").await.1["seq"], seq);
    let (_, verified) = copy.get(&format!("/verify?after=0&limit={}", seq.max(1))).await;
    assert_eq!(verified["ok"], true, "{verified}");
    for version in [1, seq / 2, seq] {
        assert_eq!(crate::raw(&copy, version).await, crate::raw(&server, version).await);
    }
}

fn figure(said: &str, name: &str) -> String {
    let line = said.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {said}"));
    line[16..].split([',', ' ']).next().unwrap().to_owned()
}

#[tokio::test]
async fn a_copy_of_a_stopped_store_is_restored_by_putting_it_and_its_seal_in_place() {
    let mut server = Server::start().await;
    for n in 1..=5 {
        assert!(save(&server, n).await.0.is_success());
    }
    server.stop().await;
    let out = server.database().with_file_name("backup.db");
    let made =
        server.command(&["backup", "--database", "--out", out.to_str().unwrap()]).output().await.unwrap();
    assert!(made.status.success(), "{made:?}");
    server.run().await;
    assert!(save(&server, 6).await.0.is_success());
    server.stop().await;
    fs::rename(&out, server.database()).unwrap();
    fs::rename(beside(&out, ".seal"), beside(&server.database(), ".seal")).unwrap();
    server.run().await;
    assert_eq!(value(&server).await, 5);
    assert_eq!(ready(&server).await.0, 200);
}

#[tokio::test]
async fn a_damaged_store_has_no_plain_copy() {
    let mut server = Server::start().await;
    for n in 1..=5 {
        assert!(save(&server, n).await.0.is_success());
    }
    server.stop().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(server.database());
    let mut other = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let sql = r#"UPDATE versions SET data = '{"n":9}' WHERE seq = 3"#;
    sqlx::raw_sql(sql).execute(&mut other).await.unwrap();
    sqlx::Connection::close(other).await.unwrap();
    let out = server.database().with_file_name("backup.db");
    let made =
        server.command(&["backup", "--database", "--out", out.to_str().unwrap()]).output().await.unwrap();
    assert_eq!(made.status.code(), Some(1));
    assert!(String::from_utf8(made.stderr).unwrap().contains("up to seq 2 it is whole"));
    assert!(!out.exists() && !beside(&out, ".part").exists());
}
