//! `stateloft backup`.

mod bundle;
mod database;
mod words;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use stateloft_core::model::Seq;

use super::logging;
use super::reach::{Intent, ReachOrStore};
use super::{Done, asking};
use crate::cli::bundle::Recipients;
use crate::clock::{Clock as _, SystemClock};

/// Make a backup of the whole store, on every engine, also while it is served: a bundle, checked in what was written, of which
/// `stateloft import` makes the same store again. Exit code 0: it is whole; 1: it could not be made, or the store has lost
/// versions; 6: the store has damaged versions, and the backup says so in their place; 10: it broke off.
#[derive(Debug, Args)]
pub(super) struct Backup {
    #[command(flatten)]
    reach: ReachOrStore,
    /// The file to make, which must not exist, or a folder for one that has the time in its name; this folder when left out.
    #[arg(long, value_name = "FILE|FOLDER")]
    out: Option<PathBuf>,
    /// Only what is new: versions from this seq on. It is imported on top of the backup before it.
    #[arg(long, value_name = "SEQ", conflicts_with = "database")]
    from: Option<u64>,
    /// Encrypt it with age for this recipient (age1...), or for those in this file, one a line. It can be said several times.
    #[arg(long, value_name = "RECIPIENT|FILE", conflicts_with = "database")]
    encrypt_to: Vec<String>,
    /// A plain copy of the database of a SQLite store, with its seal beside it, in place of a bundle.
    #[arg(long, conflicts_with_all = ["server", "profile"])]
    database: bool,
    /// Print what was made as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// A copy of a SQLite store.
#[derive(Debug)]
struct Copied {
    /// The last version in it, which is how many there are.
    seq: Seq,
    bytes: u64,
    sha256: String,
    /// What the store had lost before, in words.
    missing: Option<String>,
}

impl Backup {
    pub(super) async fn run(self) -> Done {
        let Self { reach, out, from, encrypt_to, database, json } = self;
        let begun = Instant::now();
        if database {
            let file = named(out.as_deref(), "db");
            let config = reach.configured_store()?.config;
            logging::start(config.log);
            let copied = database::copy(&config, &file).await?;
            return words::copied(&file, &copied, begun.elapsed(), json).map(Into::into);
        }
        let to = Recipients::of(&encrypt_to)?;
        let file = named(out.as_deref(), if to.is_some() { "stateloft.age" } else { "stateloft" });
        asking(reach.server_or_store(Intent::Read).await?, async |client| {
            let made = bundle::make(client, from, to.as_ref(), &file).await?;
            words::made(&file, &made, begun.elapsed(), json)
        })
        .await
    }
}

/// The file to make: that one, or in a folder one of this moment.
fn named(out: Option<&Path>, ending: &str) -> PathBuf {
    let out = out.unwrap_or(Path::new("."));
    if !out.is_dir() {
        return out.to_owned();
    }
    // 2026-11-21T06:12:44.000000Z
    let now = SystemClock::default().now().to_string();
    let digits: String = now.chars().filter(char::is_ascii_digit).collect();
    let (day, time) = digits.split_at(8.min(digits.len()));
    let name = out.join(format!("stateloft_backup_{day}_{}", &time[..6.min(time.len())])).into_os_string();
    let of = |more: &str| {
        let mut file = name.clone();
        file.push(format!("{more}.{ending}"));
        PathBuf::from(file)
    };
    // Several of one second are told apart.
    let others = (2..1_000).map(|n| of(&format!("_{n}")));
    std::iter::once(of(""))
        .chain(others)
        .find(|file| file.symlink_metadata().is_err())
        .unwrap_or_else(|| of(""))
}
