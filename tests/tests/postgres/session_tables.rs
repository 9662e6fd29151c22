//! `stateloft import postgresql://...`: the tables of sessions that an older system keeps, row by row.

use std::path::Path;

use serde_json::Value;
use stateloft_server::store::postgres::PostgresSettings;
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::program;
use tokio::process::Command;

const SESSION: &str = "5d1f0c3b-9a44-4f0e-8f57-0b7d2c1e6a90";
const PASSWORD: &str = "a-secret-of-theirs";

/// The tables as their guide makes them, and one that their program keeps besides.
const TABLES: &str = "\
    CREATE TABLE trading_sessions (id SERIAL PRIMARY KEY, session_id VARCHAR(36) UNIQUE NOT NULL, start_time TIMESTAMP WITH TIME ZONE NOT NULL,
        end_time TIMESTAMP WITH TIME ZONE, status VARCHAR(20) NOT NULL DEFAULT 'active', symbols TEXT, duration_minutes INTEGER,
        initial_portfolio_value DECIMAL(12,2), pnl DECIMAL(12,2), total_trades INTEGER DEFAULT 0, updated_at TIMESTAMP WITH TIME ZONE);
    CREATE TABLE positions (id SERIAL PRIMARY KEY, session_id VARCHAR(36) NOT NULL REFERENCES trading_sessions(session_id), symbol VARCHAR(10) NOT NULL,
        entry_time TIMESTAMP WITH TIME ZONE NOT NULL, exit_time TIMESTAMP WITH TIME ZONE, entry_price DECIMAL(10,2) NOT NULL, exit_price DECIMAL(10,2),
        qty INTEGER NOT NULL, direction VARCHAR(10) NOT NULL, side VARCHAR(10) NOT NULL, stop_loss DECIMAL(10,2), order_id VARCHAR(50),
        status VARCHAR(20) NOT NULL DEFAULT 'active', exit_reason VARCHAR(50), pnl DECIMAL(12,2), updated_at TIMESTAMP WITH TIME ZONE);
    CREATE TABLE position_checkpoints (id SERIAL PRIMARY KEY, session_id VARCHAR(36) NOT NULL REFERENCES trading_sessions(session_id),
        checkpoint_time TIMESTAMP WITH TIME ZONE NOT NULL, positions_snapshot JSON, account_snapshot TEXT, active_positions_count INTEGER DEFAULT 0,
        closed_trades_count INTEGER DEFAULT 0);
    CREATE TABLE order_journal (id SERIAL PRIMARY KEY, alpaca_order_id TEXT UNIQUE, client_order_id TEXT UNIQUE, symbol TEXT, order_type TEXT, side TEXT,
        quantity NUMERIC(12,4), limit_price NUMERIC, status TEXT, filled_qty NUMERIC(12,4), submitted_at TIMESTAMP WITH TIME ZONE);
    CREATE TABLE momentum_events (id SERIAL PRIMARY KEY, what TEXT)";

fn sql(settings: &PostgresSettings, text: &str) -> String {
    Postgres::shared().sql(&settings.database, text)
}

fn theirs() -> PostgresSettings {
    let settings = Postgres::shared().database();
    let rows = format!(
        "INSERT INTO trading_sessions VALUES (1, '{SESSION}', '2025-07-01 09:30:00.000001-04', NULL, 'active', 'AMD', 60, 50000.10, NULL, 2,
            '2025-07-01 13:41:07.25+00');
         INSERT INTO positions VALUES (7, '{SESSION}', 'AMD', '2025-07-01 13:35:00+00', NULL, 150.10, NULL, 3, 'UP', 'buy', 0.00, 'o-1', 'active', NULL, NULL,
            '2025-07-01 13:35:00+00');
         INSERT INTO position_checkpoints VALUES (3, '{SESSION}', '2025-07-01 13:37:00+00', '{{\"AMD\": {{\"qty\": 1.50, \"entry_price\": 1e-5}}}}',
            '{{\"cash\": 12345678901234567890.10}}', 2, 0), (4, '{SESSION}', '2025-07-01 13:38:00+00', '{{}}', '{{\"cash\": NaN}}', 2, 0);
         INSERT INTO position_checkpoints SELECT n, '{SESSION}', '2025-07-01 13:38:00+00', '{{}}', NULL, 0, 0 FROM generate_series(100, 1699) AS n;
         INSERT INTO order_journal VALUES (1, 'b0b6dd9d', 'mom-AMD-1', 'AMD', 'limit', 'buy', 1.5, 0.00001250, 'partially_filled', 0.75,
            '2025-07-01 13:34:59+00')"
    );
    sql(&settings, TABLES);
    sql(&settings, &rows);
    settings
}

fn address(settings: &PostgresSettings) -> String {
    format!("postgresql://postgres:{PASSWORD}@127.0.0.1:{}/{}", settings.hosts[0].port, settings.database)
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

async fn ran(here: &Path, arguments: &[&str]) -> Ran {
    let output = Command::new(program()).args(arguments).current_dir(here).output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let ran = Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    assert!(!format!("{}{}", ran.out, ran.err).contains(PASSWORD), "{}{}", ran.out, ran.err);
    ran
}

async fn got(here: &Path, state_type: &str, id: &str) -> String {
    let ran = ran(here, &["get", "--store", "store.db", state_type, id]).await;
    assert_eq!(ran.code, Some(0), "{state_type} {id}: {}", ran.err);
    ran.out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_sessions_comes_in_row_by_row_with_every_digit() {
    let (settings, here) = (theirs(), tempfile::TempDir::new().unwrap());
    let (here, from) = (here.path(), address(&settings));
    let import = ["import", &from, "--store", "store.db", "--yes", "--json"];
    let first = ran(here, &import).await;
    assert_eq!(first.code, Some(0), "{}{}", first.out, first.err);
    let session = got(here, "session", &format!("session_{SESSION}")).await;
    assert!(session.contains(r#""initial_portfolio_value":50000.10"#), "{session}");
    assert!(session.contains(r#""start_time":"2025-07-01T13:30:00.000001+00:00""#), "{session}");
    let position = got(here, "position", &format!("position_{SESSION}_7")).await;
    assert!(
        position.contains(r#""entry_price":150.10"#) && position.contains(r#""stop_loss":0.00"#),
        "{position}"
    );
    let checkpoint = got(here, "checkpoint", &format!("checkpoint_{SESSION}_3")).await;
    assert!(
        checkpoint.contains(r#""positions_snapshot":{"AMD":{"qty":1.50,"entry_price":1e-5}}"#)
            && checkpoint.contains(r#""account_snapshot":{"cash":12345678901234567890.10}"#),
        "{checkpoint}"
    );
    let odd = got(here, "checkpoint", &format!("checkpoint_{SESSION}_4")).await;
    assert!(odd.contains(r#""account_snapshot":"{\"cash\": NaN}""#), "what is no JSON stays a text: {odd}");
    got(here, "checkpoint", &format!("checkpoint_{SESSION}_1699")).await;
    let order = got(here, "order", "order_mom-AMD-1").await;
    assert!(order.contains(r#""limit_price":0.00001250"#), "{order}");
    let again = ran(here, &import).await;
    let counts: Value = serde_json::from_str(again.out.lines().last().unwrap()).unwrap();
    let counts = &counts["counts"];
    assert_eq!((&counts["new"], &counts["unchanged"]), (&0.into(), &1_605.into()), "{counts}");
    // Nothing of theirs is another than before.
    assert_eq!(sql(&settings, "SELECT count(*) FROM position_checkpoints"), "1602");
    assert_eq!(sql(&settings, "SELECT to_regnamespace('stateloft') IS NULL"), "t");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_database_of_sessions_is_refused_in_clear_words() {
    let here = tempfile::TempDir::new().unwrap();
    let (here, settings) = (here.path(), Postgres::shared().database());
    let from = address(&settings);
    let import = async |from: &str| {
        let ran = ran(here, &["import", from, "--store", "store.db", "--yes"]).await;
        assert!(ran.code != Some(0) && ran.err.contains("nothing was written"), "{:?} {}", ran.code, ran.err);
        ran.err
    };
    assert!(import(&from).await.contains("none of the tables trading_sessions"));
    sql(&settings, "CREATE TABLE positions (symbol text, qty int)");
    let other = import(&from).await;
    assert!(other.contains("has no column id, session_id: it is not the positions that is known"), "{other}");
    let nobody = format!("postgresql://postgres:{PASSWORD}@127.0.0.1:1/{}", settings.database);
    import(&nobody).await;
    let wrong = ran(here, &["import", &format!("{from}?nonsense=1"), "--store", "store.db", "--yes"]).await;
    assert!(wrong.code != Some(0) && wrong.err.contains("the address"), "{}", wrong.err);
}
