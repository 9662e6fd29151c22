//! The program as an operator meets it: settings, exit codes, figures, signals.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod backups;
mod bent;
mod bundles;
mod check;
mod clock;
mod diff;
mod encrypted;
mod import_files;
mod import_tables;
mod journal;
mod output;
mod profiles;
mod restore;
mod restore_file;
mod runs;
mod runs_reconcile;
mod states;
mod supervised;
mod tls;
mod unread;
mod watch;
mod watch_files;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use stateloft_tests::server::{Server, program};
use stateloft_tests::socket::Socket;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

/// The program in a folder, without what the developer's shell and profiles say.
fn command(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program());
    let ours = |name: &str| name.starts_with("TRADING_STATE_") || name.starts_with("STATELOFT_");
    for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .env("STATELOFT_PROFILES", folder.join("profiles.toml"))
        .envs(env.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn run(folder: &Path, arguments: &[&str], env: &[(&str, &str)]) -> Ran {
    run_with(folder, arguments, env, "").await
}

/// The same, where it must succeed.
async fn done(here: &Path, arguments: &[&str]) -> Ran {
    let ran = run(here, arguments, &[]).await;
    assert_eq!(ran.code, Some(0), "{arguments:?}: {}{}", ran.out, ran.err);
    ran
}

/// The same with this on standard input.
async fn run_with(folder: &Path, arguments: &[&str], env: &[(&str, &str)], input: &str) -> Ran {
    let mut command = command(folder, arguments, env);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let (input, ended) = (input.to_owned(), child.wait_with_output());
    // A command that does not read leaves a broken pipe, and that is its right.
    let written = async move { stdin.write_all(input.as_bytes()).await };
    let (_, output) = timeout(Duration::from_mins(1), async { tokio::join!(written, ended) })
        .await
        .expect("a command that ends");
    let output = output.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn the_version_and_the_help_are_there() {
    let here = folder();
    let version = run(here.path(), &["--version"], &[]).await;
    let said = version.out.trim().strip_prefix(concat!("stateloft ", env!("CARGO_PKG_VERSION")));
    let said = said.unwrap_or_else(|| panic!("{}", version.out));
    // What is built to be used says its commit, too.
    assert!(said.is_empty() || said.starts_with(" (") && said.ends_with(')'), "{}", version.out);
    assert_eq!(version.code, Some(0));
    let help = run(here.path(), &["--help"], &[]).await;
    for command in
        ["serve", "save", "get", "list", "history", "status", "clock", "check", "verify", "openapi"]
    {
        assert!(help.out.contains(command), "{}", help.out);
    }
    assert_eq!(run(here.path(), &[], &[]).await.code, Some(2));
    assert_eq!(run(here.path(), &["dance"], &[]).await.code, Some(2));
}

#[tokio::test]
async fn openapi_prints_the_description() {
    let printed = run(folder().path(), &["openapi"], &[]).await;
    let document: serde_json::Value = serde_json::from_str(&printed.out).unwrap();
    assert!(document["paths"]["/api/v1/states/{state_id}"]["get"].is_object());
    assert_eq!(printed.code, Some(0));
}

#[tokio::test]
async fn d_058_wrong_settings_stop_the_start_all_at_once() {
    let here = folder();
    std::fs::write(
        here.path().join("config.json"),
        r#"{"api": {"port": "eight thousand"}, "log_level": "loud"}"#,
    )
    .unwrap();
    let refused = run(here.path(), &["serve"], &[("TRADING_STATE_DB_TYPE", "oracle")]).await;
    assert_eq!(refused.code, Some(1));
    for part in [
        "wrong in 3 places",
        "config.json, /api/port: \"eight thousand\" is not a port",
        "config.json, /log_level",
        "TRADING_STATE_DB_TYPE: \"oracle\" is not a store; allowed: sqlite, postgresql or influxdb",
    ] {
        assert!(refused.err.contains(part), "{part} in {}", refused.err);
    }
    assert!(!here.path().join("data").exists(), "nothing was made");
    let missing = run(here.path(), &["serve", "--config", "nowhere.json"], &[]).await;
    assert_eq!(missing.code, Some(1));
    assert!(missing.err.contains("nowhere.json"), "{}", missing.err);
}

#[tokio::test]
async fn d_080_an_address_for_others_needs_a_key() {
    let here = folder();
    let refused = run(here.path(), &["serve", "--listen", "0.0.0.0:0"], &[]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("flag --listen") && refused.err.contains("API key"), "{}", refused.err);
}

#[tokio::test]
async fn a_port_that_is_taken_is_said() {
    let here = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = run(here.path(), &["serve", "--listen", &address], &[]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains(&address), "{}", refused.err);
}

#[tokio::test]
async fn d_060_check_prints_real_figures_while_the_server_runs() {
    let server = Server::start().await;
    server.save("position", "EURUSD", r#"{"symbol1":"EURUSD"}"#, "ann", "no direction").await;
    server.save("strategy", "s", r#"{"n":1}"#, "ann", "").await;
    let (status, _) = server.post("/snapshots", r#"{"snapshot_id":"eod"}"#).await;
    assert_eq!(status, 201);
    let database = server.database();
    let checked = run(database.parent().unwrap(), &["check", "--db", database.to_str().unwrap()], &[]).await;
    for part in [
        "Status          connected",
        "Engine          SQLite 3.",
        "Versions        2",
        "States          2 live, 0 deleted",
        "Snapshots       1",
        "position",
        "last changed",
        "position EURUSD v1",
    ] {
        assert!(checked.out.contains(part), "{part} in {}{}", checked.out, checked.err);
    }
    assert_eq!(checked.code, Some(3), "a state breaks rules: {}", checked.out);
    let verified =
        run(database.parent().unwrap(), &["verify", "--db", database.to_str().unwrap()], &[]).await;
    assert_eq!(
        (verified.code, verified.out.trim()),
        (Some(0), "whole: all 2 versions are as they were written")
    );
}

#[tokio::test]
async fn d_021_verify_finds_what_was_changed_behind_the_servers_back() {
    let mut server = Server::start().await;
    for n in 1..=3 {
        server.save("strategy", "s", &format!(r#"{{"n":{n}}}"#), "ann", "").await;
    }
    server.until_status(|status| status["verified_seq"] == 3 && status["chain_fault"].is_null()).await;
    assert_eq!(server.stop().await, Some(0));
    let database = server.database();
    let file = SqliteConnectOptions::new().filename(&database);
    let mut connection = file.connect().await.unwrap();
    let changed =
        sqlx::query("UPDATE versions SET data = '{\"n\":7}' WHERE seq = 2").execute(&mut connection).await;
    assert_eq!(changed.unwrap().rows_affected(), 1);
    connection.close().await.unwrap();
    let verified =
        run(database.parent().unwrap(), &["verify", "--db", database.to_str().unwrap()], &[]).await;
    assert_eq!(verified.code, Some(1), "{}{}", verified.out, verified.err);
    assert!(
        verified.out.starts_with("broken: versions up to seq 1 are as they were written, then: seq 2"),
        "{}",
        verified.out
    );
    let lines =
        run(database.parent().unwrap(), &["verify", "--json", "--db", database.to_str().unwrap()], &[]).await;
    let lines: Vec<serde_json::Value> =
        lines.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["seq"], &lines.last().unwrap()["whole"]), (&2.into(), &false.into()), "{lines:?}");
    // A server that runs finds it by itself.
    server.run().await;
    let status = server.until_status(|status| status["chain_fault"].is_string()).await;
    assert_eq!(status["verified_seq"], 1);
    assert!(status["chain_fault"].as_str().unwrap().starts_with("seq 2: strategy s"), "{status}");
    assert!(status["chain_fault"].as_str().unwrap().contains("its data is not what was stored"), "{status}");
    assert_eq!(status["alarms"][0]["code"], "chain_broken", "{status}");
    let (_, ready) = server.get("/readyz").await;
    let codes = serde_json::json!(["chain_broken", "damaged_versions"]);
    assert_eq!(ready["alarms"], codes, "it says so, and goes on");
}

#[tokio::test]
async fn a_second_server_on_the_same_store_is_refused() {
    let server = Server::start().await;
    let database = server.database();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--db", database.to_str().unwrap()];
    let second = run(database.parent().unwrap(), &arguments, &[]).await;
    assert_eq!(second.code, Some(1));
    assert!(second.err.contains("in use by another stateloft server"), "{}", second.err);
    assert_eq!(server.get("/status").await.0, 200, "the first one goes on");
}

#[tokio::test]
async fn check_and_verify_make_no_store_and_fail_without_one() {
    let here = folder();
    for (command, code) in [("check", 10), ("verify", 1)] {
        let ran = run(here.path(), &[command, "--db", "none.db"], &[]).await;
        assert_eq!(ran.code, Some(code), "{command}");
        assert!(ran.err.contains("there is no store at none.db yet"), "{}", ran.err);
        assert!(!here.path().join("none.db").exists());
    }
    std::fs::write(
        here.path().join("text.db"),
        "this is not a database, though it is long enough to look at it twice",
    )
    .unwrap();
    for (command, code) in [("check", 10), ("verify", 1), ("serve", 1)] {
        let ran =
            run(here.path(), &[command, "--db", "text.db"], &[("TRADING_STATE_API_PORT", "65000")]).await;
        assert_eq!(ran.code, Some(code), "{command}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains("text.db"), "{}", ran.err);
    }
}

#[tokio::test]
async fn warnings_are_printed_and_secrets_are_not() {
    let here = folder();
    let env = [
        ("TRADING_STATE_API_PROT", "1"),
        ("TRADING_STATE_API_KEY", "hunter2"),
        ("TRADING_STATE_BACKUP_RETENTION_DAYS", "5"),
    ];
    let checked = run(here.path(), &["check"], &env).await;
    let all = format!("{}{}", checked.out, checked.err);
    for part in [
        "TRADING_STATE_API_PROT is not known and has no effect; did you mean TRADING_STATE_API_PORT?",
        "TRADING_STATE_BACKUP_RETENTION_DAYS has no effect",
        "TRADING_STATE_API_KEY is short",
    ] {
        assert!(all.contains(part), "{part} in {all}");
    }
    assert!(!all.contains("hunter2"), "{all}");
}

#[tokio::test]
async fn status_prints_what_a_running_server_says() {
    let here = folder();
    let server = Server::start().await;
    server.save("position", "EURUSD", "{}", "ann", "").await;
    let address = server.origin();
    let status = run(here.path(), &["status", "--server", &address], &[]).await;
    assert_eq!(status.code, Some(0), "{}{}", status.out, status.err);
    for part in [
        "connected",
        "Versions        1",
        "1 live, 0 deleted",
        "Breaker         closed",
        "Cache           heads: ",
        "On disk         ",
        "Formats         API v1, layout 7 of the store",
        "Incidents       none since the start",
    ] {
        assert!(status.out.contains(part), "{part} in {}", status.out);
    }
    let (_, forced) = server.post("/breaker/force", r#"{"state":"open"}"#).await;
    assert_eq!(forced["state"], "open");
    let status = run(here.path(), &["status", "--server", &address], &[]).await;
    assert_eq!(status.code, Some(10), "{}", status.out);
    for part in ["does not answer", "Breaker         OPEN, forced by hand", "the figures below are from"] {
        assert!(status.out.contains(part), "{part} in {}", status.out);
    }
    let nobody = run(here.path(), &["status", "--server", "127.0.0.1:1"], &[]).await;
    assert_eq!(nobody.code, Some(10));
    assert!(nobody.err.contains("127.0.0.1:1 cannot be asked"), "{}", nobody.err);
}

#[tokio::test]
async fn d_093_sigterm_ends_with_0_while_sessions_and_streams_are_open() {
    let mut server = Server::start().await;
    server.save("position", "EURUSD", "{}", "ann", "").await;
    let address = server.origin().strip_prefix("http://").unwrap().parse().unwrap();
    let mut socket = Socket::open(address).await;
    socket.subscribe("states", None).await;
    let stream = server
        .request(reqwest::Method::GET, "/events")
        .header("accept", "text/event-stream")
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), 200);
    let code = server.stop();
    let (code, closed) = tokio::join!(code, socket.close_code());
    assert_eq!((code, closed), (Some(0), Some(1001)));
    drop(stream);
}
