//! What programs hold, as `check` says it.

use serde_json::Value;
use stateloft_tests::server::Server;

use super::{folder, run};

#[tokio::test]
async fn check_says_what_is_held_as_it_is_spelled_and_what_is_not_there_is_no_data() {
    let server = Server::start().await;
    let pair = r#"{"symbol1":"EURUSD","symbol2":"GBPUSD","direction":"long","quantity":1.20,"entry_price":1.08740,"entry_time":"2026-11-21T06:12:44Z"}"#;
    let legs = r#"{"symbol1":"XAUUSD","symbol2":"Copper","direction":"SHORT","volume1":0.10,"volume2":3,"entry_exec_price1":4021.5,"entry_exec_price2":5.01,"entry_time":"2026-11-20T00:00:00Z"}"#;
    server.save("position", "a", pair, "bot", "").await;
    server.save("position", "b", legs, "bot", "").await;
    server.save("position", "c\u{202e}", r#"{"side":"buy","qty":3}"#, "bot", "").await;
    server.save("position", "d", r#"{"symbol1":"EURUSD"}"#, "bot", "").await;
    let lots = r#"{"symbol":"AAPL","side":"long","lots":[{"id":"x","quantity":0.50,"entry_price":190.10,"entry_time":"2026-11-20T09:30:00Z"},{"id":"y","quantity":1,"entry_price":188,"exit_reason":"manual"}]}"#;
    server.save("position", "e", lots, "bot", "").await;
    for n in 0..7 {
        let data = format!(
            r#"{{"symbol1":"A","symbol2":"B","position":"none","cooldown":{n},"last_update":"2026-11-21T06:12:44Z"}}"#
        );
        server.save("pair_state", &format!("p{n}"), &data, "bot", "").await;
    }
    let portfolio = r#"{"total_value":100250.50,"available_balance":1,"total_pnl":-12.30,"open_positions":3,"daily_pnl":0}"#;
    server.save("portfolio", "main", portfolio, "bot", "").await;
    let (here, database) = (folder(), server.database().display().to_string());
    for who in [["--server", &server.origin()], ["--store", &database]] {
        let checked = run(here.path(), &[&["check"], &who[..]].concat(), &[]).await;
        for part in [
            "Versions        13\n",
            "Positions       5\n",
            "  1. EURUSD-GBPUSD: long\n     Entry: 1.08740 | Qty: 1.20\n     Time: 2026-11-21T06:12:44Z\n",
            "  2. XAUUSD-Copper: SHORT\n     Entry: 4021.5 / 5.01 | Qty: 0.10 / 3\n",
            "  3. c\\u{202e}: buy\n     Entry: no data | Qty: 3\n     Time: no data\n",
            "  4. d: no data\n",
            "  5. AAPL: long\n     Lots: 1 open of 2\n       x: Entry: 190.10 | Qty: 0.50 | Time: 2026-11-20T09:30:00Z\n",
            "       y: Entry: 188 | Qty: 1 | Time: no data | Closed: manual\n",
            "Pair states     7\n  p0: none, cooldown 0\n",
            "  p4: none, cooldown 4\n  ... and 2 more\n",
            "Portfolio       1\n  main: Total Value: 100250.50 | Open Positions: 3 | Total P&L: -12.30\n",
            "Sessions        0\n",
        ] {
            assert!(checked.out.contains(part), "{part} in {}{}", checked.out, checked.err);
        }
        assert_eq!(checked.code, Some(3), "d breaks rules: {}", checked.err);
        let json = run(here.path(), &[&["check", "--json"], &who[..]].concat(), &[]).await;
        let status: Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!((status["seq"].as_u64(), json.code), (Some(13), Some(3)), "{}", json.err);
    }
    let nobody = run(here.path(), &["check", "--server", "127.0.0.1:1"], &[]).await;
    assert_eq!(nobody.code, Some(10), "{}", nobody.err);
}

#[tokio::test]
async fn a_log_in_json_is_an_object_a_line() {
    let here = folder();
    for (flag, env) in
        [(&["--log-format", "json"][..], &[][..]), (&[], &[("TRADING_STATE_LOG_FORMAT", "json")])]
    {
        let arguments = [&["serve", "--listen", "127.0.0.1:0", "--db", "desk.db"], flag].concat();
        let warned = [env, &[("TRADING_STATE_BACKUP_RETENTION_DAYS", "5")]].concat();
        let mut served = super::command(here.path(), &arguments, &warned);
        served.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
        let mut served = served.spawn().unwrap();
        let stderr = tokio::io::BufReader::new(served.stderr.take().unwrap());
        let line =
            tokio::time::timeout(std::time::Duration::from_secs(30), first_line(stderr)).await.unwrap();
        served.kill().await.unwrap();
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(line["level"], "WARN");
        assert!(
            line["message"].as_str().unwrap().contains("has no effect") && line["timestamp"].is_string(),
            "{line}"
        );
    }
    let wrong = run(here.path(), &["serve", "--log-format", "xml"], &[]).await;
    assert_eq!(wrong.code, Some(1), "{}", wrong.err);
    assert!(
        wrong.err.contains("flag --log-format: \"xml\" is not a format of the log; allowed: text or json"),
        "{}",
        wrong.err
    );
}

async fn first_line(reader: impl tokio::io::AsyncBufRead + Unpin) -> String {
    use tokio::io::AsyncBufReadExt as _;
    reader.lines().next_line().await.unwrap().expect("a line")
}
