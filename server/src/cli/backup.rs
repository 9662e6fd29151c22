//! `stateloft backup`.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use stateloft_core::api::AlarmCode;

use super::say::{answer, remark};
use super::{Done, FAILED, logging, open};
use crate::config::{Loaded, StoreConfig};
use crate::store::Admin as _;
use crate::store::sqlite::{SqliteStore, Step};

/// How often progress is said.
const PACE: Duration = Duration::from_secs(1);

pub(super) async fn backup(Loaded { config, .. }: Loaded, out: &Path) -> Done {
    logging::start(config.log_level);
    let path = match &config.store {
        StoreConfig::Sqlite { path } => path,
        StoreConfig::Postgres(_) => {
            return Err("a PostgreSQL store is backed up with PostgreSQL's own tools: pg_dump (its schema is stateloft), \
                 pg_basebackup, or what your service offers; `stateloft verify` checks what was restored"
                .to_owned());
        }
        StoreConfig::Influx(_) => {
            return Err("an InfluxDB store is backed up with InfluxDB's own tools: influx backup --bucket NAME, while the \
                 server is stopped; `stateloft verify` checks what was restored"
                .to_owned());
        }
    };
    if !path.is_file() {
        return Err(format!("there is no store at {}", path.display()));
    }
    let begun = Instant::now();
    let words = |error| open::at(path.display(), &error);
    let store = SqliteStore::open_read_only(path).await.map_err(words)?;
    let said = std::sync::Mutex::new(begun);
    let made = store.backup(out, |step| say(step, &said)).await;
    let missing = store.alarms().into_iter().find(|alarm| alarm.code == AlarmCode::VersionsMissing);
    store.close().await;
    let made = made.map_err(words)?;
    answer!("Backup          {}", out.display());
    answer!("Versions        {}, all of them as they were written", made.seq);
    answer!("Seq             {}", made.seq);
    answer!("Bytes           {}", made.bytes);
    answer!("SHA-256         {}", made.sha256);
    answer!("Took            {:.1} s", begun.elapsed().as_secs_f64());
    match missing {
        None => Ok(ExitCode::SUCCESS),
        Some(alarm) => {
            answer!("BUT             {}", alarm.detail);
            Ok(ExitCode::from(FAILED))
        }
    }
}

fn say(step: Step, said: &std::sync::Mutex<Instant>) {
    let mut said = said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if said.elapsed() < PACE {
        return;
    }
    *said = Instant::now();
    match step {
        Step::Copied(bytes, about) => remark!("copied {} of about {} MiB", bytes >> 20, about >> 20),
        Step::Checked(seq, of) => remark!("checked {seq} of {of} versions of the copy"),
    }
}
