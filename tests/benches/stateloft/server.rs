//! The released server as its own process, on a database of its own.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use stateloft_server::store::influx::InfluxOptions;
use stateloft_server::store::postgres::PostgresSettings;
use stateloft_tests::influx::Influx;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
}

impl Server {
    /// On a SQLite file.
    pub(crate) async fn start(database: &Path) -> Self {
        Self::run(|command| {
            command.arg("--db").arg(database);
        })
        .await
    }

    /// On a PostgreSQL database.
    pub(crate) async fn start_on(settings: &PostgresSettings) -> Self {
        let host = settings.hosts.first().expect("a host");
        Self::run(|command| {
            command
                .env("TRADING_STATE_DB_TYPE", "postgresql")
                .env("TRADING_STATE_POSTGRES_HOST", &host.host)
                .env("TRADING_STATE_POSTGRES_PORT", host.port.to_string())
                .env("TRADING_STATE_POSTGRES_DB", &settings.database)
                .env("TRADING_STATE_POSTGRES_USER", &settings.user);
        })
        .await
    }

    /// On an InfluxDB bucket.
    pub(crate) async fn start_on_influx(bucket: &InfluxOptions) -> Self {
        Self::run(|command| {
            command.envs(Influx::variables(bucket));
        })
        .await
    }

    async fn run(store: impl FnOnce(&mut Command)) -> Self {
        let program = std::env::var("STATELOFT_BIN").expect("STATELOFT_BIN; use `cargo xtask bench`");
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|l| l.local_addr())
            .expect("a free port")
            .port();
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new(program);
        command.args(["serve", "--listen", &address]);
        store(&mut command);
        let process = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the server starts");
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(&address).await.is_err() {
            assert!(Instant::now() < deadline, "the server does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { process, address }
    }

    pub(crate) async fn stop(mut self) {
        self.process.kill().await.expect("the server ends");
    }
}
