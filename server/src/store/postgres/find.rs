//! Looking for the server that accepts writes, among several or one, and how to connect to it.

use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};

use super::failure::failed;
use super::settings::{PostgresHost, PostgresSettings, Tls};
use crate::store::{Result, StoreError};

/// Where our tables are, apart from anybody else's.
pub(super) const SCHEMA: &str = "stateloft";
/// A transaction of ours that does nothing for so long has lost its client: its lock must not keep others waiting.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(10);
const STATEMENTS: usize = 256;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Serve,
    /// Nothing is written, and a standby will do.
    Read,
    /// As [`Purpose::Read`], but the tables are another system's, and reading all of them takes its time.
    ReadOthers,
}

/// One connection, without a pool.
pub(super) async fn connect_once(settings: &PostgresSettings, purpose: Purpose) -> Result<PgConnection> {
    let found = tokio::time::timeout(settings.patience, find(settings, purpose, 0)).await;
    let found = found.unwrap_or_else(|_| Err(no_answer(settings.patience).into()));
    found.map(|(_, connection)| connection).map_err(|none| none.error)
}

pub(super) fn no_answer(patience: Duration) -> StoreError {
    StoreError::Unavailable(format!("PostgreSQL did not answer within {} s", patience.as_secs_f32()))
}

/// No server lets us in.
#[derive(Debug)]
pub(super) struct NoServer {
    pub(super) error: StoreError,
    /// One of them only because it has no room for another connection.
    pub(super) full: bool,
    /// One of them would, and accepts no writes.
    pub(super) accepts_no_writes: bool,
}

impl From<StoreError> for NoServer {
    fn from(error: StoreError) -> Self {
        Self { error, full: false, accepts_no_writes: false }
    }
}

impl From<sqlx::Error> for NoServer {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        let full = code.is_some_and(|code| code == TOO_MANY_CONNECTIONS);
        Self { error: failed(error), full, accepts_no_writes: false }
    }
}

const TOO_MANY_CONNECTIONS: &str = "53300";

/// Asks each host, the one that was right last first, until one accepts writes.
pub(super) async fn find(
    settings: &PostgresSettings,
    purpose: Purpose,
    first: usize,
) -> std::result::Result<(usize, PgConnection), NoServer> {
    let count = settings.hosts.len();
    let share = settings.patience / u32::try_from(count).unwrap_or(1);
    let mut problems = Vec::new();
    let (mut refused, mut full, mut accepts_no_writes) = (true, false, false);
    for index in (0..count).map(|n| (first + n) % count) {
        let host = &settings.hosts[index];
        let asked = tokio::time::timeout(share, ask(settings, purpose, host)).await;
        match asked.unwrap_or_else(|_| Err(no_answer(share).into())) {
            Ok(connection) => return Ok((index, connection)),
            Err(NoServer { error, full: this_one, accepts_no_writes: that_one }) => {
                full |= this_one;
                accepts_no_writes |= that_one;
                refused &= !error.may_pass();
                problems.push(format!("{}:{}: {}", host.host, host.port, error.text()));
            }
        }
    }
    // As long as one of them may still let us in, it is worth asking again.
    let text = problems.join("; ");
    let error = if refused { StoreError::Refused(text) } else { StoreError::Unavailable(text) };
    Err(NoServer { error, full, accepts_no_writes })
}

async fn ask(
    settings: &PostgresSettings,
    purpose: Purpose,
    host: &PostgresHost,
) -> std::result::Result<PgConnection, NoServer> {
    let mut connection = options(settings, purpose, host).connect().await?;
    if purpose == Purpose::Serve && !accepts_writes(&mut connection).await? {
        let error = StoreError::Unavailable("it accepts no writes: a standby, or read-only".into());
        return Err(NoServer { error, full: false, accepts_no_writes: true });
    }
    Ok(connection)
}

/// Whether a server accepts writes, as SQL.
macro_rules! takes_writes {
    () => {
        "(NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off')"
    };
}
pub(super) use takes_writes;

pub(super) async fn accepts_writes(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar(concat!("SELECT ", takes_writes!())).fetch_one(connection).await
}

/// How to connect to one host. Where and as whom is always said here, so that `PGHOST` and its like, which are meant for
/// other programs, decide nothing.
pub(super) fn options(
    settings: &PostgresSettings,
    purpose: Purpose,
    host: &PostgresHost,
) -> PgConnectOptions {
    let millis = |time: Duration| time.as_millis().to_string();
    let mut options = PgConnectOptions::new_without_pgpass()
        .port(host.port)
        .username(&settings.user)
        .database(&settings.database)
        .password(settings.password.as_ref().map_or("", |password| password.reveal()))
        .application_name("stateloft")
        .statement_cache_capacity(STATEMENTS)
        .ssl_mode(match settings.tls_to(host) {
            Tls::Disable => PgSslMode::Disable,
            Tls::Prefer => PgSslMode::Prefer,
            Tls::Require => PgSslMode::Require,
            Tls::VerifyCa => PgSslMode::VerifyCa,
            Tls::VerifyFull => PgSslMode::VerifyFull,
        })
        .options([
            ("lock_timeout", millis(settings.patience)),
            ("tcp_keepalives_idle", "10".to_owned()),
            ("tcp_keepalives_interval", "5".to_owned()),
            ("tcp_keepalives_count", "3".to_owned()),
            ("jit", "off".to_owned()),
        ]);
    options = match host.host.strip_prefix('/') {
        Some(_) => options.socket(&host.host),
        None => options.host(&host.host),
    };
    if let Some(path) = &settings.root_certificate {
        options = options.ssl_root_cert(path);
    }
    options = match purpose {
        Purpose::Serve | Purpose::Read => options.options([
            ("search_path", SCHEMA.to_owned()),
            ("statement_timeout", millis(settings.patience)),
            ("idle_in_transaction_session_timeout", millis(IDLE_IN_TRANSACTION)),
        ]),
        Purpose::ReadOthers => options.options([
            ("statement_timeout", "0".to_owned()),
            ("idle_in_transaction_session_timeout", "0".to_owned()),
        ]),
    };
    if purpose != Purpose::Serve {
        options = options.options([("default_transaction_read_only", "on")]);
    }
    options.disable_statement_logging()
}
