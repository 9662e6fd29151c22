//! Output that nobody reads: a command that is piped into `head`, a log whose reader has ended.

use std::net::TcpListener;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use stateloft_tests::client::Client;
use stateloft_tests::server::{Server, program};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::folder;

const PATIENCE: Duration = Duration::from_secs(30);

/// A pipe whose other end is closed already, as `head` leaves it.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn start(folder: &Path, arguments: &[&str], out: Stdio, err: Stdio) -> Child {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TRADING_STATE_")) {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(out).stderr(err);
    command.env("TRADING_STATE_LOG_LEVEL", "DEBUG").kill_on_drop(true).spawn().unwrap()
}

async fn end(mut child: Child) -> (ExitStatus, String) {
    let mut said = String::new();
    if let Some(mut err) = child.stderr.take() {
        tokio::io::AsyncReadExt::read_to_string(&mut err, &mut said).await.unwrap();
    }
    (timeout(PATIENCE, child.wait()).await.expect("a command that ends").unwrap(), said)
}

#[tokio::test]
async fn a_command_whose_answer_nobody_reads_ends_without_a_word_and_with_the_code_of_a_closed_pipe() {
    let server = Server::start().await;
    server.save("position", "EURUSD", r#"{"n":1}"#, "ann", "").await;
    let (here, database) = (folder(), server.database().display().to_string());
    let (database, address) = (database.as_str(), server.address().to_string());
    std::fs::create_dir(here.path().join("journal")).unwrap();
    std::fs::write(here.path().join("journal/journal"), "").unwrap();
    let copy = here.path().join("copy.db").display().to_string();
    let commands: [&[&str]; 16] = [
        &["openapi"],
        &["completions", "bash"],
        &["config", "print"],
        &["list", "--server", &address],
        &["get", "position", "EURUSD", "--server", &address],
        &["history", "position", "EURUSD", "--store", database],
        &["diff", "position", "EURUSD", "--server", &address],
        &["show", "1", "--server", &address],
        &["watch", "--after", "0", "--once", "--server", &address],
        &["check", "--db", database],
        &["verify", "--db", database],
        &["status", "--server", &address],
        &["clock", "--server", &address],
        &["journal", "list", "--folder", "journal"],
        &["backup", "--db", database, "--out", &copy],
        &["export", "--server", &address],
    ];
    for command in commands {
        let (status, said) = end(start(here.path(), command, unread(), Stdio::piped())).await;
        assert_eq!(status.code(), Some(141), "{command:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("stateloft:"), "{command:?}: {said}");
    }
    assert!(Path::new(&copy).is_file(), "what was to be done was done");
}

#[tokio::test]
async fn a_command_whose_complaint_nobody_reads_ends_with_its_own_code() {
    let here = folder();
    for command in [&["serve", "--config", "nowhere.json"], &["verify", "--db", "nowhere.db"]] {
        let (status, _) = end(start(here.path(), command, Stdio::null(), unread())).await;
        assert_eq!(status.code(), Some(1), "{command:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_answer_that_cannot_be_written_is_a_failure_in_words() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (status, said) = end(start(folder().path(), &["openapi"], full.into(), Stdio::piped())).await;
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.starts_with("stateloft: standard output: ") && !said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn a_server_whose_output_and_log_nobody_reads_serves_on() {
    let here = folder();
    let address = TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).unwrap();
    let mut server = start(here.path(), &["serve", "--listen", &address.to_string()], unread(), unread());
    let client = Client::new(address);
    let ready = async {
        while tokio::net::TcpStream::connect(address).await.is_err() {
            if let Ok(Some(ended)) = server.try_wait() {
                panic!("it ended with {ended}");
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, ready).await.expect("a server that listens");
    for n in 0..3 {
        client.save("position", "a", &format!(r#"{{"n":{n}}}"#)).await;
        let _ = client.get("/states/none?state_type=position").await.expect(404);
    }
    assert!(server.try_wait().unwrap().is_none(), "it serves");
}
