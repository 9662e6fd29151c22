//! `stateloft import --from-...`: the history that an older system kept in a database.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::say::{answer, remark};
use crate::cli::{Done, logging, open};
use crate::clock::SystemClock;
use crate::config::{self, Loaded};
use crate::service::{ImportCounts, ImportWitness, ServiceError};
use crate::store::postgres::{Password, PostgresSettings};
use crate::store::{OlderRows, Resilience, influx, postgres};

/// How often progress is said.
const PACE: Duration = Duration::from_secs(1);

/// Where an older system kept its history. It is only read.
#[derive(Args)]
pub(super) struct Older {
    /// The database with the older system's table `trading_states`:
    /// postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=MODE. The password may also be in PGPASSWORD.
    #[arg(long, value_name = "URL", conflicts_with = "from_influx")]
    from_postgres: Option<String>,
    /// The InfluxDB with the older system's points `trading_state`, such as <http://localhost:8086>. The token is taken from
    /// `INFLUX_TOKEN`.
    #[arg(long, value_name = "URL")]
    from_influx: Option<String>,
    /// The organisation in that InfluxDB.
    #[arg(long, value_name = "NAME", default_value = "trading-org", requires = "from_influx")]
    influx_org: String,
    /// The bucket in that InfluxDB.
    #[arg(long, value_name = "NAME", default_value = "trading-states", requires = "from_influx")]
    influx_bucket: String,
    /// Certificates (PEM) that an https:// server's must be signed by, in place of the system's.
    #[arg(long, value_name = "FILE", requires = "from_influx")]
    influx_sslrootcert: Option<PathBuf>,
}

/// An address may hold a password.
impl std::fmt::Debug for Older {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Older(..)")
    }
}

pub(super) async fn import(Loaded { config, warnings }: Loaded, from: &Older, dry_run: bool) -> Done {
    logging::start(config.log);
    for warning in &warnings {
        tracing::warn!("{warning}");
    }
    let mut rows = open_older(from).await?;
    let store = if dry_run { open::store_to_try(&config).await? } else { open::bare_store(&config).await? };
    let service =
        open::service(&config, store, Resilience::default(), None, Arc::new(SystemClock::default())).await?;
    let mut witness = Terminal::default();
    let done = service.import(rows.as_mut(), dry_run, &mut witness).await;
    service.shutdown().await;
    rows.close().await;
    let counts = done.map_err(|error| {
        // The service's words for a store's failure are for clients, and do not say which store.
        let cause = match error {
            ServiceError::Store(cause) => cause.to_string(),
            other => other.to_string(),
        };
        format!("the import ended early: {cause}; what was written stays, run it again to go on")
    })?;
    print(&counts, dry_run);
    Ok(if counts.is_complete() { ExitCode::SUCCESS } else { Exit::RowsLeft.into() })
}

/// Opens the older store.
async fn open_older(from: &Older) -> Result<Box<dyn OlderRows>, String> {
    let (rows, place): (Box<dyn OlderRows>, String) = if let Some(url) = &from.from_influx {
        let token = std::env::var("INFLUX_TOKEN").unwrap_or_default();
        let bucket = config::influx_bucket(url, &from.influx_org, &from.influx_bucket, token.trim());
        let mut bucket = bucket
            .map_err(|problem| format!("--from-influx: {problem}; the token is taken from INFLUX_TOKEN"))?;
        bucket.root_certificate.clone_from(&from.influx_sslrootcert);
        let points = influx::older(&bucket).await.map_err(|error| open::at(&bucket, &error))?;
        (points, bucket.to_string())
    } else {
        let database = database(from.from_postgres.as_deref().unwrap_or_default())?;
        let table = postgres::older(&database).await.map_err(|error| open::at(&database, &error))?;
        (table, database.to_string())
    };
    remark!("reading {} rows from {place}", rows.total());
    Ok(rows)
}

fn database(url: &str) -> Result<PostgresSettings, String> {
    database_at(url).map_err(|problem| format!("--from-postgres: the address {problem}"))
}

/// The database of an address. What is said of one that is wrong does not repeat it.
pub(in crate::cli) fn database_at(url: &str) -> Result<PostgresSettings, String> {
    let mut settings = config::postgres_address(url)?;
    if let (None, Ok(password)) = (&settings.password, std::env::var("PGPASSWORD")) {
        settings.password = (!password.is_empty()).then(|| Password::new(password));
    }
    Ok(settings)
}

fn print(counts: &ImportCounts, dry_run: bool) {
    let ImportCounts { read, imported, versions, snapshots, there, nothing, unreadable, left_out } = counts;
    answer!("Rows read            {read}");
    if dry_run {
        answer!("To be imported       {imported}, as {versions} versions (nothing was written)");
    } else {
        answer!("Imported             {imported}, as {versions} versions");
    }
    answer!("Snapshots            {snapshots}");
    answer!("There already        {there}");
    answer!("Changing nothing     {nothing} (deletes of what did not exist)");
    answer!("Cannot be read       {unreadable}");
    answer!("Left out             {left_out}");
}

/// Says on standard error what does not get in, each row, and from time to time how far the import is.
#[derive(Debug, Default)]
struct Terminal {
    said: Option<Instant>,
}

impl ImportWitness for Terminal {
    fn row_left(&mut self, row: &str, why: &str) {
        remark!("not imported: {row}: {why}");
    }

    fn progress(&mut self, counts: &ImportCounts, total: u64) {
        if self.said.is_none_or(|said| said.elapsed() >= PACE) {
            self.said = Some(Instant::now());
            remark!("{} of {total} rows, {} imported", counts.read, counts.imported);
        }
    }
}
