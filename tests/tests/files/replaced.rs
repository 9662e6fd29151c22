//! The files are removed, replaced or cut while the server has them open.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use reqwest::StatusCode;
use stateloft_tests::server::Server;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{beside, body, ready, save, until_alarm, until_quiet, value};

const ALARM: &str = "file_replaced";

/// A server with three versions.
async fn server() -> Server {
    let server = Server::start().await;
    for n in 1..=3 {
        assert!(save(&server, n).await.0.is_success());
    }
    server
}

/// The copy of what was acknowledged that the server has made by itself.
async fn rescued(server: &Server) -> PathBuf {
    let named = |status: &serde_json::Value| {
        let alarm = crate::alarm(status, ALARM)?;
        let (_, path) = alarm["detail"].as_str()?.split_once(" is at ")?;
        Some(PathBuf::from(path))
    };
    named(&server.until_status(|status| named(status).is_some()).await).unwrap()
}

#[tokio::test]
async fn nothing_is_acknowledged_once_the_database_is_removed_and_what_was_is_saved_by_itself() {
    let mut server = server().await;
    let database = server.database();
    fs::remove_file(&database).unwrap();
    let (status, problem) = save(&server, 4).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"writes_stopped".into()));
    let (status, problem) = ready(&server).await;
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"writes_stopped".into()));
    assert!(problem["detail"].as_str().unwrap().contains(ALARM), "{problem}");
    let alarm = until_alarm(&server, ALARM).await;
    assert!(alarm["detail"].as_str().unwrap().contains("stateloft.db is gone"), "{alarm}");
    assert_eq!(value(&server).await, 3, "what was acknowledged is read");

    let copy = rescued(&server).await;
    server.stop().await;
    assert!(!database.exists(), "nothing was made in its place");
    fs::rename(copy, &database).unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(beside(&database, suffix));
    }
    server.run().await;
    assert_eq!(value(&server).await, 3);
    let (status, saved) = save(&server, 4).await;
    assert_eq!((status, &saved["seq"]), (StatusCode::OK, &4.into()), "{saved}");
}

#[tokio::test]
async fn an_idle_server_says_within_seconds_that_a_file_is_gone_replaced_or_cut() {
    for suffix in ["", "-wal", "-shm"] {
        let server = server().await;
        fs::remove_file(beside(&server.database(), suffix)).unwrap();
        let alarm = until_alarm(&server, ALARM).await;
        // A connection that was just being opened may have made an empty one.
        assert!(alarm["detail"].as_str().unwrap().contains(&format!("stateloft.db{suffix} is ")), "{alarm}");
        assert_eq!(ready(&server).await.0, StatusCode::SERVICE_UNAVAILABLE, "{suffix}");
        assert_eq!(save(&server, 4).await.0, StatusCode::SERVICE_UNAVAILABLE, "{suffix}");
    }
    for suffix in ["", "-wal"] {
        let server = server().await;
        let path = beside(&server.database(), suffix);
        fs::copy(&path, beside(&path, ".copy")).unwrap();
        fs::rename(beside(&path, ".copy"), &path).unwrap();
        let alarm = until_alarm(&server, ALARM).await;
        assert!(alarm["detail"].as_str().unwrap().contains("is another file now"), "{alarm}");
        assert_eq!(save(&server, 4).await.0, StatusCode::SERVICE_UNAVAILABLE, "{suffix}");
        assert_eq!(value(&server).await, 3, "what was acknowledged is read");
    }
    let server = server().await;
    fs::File::options().write(true).open(beside(&server.database(), "-wal")).unwrap().set_len(0).unwrap();
    let alarm = until_alarm(&server, ALARM).await;
    assert!(alarm["detail"].as_str().unwrap().contains("was cut from"), "{alarm}");
    assert_eq!(save(&server, 4).await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn the_folder_may_be_gone_as_a_whole() {
    let server = Server::start().await;
    assert!(save(&server, 1).await.0.is_success());
    let folder = server.database().parent().unwrap().to_owned();
    let elsewhere = beside(&folder, ".elsewhere");
    fs::rename(&folder, &elsewhere).unwrap();
    until_alarm(&server, ALARM).await;
    assert_eq!(save(&server, 2).await.0, StatusCode::SERVICE_UNAVAILABLE);
    fs::rename(elsewhere, &folder).unwrap();
    until_quiet(&server, ALARM).await;
    assert!(save(&server, 2).await.0.is_success());
}

#[tokio::test]
async fn files_that_come_back_are_written_to_again_and_nothing_is_missing() {
    let mut server = server().await;
    let database = server.database();
    fs::rename(&database, beside(&database, ".away")).unwrap();
    assert_eq!(save(&server, 4).await.0, StatusCode::SERVICE_UNAVAILABLE);
    fs::rename(beside(&database, ".away"), &database).unwrap();
    let (status, saved) = save(&server, 4).await;
    assert_eq!((status, &saved["seq"]), (StatusCode::OK, &4.into()), "{saved}");
    assert_eq!(ready(&server).await.0, StatusCode::OK);
    server.stop().await;
    server.run().await;
    assert_eq!(value(&server).await, 4);
}

#[tokio::test]
async fn another_program_may_truncate_the_log_or_compact_the_file() {
    let server = Server::start().await;
    for n in 1..=300 {
        assert!(save(&server, n).await.0.is_success());
    }
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(server.database());
    let mut other = sqlx::ConnectOptions::connect(&options).await.unwrap();
    for sql in ["PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
        sqlx::raw_sql(sql).execute(&mut other).await.unwrap();
        assert_eq!(ready(&server).await.0, StatusCode::OK, "{sql}");
        let (status, saved) = save(&server, 301).await;
        assert!(status.is_success(), "{sql}: {saved}");
    }
}

/// Saves under load, and somewhere in between the file goes: whatever was acknowledged is in the copy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_every_acknowledged_save_is_in_the_copy() {
    let server = Arc::new(Server::start().await);
    let (count, mut counted) = watch::channel(0_u64);
    let mut writers = JoinSet::new();
    for writer in 0..8_u64 {
        let (server, count) = (Arc::clone(&server), count.clone());
        writers.spawn(async move {
            let mut acknowledged = Vec::new();
            for n in 0.. {
                let (status, saved) = server.post("/states", body(writer * 1_000_000 + n)).await;
                if !status.is_success() {
                    let code = saved["code"].as_str().unwrap().to_owned();
                    assert!(["writes_stopped", "outcome_unknown"].contains(&code.as_str()), "{saved}");
                    break;
                }
                acknowledged.push((saved["version"].as_u64().unwrap(), writer * 1_000_000 + n));
                count.send_modify(|count| *count += 1);
            }
            acknowledged
        });
    }
    counted.wait_for(|count| *count >= 300).await.unwrap();
    fs::remove_file(server.database()).unwrap();
    let acknowledged: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    let copy = rescued(&server).await;
    let mut server = Arc::into_inner(server).unwrap();
    server.kill().await;
    fs::rename(copy, server.database()).unwrap();
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(beside(&server.database(), suffix));
    }
    server.run().await;
    for (version, n) in acknowledged {
        assert_eq!(crate::raw(&server, version).await, format!(r#"{{"n":{n}}}"#));
    }
}
