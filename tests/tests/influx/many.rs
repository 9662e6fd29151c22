//! Imports that are large, interrupted, or go to InfluxDB.

use std::process::Stdio;

use stateloft_server::store::influx::InfluxOptions;
use stateloft_tests::cut::Cut;
use stateloft_tests::importing::{self, empty, history};
use stateloft_tests::influx::{Influx, bucket, shared};
use stateloft_tests::server::Server;
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::importing::{Point, import, line};

const STATES: u64 = 50;

/// Fills a bucket with points of the older systems: one every two minutes, of so many states in turn.
async fn fill(influx: &Influx, bucket: &InfluxOptions, rows: u64) {
    let numbers: Vec<u64> = (0..rows).collect();
    for chunk in numbers.chunks(5_000) {
        let lines = chunk.iter().map(|n| {
            let (version, id, data) =
                (format!("v{n:06}"), format!("s{}", n % STATES), format!(r#"{{"n":{n}}}"#));
            let nanos = 1_700_000_000_000_000_000 + i64::try_from(*n).unwrap() * 120_000_000_000;
            let (description, user) = ("", Some("bot"));
            line(&Point {
                version: &version,
                id: &id,
                operation: "update",
                data: Some(&data),
                description,
                user,
                nanos,
            })
        });
        influx.write_lines(bucket, lines.collect::<Vec<_>>().join("\n")).await;
    }
}

/// Every row is there once, in order.
async fn holds(server: &Server, rows: u64) {
    let (_, status) = server.get("/status").await;
    assert_eq!((&status["seq"], &status["states_live"]), (&rows.into(), &STATES.into()), "{status}");
    for state in [0, STATES - 1] {
        let found = history(server, "bot_memory", &format!("s{state}")).await;
        let names: Vec<&str> = found.iter().map(|v| &v["batch_id"].as_str().unwrap()[35..]).collect();
        // A page of the history holds a thousand, the newest.
        let expected: Vec<String> =
            (0..rows).filter(|n| n % STATES == state).map(|n| format!("v{n:06}")).collect();
        let newest = &expected[expected.len().saturating_sub(1_000)..];
        assert_eq!(names, newest, "s{state}");
    }
}

async fn seq(server: &mut Server) -> u64 {
    server.run().await;
    let seq = server.get("/status").await.1["seq"].as_u64().unwrap();
    assert_eq!(server.stop().await, Some(0));
    seq
}

#[tokio::test]
async fn more_than_a_hundred_thousand_points_are_imported_though_the_import_is_killed_midway() {
    const ROWS: u64 = 100_200;
    let influx = Influx::start().await;
    let from = influx.bucket().await;
    fill(&influx, &from, ROWS).await;
    let mut server = empty().await;
    let named =
        ["import", "--from-influx", &from.url, "--influx-org", &from.org, "--influx-bucket", &from.bucket];
    let token = Influx::variables(&from).pop().unwrap().1;
    let mut command = server.command(&named);
    command.env("INFLUX_TOKEN", &token).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    let mut lines = BufReader::new(running.stderr.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        let imported =
            line.split_once(" rows, ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<u64>().ok());
        if imported.is_some_and(|imported| imported >= ROWS / 3) {
            break;
        }
    }
    running.kill().await.unwrap();
    let before = seq(&mut server).await;
    assert!((ROWS / 3..ROWS).contains(&before), "{before} when it was killed");
    let rest = import(&server, &from, &[]).await;
    assert_eq!((rest.code, rest.figure("There already")), (0, before), "{rest:?}");
    assert_eq!(rest.figure("Imported"), ROWS - before, "{rest:?}");
    server.run().await;
    holds(&server, ROWS).await;
}

#[tokio::test]
async fn an_import_from_influxdb_whose_connection_is_cut_says_so_and_goes_on_when_it_is_run_again() {
    const ROWS: u64 = 12_000;
    let influx = Influx::start().await;
    let from = influx.bucket().await;
    fill(&influx, &from, ROWS).await;
    let cut = Cut::after(&from.url, 1_200_000).await;
    let through = InfluxOptions { url: format!("http://{}", cut.address), ..from.clone() };
    let mut server = empty().await;
    let ended = import(&server, &through, &[]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    ended.says("the import ended early: ");
    ended.says("InfluxDB");
    ended.says("what was written stays, run it again to go on");
    let before = seq(&mut server).await;
    assert!(before > 0 && before < ROWS, "{before} when it was cut");
    let rest = import(&server, &from, &[]).await;
    assert_eq!((rest.code, rest.figure("There already")), (0, before), "{rest:?}");
    server.run().await;
    holds(&server, ROWS).await;
}

#[tokio::test]
async fn history_is_imported_into_a_bucket_and_is_there_once() {
    const ROWS: u64 = 2_500;
    let from = bucket().await;
    fill(shared().await, &from, ROWS).await;
    let target = bucket().await;
    let mut server = Server::start_in(Influx::variables(&target)).await;
    let beside = import(&server, &from, &[]).await;
    assert_eq!(beside.code, 1, "its server owns the bucket: {beside:?}");
    beside.says("in use by another stateloft server");
    assert_eq!(server.stop().await, Some(0));
    let dry = import(&server, &from, &["--dry-run"]).await;
    assert_eq!((dry.code, dry.figure("To be imported")), (0, ROWS), "{dry:?}");
    for imported in [ROWS, 0] {
        let ran = import(&server, &from, &[]).await;
        assert_eq!((ran.code, ran.figure("Imported")), (0, imported), "{ran:?}");
    }
    server.run().await;
    holds(&server, ROWS).await;
    server.save("bot_memory", "s0", r#"{"n":"new"}"#, "bot", "").await;
    let (_, verified) = server.get("/verify?after=0&limit=10000").await;
    assert_eq!((&verified["ok"], &verified["verified_to"]), (&true.into(), &(ROWS + 1).into()), "{verified}");
    assert_eq!(importing::raw(&server, "bot_memory", "s7", 1).await, r#"{"n":7}"#);
}
