//! The machine's clock jumps: it is said, and no time that is recorded goes with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use stateloft_core::model::Timestamp;
use stateloft_server::clock::{Sources, Steady};
use stateloft_server::service::Settings;
use stateloft_tests::local::{Local, Start};
use tempfile::TempDir;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
const YEARS: i64 = 10 * 365 * DAY;
/// 2026-11-20T16:53:20Z.
const START: i64 = 1_795_193_600_000_000;

/// A machine whose clocks are turned by hand: what is on the wall, and how much time has passed.
#[derive(Debug, Clone, Default)]
struct Machine(Arc<(AtomicI64, AtomicI64)>);

impl Sources for Machine {
    fn wall(&self) -> Timestamp {
        Timestamp::from_micros(self.0.0.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(self.0.1.load(Ordering::SeqCst).unsigned_abs())
    }
}

impl Machine {
    fn at(wall: i64) -> Self {
        let machine = Self::default();
        machine.set(wall);
        machine
    }

    fn set(&self, by: i64) {
        self.0.0.fetch_add(by, Ordering::SeqCst);
    }

    fn pass(&self, micros: i64) {
        self.0.1.fetch_add(micros, Ordering::SeqCst);
        self.set(micros);
    }

    async fn serves(&self, folder: Option<Arc<TempDir>>) -> Local {
        let settings = Settings { clock: Arc::new(Steady::over(self.clone())), ..Settings::default() };
        Start { settings, folder, ..Start::default() }.run().await
    }
}

/// Saves, and says when that was recorded.
async fn recorded(server: &Local, n: u32) -> i64 {
    let saved = server.client.save("strategy", "a", &format!(r#"{{"n":{n}}}"#)).await.json();
    let time = saved["timestamp"].as_str().unwrap_or_else(|| panic!("{saved}"));
    Timestamp::parse(time).unwrap().micros()
}

/// The alarms, which must be these.
async fn alarms(server: &Local, wanted: &[&str]) -> Vec<Value> {
    let status = server.client.get("/api/v1/status").await.expect(200).json();
    let alarms = status["alarms"].as_array().cloned().unwrap_or_default();
    let codes: Vec<&str> = alarms.iter().map(|alarm| alarm["code"].as_str().unwrap()).collect();
    assert_eq!(codes, wanted, "{status}");
    alarms
}

async fn clock(server: &Local) -> Value {
    server.client.get("/api/v1/clock").await.expect(200).json()
}

#[tokio::test]
async fn d_117_a_jump_of_ten_years_is_said_and_recorded_by_no_version_until_somebody_confirms_it() {
    let machine = Machine::at(START);
    let server = machine.serves(None).await;
    assert_eq!(recorded(&server, 1).await, START);
    machine.set(YEARS);
    machine.pass(SECOND);
    assert_eq!(recorded(&server, 2).await, START + SECOND);
    machine.pass(DAY * 30);
    assert_eq!(recorded(&server, 3).await, START + SECOND + 30 * DAY, "time goes on");
    let said = alarms(&server, &["clock_jumped"]).await;
    assert_eq!(said[0]["stops"], "nothing");
    assert!(said[0]["detail"].as_str().unwrap().contains("3650 days ahead"), "{said:?}");
    let ready = server.client.get("/readyz").await.expect(200).json();
    assert_eq!(ready["alarms"], json!(["clock_jumped"]));
    let seen = clock(&server).await;
    assert_eq!((&seen["believed"], seen.get("believed_in_seconds")), (&json!(false), None), "{seen}");
    let path = "/api/v1/clock/confirm";
    let _ = server.client.post(path, r#"{"reason":" "}"#).await.expect_problem(422, "invalid_body");
    let confirmed = server.client.post(path, r#"{"reason":"moved to 2036","user_id":"ann"}"#).await;
    assert_eq!(confirmed.expect(200).json()["believed"], true);
    assert_eq!(recorded(&server, 4).await, START + SECOND + 30 * DAY + YEARS);
    assert_eq!(alarms(&server, &[]).await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_jump_back_does_not_stop_the_time_and_an_hour_is_believed_after_a_while() {
    let machine = Machine::at(START);
    let server = machine.serves(None).await;
    assert_eq!(recorded(&server, 1).await, START);
    machine.set(-YEARS);
    machine.pass(SECOND);
    assert_eq!(recorded(&server, 2).await, START + SECOND);
    let said = alarms(&server, &["clock_jumped"]).await;
    assert!(said[0]["detail"].as_str().unwrap().contains("3650 days behind"), "{said:?}");
    machine.set(YEARS + 3_600 * SECOND);
    assert_eq!(recorded(&server, 3).await, START + SECOND + 1);
    assert_eq!(clock(&server).await["believed_in_seconds"], 900);
    machine.pass(900 * SECOND);
    assert_eq!(recorded(&server, 4).await, START + 4_501 * SECOND);
    assert_eq!(alarms(&server, &[]).await, [] as [Value; 0]);
}

#[tokio::test]
async fn d_117_a_server_that_starts_ten_years_ahead_of_the_log_goes_on_from_the_log() {
    let machine = Machine::at(START);
    let server = machine.serves(None).await;
    assert_eq!(recorded(&server, 1).await, START);
    let folder = server.folder();
    server.stop().await;
    let server = Machine::at(START + 30 * DAY).serves(Some(folder)).await;
    assert_eq!(recorded(&server, 2).await, START + 30 * DAY, "a month without a write is nothing unusual");
    let folder = server.folder();
    server.stop().await;
    let machine = Machine::at(START + YEARS);
    let server = machine.serves(Some(folder)).await;
    alarms(&server, &["clock_jumped"]).await;
    machine.pass(SECOND);
    assert_eq!(recorded(&server, 3).await, START + 30 * DAY + SECOND);
}

#[tokio::test]
async fn d_117_times_that_are_ahead_of_the_clock_are_said_to_be_so() {
    // A machine that was ten years ahead from its first start on: nobody could know.
    let server = Machine::at(START + YEARS).serves(None).await;
    let ahead = recorded(&server, 1).await;
    let folder = server.folder();
    server.stop().await;
    let machine = Machine::at(START);
    let server = machine.serves(Some(folder)).await;
    let said = alarms(&server, &["clock_behind_log"]).await;
    assert!(said[0]["detail"].as_str().unwrap().contains("3650 days ahead"), "{said:?}");
    assert_eq!(recorded(&server, 2).await, ahead + 1, "never back, and in order");
    let last = Timestamp::from_micros(ahead + 1).to_string();
    assert_eq!(clock(&server).await["times_ahead_until"], last);
    // By a time the last version is there from its own on, whenever that is.
    let at = |micros: i64| {
        let time = Timestamp::from_micros(micros);
        format!("/api/v1/states/a?state_type=strategy&at={time}")
    };
    for later in [ahead + 1, ahead + 2, ahead + YEARS] {
        let read = server.client.get(&at(later)).await.expect(200);
        assert_eq!(read.json()["version"], 2);
        assert_eq!(read.header("stateloft-times-ahead-until"), last);
    }
    let not_yet = server.client.get(&at(START + DAY)).await.expect_problem(404, "state_not_found");
    assert!(not_yet.text.contains(&last) && not_yet.text.contains("at=seq:N"), "{}", not_yet.text);
    let by_seq = server.client.get("/api/v1/states/a?state_type=strategy&at=seq:1").await.expect(200);
    assert_eq!((&by_seq.json()["version"], by_seq.header("stateloft-times-ahead-until")), (&json!(1), ""));
    let time = Timestamp::from_micros(ahead + 2);
    for (path, said) in [
        (format!("/api/v1/states?at={time}"), last.as_str()),
        (format!("/api/v1/states?changed_since={time}"), &last),
        (format!("/api/v1/states/a/history?state_type=strategy&end_time={time}"), &last),
        ("/api/v1/states?at=seq:1".to_owned(), ""),
        ("/api/v1/states".to_owned(), ""),
        ("/api/v1/states/a/history?state_type=strategy".to_owned(), ""),
    ] {
        let page = server.client.get(&path).await.expect(200);
        assert_eq!(page.header("stateloft-times-ahead-until"), said, "{path}");
    }
    // The clock is set right: nothing is wrong any more.
    machine.set(YEARS + SECOND);
    assert_eq!(recorded(&server, 3).await, START + YEARS + SECOND, "it is believed at once");
    assert_eq!(alarms(&server, &[]).await, [] as [Value; 0]);
}
