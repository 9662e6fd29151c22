//! `stateloft backup`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use stateloft_core::api::AlarmCode;

use super::exit::Exit;
use super::output::Progress;
use super::say::answer;
use super::{Done, logging, open};
use crate::config::{Loaded, StoreConfig};
use crate::store::Admin as _;
use crate::store::sqlite::{SqliteStore, Step};

pub(super) async fn backup(Loaded { config, .. }: Loaded, out: &Path) -> Done {
    logging::start(config.log);
    let path = match &config.store {
        StoreConfig::Sqlite { path } => path,
        StoreConfig::Postgres(_) => {
            return Err("a PostgreSQL store is backed up with PostgreSQL's own tools: pg_dump (its schema is stateloft), \
                 pg_basebackup, or what your service offers; `stateloft verify` checks what was restored"
                .to_owned()
                .into());
        }
        StoreConfig::Influx(_) => {
            return Err("an InfluxDB store is backed up with InfluxDB's own tools: influx backup --bucket NAME, while the \
                 server is stopped; `stateloft verify` checks what was restored"
                .to_owned()
                .into());
        }
    };
    if !path.is_file() {
        return Err(format!("there is no store at {}", path.display()).into());
    }
    let begun = Instant::now();
    let words = |error| open::at(path.display(), &error);
    let store = SqliteStore::open_read_only(path).await.map_err(words)?;
    let progress = Progress::new();
    let made = store.backup(out, |step| say(step, &progress)).await;
    drop(progress);
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
            Ok(Exit::Failed.into())
        }
    }
}

fn say(step: Step, progress: &Progress) {
    match step {
        Step::Copied(bytes, about) => progress.is_at("copied", bytes >> 20, about >> 20, "MiB"),
        Step::Checked(seq, of) => progress.is_at("checked", seq.0, of.0, "versions of the copy"),
    }
}
