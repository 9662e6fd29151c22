//! A server to which the system gives no more file handles.

use std::net::TcpStream;

use serde_json::Value;
use stateloft_tests::server::Server;

fn alarm(status: &Value) -> Option<&Value> {
    status["alarms"].as_array()?.iter().find(|alarm| alarm["code"] == "handles_exhausted")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn handles_that_are_used_up_are_an_alarm_and_two_lines_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let server = Server::start_after(&format!("ulimit -n 80; exec >{} 2>&1", log.display())).await;
    // The test's own client keeps the connection that it has.
    let _ = server.until_status(|status| alarm(status).is_none()).await;
    let many: Vec<_> = (0..150).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    let status = server
        .until_status(|status| {
            let detail = alarm(status).and_then(|alarm| alarm["detail"].as_str());
            detail.is_some_and(|detail| {
                detail.contains("tried")
                    && !["1", "2", "3"].iter().any(|n| detail.ends_with(&format!("tried {n} times")))
            })
        })
        .await;
    let alarm_then = alarm(&status).unwrap();
    assert_eq!(alarm_then["stops"], "part", "{alarm_then}");
    assert!(alarm_then["action"].as_str().unwrap().contains("ulimit -n"), "{alarm_then}");
    server.save("position", "a", r#"{"n":1}"#, "bot", "who is connected is served").await;
    drop(many);
    let _ = server.until_status(|status| status["alarms"].as_array().is_none_or(Vec::is_empty)).await;
    let log = std::fs::read_to_string(log).unwrap();
    let about =
        |line: &&str| line.contains("connections cannot be taken") || line.contains("could not be accepted");
    assert_eq!(log.lines().filter(about).count(), 2, "it begins and ends: {log}");
    assert!(log.contains("it has passed"), "{log}");
}
