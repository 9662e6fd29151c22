//! `stateloft backup --database`: a plain copy of a SQLite store.

use std::path::Path;

use stateloft_core::api::AlarmCode;

use super::Copied;
use crate::cli::failure::Failure;
use crate::cli::open;
use crate::cli::output::Progress;
use crate::config::{Config, StoreConfig};
use crate::store::Admin as _;
use crate::store::sqlite::{SqliteStore, Step};

/// Copies a SQLite store, also while it is served, and checks every hash in the copy.
pub(super) async fn copy(config: &Config, out: &Path) -> Result<Copied, Failure> {
    let path = match &config.store {
        StoreConfig::Sqlite { path } => path,
        StoreConfig::Postgres(_) => {
            return Err(not_sqlite("a PostgreSQL store", "pg_dump (its schema is stateloft)"));
        }
        StoreConfig::Influx(_) => {
            return Err(not_sqlite(
                "an InfluxDB store",
                "influx backup --bucket NAME, while the server is stopped",
            ));
        }
    };
    if !path.is_file() {
        return Err(format!("there is no store at {}", path.display()).into());
    }
    let words = |error| open::at(path.display(), &error);
    let store = SqliteStore::open_read_only(path).await.map_err(words)?;
    let progress = Progress::new();
    let made = store.backup(out, |step| say(step, &progress)).await;
    drop(progress);
    let missing = store.alarms().into_iter().find(|alarm| alarm.code == AlarmCode::VersionsMissing);
    store.close().await;
    let made = made.map_err(words)?;
    Ok(Copied {
        seq: made.seq,
        bytes: made.bytes,
        sha256: made.sha256,
        missing: missing.map(|alarm| alarm.detail),
    })
}

fn not_sqlite(store: &str, tool: &str) -> Failure {
    Failure::usage(format!(
        "{store} has no file to copy: a backup without --database is a bundle, which every store can make; a copy of the \
         database itself is made with its own tools: {tool}"
    ))
}

fn say(step: Step, progress: &Progress) {
    match step {
        Step::Copied(bytes, about) => progress.is_at("copied", bytes >> 20, about >> 20, "MiB"),
        Step::Checked(seq, of) => progress.is_at("checked", seq.0, of.0, "versions of the copy"),
    }
}
