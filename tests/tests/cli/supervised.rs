//! What whoever supervises the server is told: systemd, a container's health check, a load balancer.

use std::time::Duration;

use stateloft_tests::server::Server;
use tokio::time::timeout;

use super::{Ran, folder, run};

const PATIENCE: Duration = Duration::from_mins(1);

async fn readiness(server: &Server, more: &[&str]) -> Ran {
    let here = folder();
    run(here.path(), &[&["status", "--ready", "--server", &server.origin()], more].concat(), &[]).await
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_supervisor_is_told_when_requests_are_taken_and_when_no_more() {
    use super::command;
    use tokio::net::UnixDatagram;

    async fn told(socket: &UnixDatagram) -> String {
        let mut bytes = [0; 512];
        let length = timeout(PATIENCE, socket.recv(&mut bytes)).await.expect("it is told").unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    let here = folder();
    let path = here.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let mut serve = command(
        here.path(),
        &["serve", "--listen", "127.0.0.1:0"],
        &[("NOTIFY_SOCKET", path.to_str().unwrap())],
    );
    let mut server = serve.stdout(std::process::Stdio::null()).spawn().unwrap();
    let ready = told(&socket).await;
    let address =
        ready.strip_prefix("READY=1\nSTATUS=listens on ").unwrap_or_else(|| panic!("{ready}")).trim();
    // It is true when it is said.
    let asked = run(here.path(), &["status", "--ready", "--server", address], &[]).await;
    assert_eq!((asked.code, asked.out.trim()), (Some(0), "ready"), "{}", asked.err);
    let id = server.id().unwrap().to_string();
    assert!(tokio::process::Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    assert_eq!(told(&socket).await.trim(), "STOPPING=1");
    assert!(timeout(PATIENCE, server.wait()).await.expect("it ends").unwrap().success());
}

#[tokio::test]
async fn whether_a_server_takes_work_is_asked_without_its_key() {
    let key = ("TRADING_STATE_API_KEY".to_owned(), "a-key-of-this-test-0123".to_owned());
    let mut server = Server::start_set(vec![key]).await;
    let ready = readiness(&server, &[]).await;
    assert_eq!((ready.code, ready.out.trim()), (Some(0), "ready"), "{}", ready.err);
    let told = readiness(&server, &["--json"]).await;
    assert_eq!((told.code, told.out.trim()), (Some(0), r#"{"status":"ready"}"#), "{}", told.err);
    let here = folder();
    let all = run(here.path(), &["status", "--server", &server.origin()], &[]).await;
    assert_eq!(all.code, Some(11), "everything else wants the key: {}{}", all.out, all.err);
    assert_eq!(server.stop().await, Some(0));
    let nobody = readiness(&server, &[]).await;
    assert_eq!((nobody.code, nobody.out.as_str()), (Some(10), ""), "{}", nobody.err);
}

#[tokio::test]
async fn a_server_that_takes_no_writes_is_not_ready_and_says_why() {
    let server = Server::start().await;
    server.save("strategy", "s", r#"{"n":1}"#, "ann", "").await;
    std::fs::remove_file(server.database()).unwrap();
    server.until_status(|status| status["alarms"][0]["code"] == "file_replaced").await;
    let refused = readiness(&server, &[]).await;
    assert_eq!((refused.code, refused.out.as_str()), (Some(10), ""));
    assert!(refused.err.contains("(file_replaced)"), "{}", refused.err);
}

#[tokio::test]
async fn a_server_whose_store_is_away_is_not_ready_and_says_so() {
    let away = [
        ("TRADING_STATE_DB_TYPE", "postgresql"),
        ("TRADING_STATE_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/none"),
        ("TRADING_STATE_CONNECTION_TIMEOUT", "1"),
    ];
    let set = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let without = Server::start_without_store(away.map(set).to_vec()).await;
    let refused = readiness(&without, &[]).await;
    assert_eq!((refused.code, refused.out.as_str()), (Some(10), ""), "{}", refused.err);
    assert!(refused.err.contains("the store has not been reached"), "{}", refused.err);
}
