//! A database of sessions, taken in while its program has it open.

use std::path::Path;

use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::{done, folder, run};

const SESSION: &str = "5d1f0c3b-9a44-4f0e-8f57-0b7d2c1e6a90";

/// The tables as their program makes them.
const TABLES: &str = "\
    CREATE TABLE trading_sessions (id INTEGER PRIMARY KEY, session_id VARCHAR(36) UNIQUE NOT NULL, strategy_name TEXT, start_time DATETIME NOT NULL,
        end_time DATETIME, status VARCHAR(20) NOT NULL, symbols TEXT, initial_portfolio_value DECIMAL(12,2), total_trades INTEGER, updated_at DATETIME);
    CREATE TABLE positions (id INTEGER PRIMARY KEY, session_id VARCHAR(36) NOT NULL, symbol VARCHAR(10) NOT NULL, entry_time DATETIME, exit_time DATETIME,
        entry_price DECIMAL(10,2), exit_price DECIMAL(10,2), qty INTEGER, direction VARCHAR(10), side VARCHAR(10), stop_loss DECIMAL(10,2), order_id TEXT,
        status VARCHAR(20), exit_reason TEXT, pnl DECIMAL(12,2), updated_at DATETIME);
    CREATE TABLE position_checkpoints (id INTEGER PRIMARY KEY, session_id VARCHAR(36) NOT NULL, checkpoint_time DATETIME, positions_snapshot JSON,
        account_snapshot JSON, active_positions_count INTEGER, closed_trades_count INTEGER);
    CREATE TABLE order_journal (id INTEGER PRIMARY KEY, alpaca_order_id TEXT UNIQUE, client_order_id TEXT UNIQUE, symbol TEXT, order_type TEXT, side TEXT,
        quantity NUMERIC(12,4), limit_price NUMERIC(12,4), status TEXT, filled_qty NUMERIC(12,4), submitted_at DATETIME, filled_at DATETIME);
    CREATE TABLE momentum_events (id INTEGER PRIMARY KEY, what TEXT)";

async fn database(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut program = options.journal_mode(SqliteJournalMode::Wal).connect().await.unwrap();
    let rows = format!(
        "INSERT INTO trading_sessions VALUES (1, '{SESSION}', 'momentum', '2025-07-01 13:30:00.000000', NULL, 'active', 'AMD', 50000.05, 2,
            '2025-07-01 13:41:07.250000');
         INSERT INTO positions VALUES (7, '{SESSION}', 'AMD', '2025-07-01 13:35:00.000000', NULL, 0.00001234, NULL, 0.75, 'UP', 'buy', 0, 'o-1', 'active',
            NULL, NULL, '2025-07-01 13:35:00.000000');
         INSERT INTO positions VALUES (8, '{SESSION}', 'AMD', '2025-07-01 13:36:00.000000', '2025-07-01 13:39:00.000000', 150, 151.5, 1, 'UP', 'buy', NULL,
            'o-2', 'closed', 'take_profit_hit', 1.5, '2025-07-01 13:39:00.000000');
         INSERT INTO position_checkpoints VALUES (3, '{SESSION}', '2025-07-01 13:37:00.000000',
            '{{\"AMD\": {{\"qty\": 1.50, \"entry_price\": 1e-5}}}}', '{{\"cash\": NaN}}', 2, 0);
         INSERT INTO order_journal VALUES (1, 'b0b6dd9d', 'mom-AMD-1', 'AMD', 'limit', 'buy', 1.5, 0.0000125, 'partially_filled', 0.75,
            '2025-07-01 13:34:59.000000', NULL)"
    );
    for sql in [TABLES, &rows] {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut program).await.unwrap();
    }
    // More than a page of rows.
    let many = (100..1_700)
        .map(|id| format!("({id}, '{SESSION}', '2025-07-01 13:38:00.000000', '{{}}', NULL, 0, 0)"))
        .collect::<Vec<_>>();
    let many = format!("INSERT INTO position_checkpoints VALUES {}", many.join(","));
    sqlx::raw_sql(AssertSqlSafe(many)).execute(&mut program).await.unwrap();
    program
}

async fn state(here: &Path, state_type: &str, id: &str) -> Value {
    let got = done(here, &["get", "--store", "store.db", state_type, id]).await;
    serde_json::from_str(&got.out).unwrap()
}

#[tokio::test]
async fn a_database_of_sessions_comes_in_row_by_row_while_its_program_has_it_open() {
    let here = folder();
    let path = here.path().join("sessions.db");
    let program = database(&path).await;
    let import =
        ["import", "sessions.db", "--store", "store.db", "--assume-tz", "UTC", "--yes", "--archive", "done"];
    let first = done(here.path(), &import).await;
    assert!(first.err.contains("a database stays"), "{}", first.err);
    assert!(path.exists() && !here.path().join("done").exists());
    let session = state(here.path(), "session", &format!("session_{SESSION}")).await;
    assert_eq!(
        (&session["status"], &session["initial_portfolio_value"]),
        (&"active".into(), &50_000.05.into())
    );
    assert_eq!(session["end_time"], Value::Null);
    let got =
        done(here.path(), &["get", "--store", "store.db", "position", &format!("position_{SESSION}_7")])
            .await;
    assert!(
        got.out.contains(r#""entry_price":0.00001234"#) || got.out.contains(r#""entry_price":1.234e-5"#),
        "{}",
        got.out
    );
    assert!(got.out.contains(r#""qty":0.75"#) && got.out.contains(r#""stop_loss":0"#), "{}", got.out);
    let checkpoint =
        done(here.path(), &["get", "--store", "store.db", "checkpoint", &format!("checkpoint_{SESSION}_3")])
            .await;
    assert!(
        checkpoint.out.contains(r#""positions_snapshot":{"AMD":{"qty":1.50,"entry_price":1e-5}}"#)
            && checkpoint.out.contains(r#""account_snapshot":"{\"cash\": NaN}""#),
        "JSON is as it stands, and what is none stays a text: {}",
        checkpoint.out
    );
    let order = state(here.path(), "order", "order_mom-AMD-1").await;
    assert_eq!((&order["status"], &order["filled_qty"]), (&"partially_filled".into(), &0.75.into()));
    assert!(state(here.path(), "checkpoint", &format!("checkpoint_{SESSION}_1699")).await.is_object());
    // None of their sessions is a run of ours, and a second time everything is there.
    let runs = done(here.path(), &["runs", "--store", "store.db", "list"]).await;
    assert_eq!(runs.out, "");
    let again = done(here.path(), &[&import[..], &["--json"]].concat()).await;
    let counts = &serde_json::from_str::<Value>(again.out.lines().last().unwrap()).unwrap()["counts"];
    assert_eq!((&counts["new"], &counts["unchanged"]), (&0.into(), &1_605.into()), "{counts}");
    program.close().await.unwrap();
}

#[tokio::test]
async fn a_database_without_such_tables_is_refused() {
    let here = folder();
    let options = SqliteConnectOptions::new().filename(here.path().join("other.db")).create_if_missing(true);
    let mut other = options.connect().await.unwrap();
    sqlx::raw_sql("CREATE TABLE trades (id INTEGER PRIMARY KEY)").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    let refused = run(here.path(), &["import", "other.db", "--store", "store.db", "--yes"], &[]).await;
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(
        refused.err.contains("trading_sessions") && refused.err.contains("nothing was written"),
        "{}",
        refused.err
    );
}

#[tokio::test]
async fn rows_come_in_whatever_their_keys_are() {
    let here = folder();
    let path = here.path().join("sessions.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut program = options.connect().await.unwrap();
    // As tools make it that copy tables: nothing says that a key is a number, or is there.
    let sql = "CREATE TABLE trading_sessions (id TEXT PRIMARY KEY, session_id TEXT, start_time TEXT, status TEXT);
         INSERT INTO trading_sessions VALUES ('a', 's-1', '2025-07-01 13:30:00', 'completed'), (NULL, 's-2', '2025-07-02 13:30:00', 'crashed'),
            (NULL, 's-3', '2025-07-03 13:30:00', 'crashed');
         CREATE TABLE positions (id INTEGER PRIMARY KEY, session_id TEXT, symbol TEXT, qty NUMERIC, entry_price NUMERIC, side TEXT, status TEXT);
         INSERT INTO positions VALUES (-3, 's-1', 'AMD', 0.75, 1, 'buy', 'active')";
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut program).await.unwrap();
    program.close().await.unwrap();
    let import = ["import", "sessions.db", "--store", "store.db", "--assume-tz", "UTC", "--yes", "--json"];
    let got = run(here.path(), &import, &[]).await;
    let counts = &serde_json::from_str::<Value>(got.out.lines().last().unwrap()).unwrap()["counts"];
    for session in ["s-1", "s-2", "s-3"] {
        assert!(state(here.path(), "session", &format!("session_{session}")).await.is_object(), "{counts}");
    }
    assert_eq!(state(here.path(), "position", "position_s-1_-3").await["qty"], 0.75);
}
