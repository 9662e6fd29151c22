//! freqtrade's database, written as freqtrade does while it is read.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use stateloft_tests::server::Server;

use super::super::folder;
use super::{Sidecar, head, once, until_data, versions};

const TRADES: &str = "CREATE TABLE trades (id INTEGER NOT NULL PRIMARY KEY, exchange VARCHAR(25) NOT NULL, pair VARCHAR(25) NOT NULL, \
    is_open BOOLEAN NOT NULL, is_short BOOLEAN, amount FLOAT NOT NULL, stake_amount FLOAT NOT NULL, open_rate FLOAT, close_rate FLOAT, \
    stop_loss FLOAT, max_rate FLOAT, open_date DATETIME NOT NULL, close_date DATETIME, strategy VARCHAR(100))";
const ORDERS: &str = "CREATE TABLE orders (id INTEGER NOT NULL PRIMARY KEY, ft_trade_id INTEGER, ft_is_open BOOLEAN NOT NULL, \
    order_id VARCHAR(255) NOT NULL, side VARCHAR(25), price FLOAT, filled FLOAT, FOREIGN KEY(ft_trade_id) REFERENCES trades (id))";
const CUSTOM: &str = "CREATE TABLE trade_custom_data (id INTEGER NOT NULL PRIMARY KEY, ft_trade_id INTEGER, cd_key VARCHAR(255) NOT NULL, \
    cd_type VARCHAR(25) NOT NULL, cd_value TEXT NOT NULL, created_at DATETIME NOT NULL, updated_at DATETIME)";

/// The bot's side of the database.
struct Bot(SqliteConnection);

impl Bot {
    async fn open(path: &Path, journal: SqliteJournalMode) -> Self {
        let options =
            SqliteConnectOptions::new().filename(path).create_if_missing(true).journal_mode(journal);
        // A bot that has to wait is one that was blocked.
        let mut bot = Self(options.busy_timeout(Duration::ZERO).connect().await.unwrap());
        if !bot.has("trades").await {
            for table in [TRADES, ORDERS, CUSTOM] {
                bot.run(table).await;
            }
        }
        bot
    }

    async fn has(&mut self, table: &str) -> bool {
        let found = sqlx::query("SELECT 1 FROM sqlite_master WHERE name = ?").bind(table);
        found.fetch_optional(&mut self.0).await.unwrap().is_some()
    }

    async fn run(&mut self, sql: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.0).await;
        done.unwrap_or_else(|error| panic!("the bot cannot do its work: {error}: {sql}"));
    }

    async fn buy(&mut self, id: i64, pair: &str) {
        self.run(&format!(
            "BEGIN; INSERT INTO trades VALUES ({id}, 'binance', '{pair}', 1, 0, 0.1, 250.25, 2502.5, NULL, 2377.375, 2502.5, \
             '2026-11-29 08:15:00.123456', NULL, 'Trend'); \
             INSERT INTO orders VALUES (NULL, {id}, 1, 'buy_{id}', 'buy', 2502.5, 0.0); COMMIT"
        ))
        .await;
    }

    async fn close(self) {
        self.0.close().await.unwrap();
    }
}

fn beside(here: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(here)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("trades"))
        .collect();
    names.sort();
    names
}

const WATCH: [&str; 2] = ["freqtrade", "tradesv3.sqlite"];

#[tokio::test]
async fn each_trade_is_a_state_with_its_orders_and_the_bot_never_waits() {
    let (server, here) = (Server::start().await, folder());
    let path = here.path().join("tradesv3.sqlite");
    let mut bot = Bot::open(&path, SqliteJournalMode::Wal).await;
    bot.buy(1, "ETH/USDT").await;
    bot.run(
        "INSERT INTO trade_custom_data VALUES (1, 1, 'tier', 'int', '2', '2026-11-29 08:15:01.000000', NULL)",
    )
    .await;
    let mut sidecar = Sidecar::start(&server, here.path(), &WATCH);
    assert_eq!(sidecar.next().await["state_id"], "ETH/USDT/1");
    let state = head(&server, "freqtrade_trade", "ETH/USDT/1").await;
    assert_eq!(
        state["data"],
        json!({"id": 1, "exchange": "binance", "pair": "ETH/USDT", "is_open": true, "is_short": false, "amount": 0.1,
            "stake_amount": 250.25, "open_rate": 2502.5, "close_rate": null, "stop_loss": 2377.375, "max_rate": 2502.5,
            "open_date": "2026-11-29 08:15:00.123456", "close_date": null, "strategy": "Trend",
            "orders": [{"id": 1, "ft_trade_id": 1, "ft_is_open": true, "order_id": "buy_1", "side": "buy", "price": 2502.5, "filled": 0.0}],
            "custom_data": [{"id": 1, "ft_trade_id": 1, "cd_key": "tier", "cd_type": "int", "cd_value": "2",
                "created_at": "2026-11-29 08:15:01.000000", "updated_at": null}]})
    );
    assert_eq!(state["verdict"]["status"], "valid");
    // While the bot has a transaction open, what it has committed is seen, and nothing else; it commits without waiting.
    bot.run("BEGIN IMMEDIATE; UPDATE trades SET stop_loss = 2400.0 WHERE id = 1").await;
    let mut other = Bot::open(&path, SqliteJournalMode::Wal).await;
    let (made, said) = once(&server, here.path(), &WATCH, 0).await;
    assert!(made.is_empty() && said.contains("1 there already"), "{said}");
    bot.run("COMMIT").await;
    assert_eq!(sidecar.next().await["version"], 2);
    for n in 0..50 {
        let who = if n % 2 == 0 { &mut bot } else { &mut other };
        who.run(&format!(
            "UPDATE trades SET stop_loss = {}.5 WHERE id = 1; PRAGMA wal_checkpoint(PASSIVE)",
            2400 + n
        ))
        .await;
    }
    bot.buy(2, "BTC/USDT:USDT").await;
    bot.run("BEGIN; UPDATE trades SET is_open = 0, close_rate = 2600.75, close_date = '2026-11-29 09:00:00.000000' WHERE id = 1; \
        UPDATE orders SET ft_is_open = 0, filled = 0.1 WHERE ft_trade_id = 1; COMMIT")
        .await;
    let mut closed = state["data"].clone();
    for (pointer, value) in [
        ("/is_open", json!(false)),
        ("/close_rate", json!(2600.75)),
        ("/close_date", json!("2026-11-29 09:00:00.000000")),
        ("/stop_loss", json!(2449.5)),
        ("/orders/0/ft_is_open", json!(false)),
        ("/orders/0/filled", json!(0.1)),
    ] {
        *closed.pointer_mut(pointer).unwrap() = value;
    }
    until_data(&server, "freqtrade_trade", "ETH/USDT/1", &closed).await;
    let stops: Vec<f64> = versions(&server, "freqtrade_trade", "ETH/USDT/1")
        .await
        .iter()
        .map(|data| data["stop_loss"].as_f64().unwrap())
        .collect();
    assert!(stops[1..].windows(2).all(|pair| pair[0] <= pair[1]), "{stops:?}");
    let second = server.get("/states/-?state_type=freqtrade_trade&state_id=BTC%2FUSDT%3AUSDT%2F2").await;
    assert_eq!(second.0, 200, "{}", second.1);
    let (code, said) = sidecar.stop().await;
    assert_eq!(code, Some(0), "{said}");
    other.close().await;
    bot.close().await;
    assert_eq!(beside(here.path()), ["tradesv3.sqlite"], "the bot could tidy up");
}

#[tokio::test]
async fn a_bot_without_a_log_never_waits_either() {
    let (server, here) = (Server::start().await, folder());
    let mut bot = Bot::open(&here.path().join("tradesv3.sqlite"), SqliteJournalMode::Delete).await;
    bot.buy(1, "A/B").await;
    let mut sidecar = Sidecar::start(&server, here.path(), &WATCH);
    sidecar.next().await;
    for n in 1..=200 {
        bot.run(&format!("UPDATE trades SET stop_loss = {n}.25, amount = {n}.5 WHERE id = 1")).await;
    }
    let mut last = head(&server, "freqtrade_trade", "A/B/1").await["data"].clone();
    (last["stop_loss"], last["amount"]) = (json!(200.25), json!(200.5));
    until_data(&server, "freqtrade_trade", "A/B/1", &last).await;
    let all = versions(&server, "freqtrade_trade", "A/B/1").await;
    let whole = |data: &serde_json::Value| {
        let (stop, amount) = (data["stop_loss"].to_string(), data["amount"].to_string());
        stop.strip_suffix(".25").unwrap() == amount.strip_suffix(".5").unwrap()
    };
    assert!(all[1..].iter().all(whole), "each is of one moment: {all:?}");
    let (code, said) = sidecar.stop().await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(beside(here.path()), ["tradesv3.sqlite"]);
}

#[tokio::test]
async fn a_database_that_nobody_has_open_is_read_and_nothing_is_made_beside_it() {
    let (server, here) = (Server::start().await, folder());
    let path = here.path().join("tradesv3.sqlite");
    for (journal, first) in [(SqliteJournalMode::Wal, 1), (SqliteJournalMode::Delete, 1001)] {
        let mut bot = Bot::open(&path, journal).await;
        for id in first..first + 450 {
            bot.buy(id, "A/B").await;
        }
        bot.close().await;
        let before = std::fs::read(&path).unwrap();
        let (made, _) = once(&server, here.path(), &WATCH, 0).await;
        assert_eq!(made.len(), 450, "pages follow one another");
        assert_eq!(beside(here.path()), ["tradesv3.sqlite"]);
        assert!(std::fs::read(&path).unwrap() == before, "it was only read");
        let (made, said) = once(&server, here.path(), &WATCH, 0).await;
        assert!(made.is_empty() && said.contains("there already"), "{said}");
    }
}

#[tokio::test]
async fn what_a_bot_left_in_its_log_when_it_was_killed_is_read() {
    let (server, here) = (Server::start().await, folder());
    let (path, copy) = (here.path().join("alive.sqlite"), here.path().join("tradesv3.sqlite"));
    let mut bot = Bot::open(&path, SqliteJournalMode::Wal).await;
    bot.buy(7, "A/B").await;
    for suffix in ["", "-wal", "-shm"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        std::fs::copy(name(&path), name(&copy)).unwrap();
    }
    let files: Vec<_> = beside(here.path());
    let contents = |name: &String| std::fs::read(here.path().join(name)).unwrap();
    let before: Vec<_> = files.iter().map(contents).collect();
    let (made, _) = once(&server, here.path(), &WATCH, 0).await;
    assert_eq!(made[0]["state_id"], "A/B/7");
    assert_eq!(beside(here.path()), files);
    assert!(files.iter().map(contents).collect::<Vec<_>>() == before, "nothing of it was written");
}

#[tokio::test]
async fn tables_of_other_versions_are_read_with_the_columns_that_they_have() {
    let (server, here) = (Server::start().await, folder());
    let path = here.path().join("tradesv3.sqlite");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut old = Bot(options.connect().await.unwrap());
    // From before there were orders.
    old.run(
        "CREATE TABLE trades (id INTEGER NOT NULL PRIMARY KEY, pair VARCHAR NOT NULL, is_open BOOLEAN NOT NULL, fee FLOAT NOT NULL, \
         \"odd \"\"name\" NUMERIC, open_date DATETIME NOT NULL); \
         INSERT INTO trades VALUES (3, 'ETH/BTC', 1, 0.0025, 5.000000000000001, '2019-01-01 10:00:00.000000')",
    )
    .await;
    old.close().await;
    let (made, _) =
        once(&server, here.path(), &["--prefix", "old bot/", "freqtrade", "tradesv3.sqlite"], 0).await;
    assert_eq!(made[0]["state_id"], "old bot/ETH/BTC/3");
    let state = head(&server, "freqtrade_trade", "old bot/ETH/BTC/3").await;
    assert_eq!(
        state["data"],
        json!({"id": 3, "pair": "ETH/BTC", "is_open": true, "fee": 0.0025, "odd \"name": 5.000_000_000_000_001,
            "open_date": "2019-01-01 10:00:00.000000"})
    );
    for (name, text) in
        [("empty.sqlite", ""), ("text.sqlite", "this is no database, though it is long enough")]
    {
        std::fs::write(here.path().join(name), text).unwrap();
        let (made, said) = once(&server, here.path(), &["freqtrade", name, "--patience", "0.3"], 4).await;
        assert!(made.is_empty() && said.contains("it is no SQLite database"), "{said}");
    }
    once(&server, here.path(), &["freqtrade", "none.sqlite"], 8).await;
}

#[tokio::test]
async fn a_trade_that_vanishes_is_said_or_deleted_and_one_that_is_back_in_time_is_neither() {
    let (server, here) = (Server::start().await, folder());
    let mut bot = Bot::open(&here.path().join("tradesv3.sqlite"), SqliteJournalMode::Wal).await;
    bot.buy(1, "A/B").await;
    bot.buy(2, "C/D").await;
    let mut sidecar =
        Sidecar::start(&server, here.path(), &[&WATCH[..], &["--delete", "--patience", "5"]].concat());
    sidecar.next().await;
    sidecar.next().await;
    // As a migration does it: away, and back again.
    bot.run("ALTER TABLE trades RENAME TO trades_bak0").await;
    bot.run(TRADES).await;
    bot.run("INSERT INTO trades SELECT * FROM trades_bak0").await;
    bot.run("DELETE FROM trades WHERE id = 2").await;
    let gone = sidecar.next().await;
    assert_eq!((&gone["state_id"], &gone["operation"]), (&json!("C/D/2"), &json!("delete")));
    assert_eq!(versions(&server, "freqtrade_trade", "A/B/1").await.len(), 1);
}
