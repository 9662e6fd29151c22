//! `stateloft watch-files`: what a bot writes anyway, kept with its history. The bot's files and databases are only read.

mod bell;
mod deliver;
mod files;
mod found;
mod freqtrade;
mod known;
mod mark;
mod outbox;
mod printed;
mod reading;
mod rows;
mod run;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use stateloft_core::api::ImportOptions;
use stateloft_core::import::check_zone;
use stateloft_core::model::StateType;

use super::Done;
use super::failure::Failure;
use super::named::state_type;
use super::reach::Reach;
use files::Files;
use found::Which;
use freqtrade::Trades;
use reading::Reading;
pub(super) use rows::{begin_member, value};
use run::Source;

/// Watch what a bot writes, without touching it: each change of a file, or of a trade in a database, becomes a version. It goes on
/// until it is interrupted, waits for a server that is away, and sends after a start what has changed meanwhile. Exit code 0: all
/// that was seen is in; 4: some of it is not, and is said.
#[derive(Debug, Args)]
pub(super) struct WatchFiles {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    how: How,
}

/// How it is watched and sent.
#[derive(Debug, Clone, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
struct How {
    /// Who the versions are by.
    #[arg(long, value_name = "NAME", default_value = "watch-files", global = true)]
    author: String,
    /// Put this before each state's id, such as `bot-a/`, where several bots write to one store.
    #[arg(long, value_name = "TEXT", default_value = "", global = true)]
    prefix: String,
    /// Look again after so many seconds although the system has told of no change, as it may not on network folders.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds, global = true)]
    every: Duration,
    /// Wait so many seconds for a file that is half written, or gone, before that is said.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, global = true)]
    patience: Duration,
    /// Delete the states of what vanishes while it is watched. Without it that is only said.
    #[arg(long, global = true)]
    delete: bool,
    /// Look once, send what has changed, and end.
    #[arg(long, global = true)]
    once: bool,
    /// Only say what would be sent.
    #[arg(long, global = true)]
    dry_run: bool,
    /// Print a line of JSON for each version.
    #[arg(long, global = true)]
    json: bool,
}

/// What writes, and where.
#[derive(Debug, Subcommand)]
enum What {
    /// JSON files, told apart and taken apart as `stateloft import` does.
    Json {
        /// Files, folders (.json, .jsonl, .ndjson in them), or patterns such as 'state/*.json', in quotes so that new files are
        /// found, too.
        #[arg(value_name = "PATTERN", required = true)]
        patterns: Vec<String>,
        /// States of this type are made of each file, or of what --each leads to; without it the shapes of known programs are looked
        /// for.
        #[arg(long = "type", value_name = "TYPE", value_parser = state_type)]
        state_type: Option<StateType>,
        /// A pointer such as /positions to an object or array whose members become a state each.
        #[arg(long, value_name = "POINTER", requires = "state_type")]
        each: Option<String>,
        /// Where a state's id stands: key (the member's name), or a pointer within it such as /symbol.
        #[arg(long, value_name = "key|POINTER", requires = "state_type")]
        id_from: Option<String>,
        /// The zone of times without one: UTC or an offset such as +03:00. Without it they are kept and no instant is guessed.
        #[arg(long, value_name = "ZONE")]
        assume_tz: Option<String>,
    },
    /// The trades of freqtrade, each with its orders and custom data.
    Freqtrade {
        /// Its database, such as tradesv3.sqlite.
        #[arg(value_name = "DATABASE")]
        database: PathBuf,
    },
    /// The variables and settings of vn.py's strategies.
    Vnpy {
        /// The folder .vntrader, or the one that it is in.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// The objects of LEAN's object store that are JSON.
    Lean {
        /// The folder of the object store, such as ./storage.
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// The type of the states.
        #[arg(long = "type", value_name = "TYPE", default_value = "strategy", value_parser = state_type)]
        state_type: StateType,
    },
}

impl WatchFiles {
    pub(super) async fn run(self) -> Done {
        let Self { reach, what, how } = self;
        let source = source(what, &how)?;
        run::run(reach.client()?, source, how).await
    }
}

fn source(what: What, how: &How) -> Result<Source, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
    Ok(match what {
        What::Json { patterns, state_type, each, id_from, assume_tz } => {
            let which = Which::of_patterns(&patterns).map_err(|error| wrong(&error))?;
            assume_tz.as_deref().map_or(Ok(()), check_zone).map_err(|error| wrong(&error))?;
            let options = ImportOptions { assume_tz, state_type, each, id_from };
            // Whatever is wrong with the options is wrong with every file.
            stateloft_core::import::plan(&[], &options).map_err(|error| wrong(&error))?;
            Source::Files(Files::new(which, Reading::Import(options), how))
        }
        What::Freqtrade { database } => Source::Trades(Trades::new(database, how)),
        What::Vnpy { folder } => Source::Files(Files::new(Which::vnpy(&folder), Reading::Vnpy, how)),
        What::Lean { folder, state_type } => {
            Source::Files(Files::new(Which::whole(folder), Reading::Lean(state_type), how))
        }
    })
}

/// Reads a time of seconds, such as `0.5`.
fn seconds(text: &str) -> Result<Duration, String> {
    const MOST: f64 = 86_400.0;
    let seconds = text.parse().ok().filter(|seconds| (0.05..=MOST).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| format!("{text:?} is not from 0.05 to {MOST} seconds"))
}
