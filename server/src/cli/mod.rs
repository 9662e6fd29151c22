//! The command line.
//!
//! Commands that speak of states ask the API, through [`client`]: of a running server, or in this process over a store that is
//! opened for it. So there is one code path and one set of answers. A command is a file, with its own arguments.

mod backup;
mod book;
mod check;
mod client;
mod clock;
mod completions;
mod config_print;
mod diff;
mod exit;
mod failure;
mod figures;
mod files;
mod get;
mod handles;
mod history;
mod import;
mod journal;
mod journal_lines;
mod list;
mod logging;
mod named;
mod open;
mod output;
mod reach;
mod restore;
mod runtime;
mod save;
mod say;
mod serve;
mod show;
mod snapshot;
mod source;
mod status;
mod status_details;
mod undo;
mod verify;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::Loaded;
use crate::http;
use client::Client;
use exit::{EXITS, Exit};
use failure::Failure;
use reach::ReachOrStore;
pub use runtime::main;
use say::{answer, remark};
use source::{Source, load};

/// What `import.rs` ends with where some rows could not be imported.
const ROWS_LEFT: Exit = Exit::RowsLeft;

/// The version, and the commit where it is known.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("STATELOFT_BUILT_FROM"));

/// Keeps every version of the state of trading programs.
#[derive(Debug, Parser)]
#[command(name = "stateloft", version = VERSION, arg_required_else_help = true, after_help = EXITS)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Save(save::Save),
    Get(get::Get),
    List(list::List),
    History(history::HistoryOf),
    Diff(diff::DiffOf),
    Show(show::Show),
    Snapshot(snapshot::Snapshots),
    Restore(restore::Restore),
    Undo(undo::Undo),
    Watch(watch::Watch),
    Status(status::StatusOf),
    Clock(clock::Clock),
    Check(check::Check),
    Verify(verify::Verify),
    /// Make a copy of a SQLite store, also while its server runs, and check every hash in it. Exit code 0: it is whole; 1: it
    /// could not be made, or the store has lost versions.
    Backup {
        #[command(flatten)]
        source: Source,
        /// The file to make; it must not exist.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take over files of older programs, or the history that an older system kept in a database. What is there is not written
    /// again, so it can be interrupted and repeated. Exit code 0: everything is in; 1: something failed; 4: some rows could not
    /// be imported, a file is damaged, or an item waits for a choice; the others are in.
    Import {
        #[command(flatten)]
        reach: Box<ReachOrStore>,
        #[command(flatten)]
        files: Box<files::Files>,
        #[command(flatten)]
        from: Box<Older>,
        /// Only say what would be written.
        #[arg(long)]
        dry_run: bool,
    },
    /// Look at the fallback journal, and mend it when it was damaged.
    Journal {
        #[command(flatten)]
        source: Source,
        /// The journal's folder. Without it the configuration's.
        #[arg(long, value_name = "PATH", global = true)]
        folder: Option<PathBuf>,
        #[command(subcommand)]
        what: journal::What,
    },
    /// Print the API's description (OpenAPI 3.1).
    Openapi,
    Config(config_print::Settings),
    Completions(completions::Completions),
    Man(completions::Man),
}

/// Where an older system kept its history. It is only read.
#[derive(Args)]
struct Older {
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

/// Runs a command, and says on standard error why it failed.
async fn run(cli: Cli) -> ExitCode {
    done(cli.command).await.unwrap_or_else(|failure| {
        complain(&failure.message);
        failure.exit.into()
    })
}

async fn done(command: Command) -> Done {
    match command {
        Command::Serve(command) => command.run().await,
        Command::Save(command) => command.run().await,
        Command::Get(command) => command.run().await,
        Command::List(command) => command.run().await,
        Command::History(command) => command.run().await,
        Command::Diff(command) => command.run().await,
        Command::Show(command) => command.run().await,
        Command::Snapshot(command) => command.run().await,
        Command::Restore(command) => command.run().await,
        Command::Undo(command) => command.run().await,
        Command::Watch(command) => command.run().await,
        Command::Status(command) => command.run().await,
        Command::Clock(command) => command.run().await,
        Command::Check(command) => command.run().await,
        Command::Verify(command) => command.run().await,
        Command::Backup { source, out } => backup::backup(load(source)?, &out).await,
        Command::Import { reach, files, from, dry_run } if files.paths.is_empty() => {
            import::import(stopped(*reach)?, &from, dry_run).await
        }
        Command::Import { reach, files, dry_run, .. } => files::import(*reach, &files, dry_run).await,
        Command::Journal { folder: Some(folder), what, .. } => journal::journal(&folder, &what),
        Command::Journal { source, folder: None, what } => {
            journal::journal(&load(source)?.config.fallback_folder, &what)
        }
        Command::Openapi => openapi(),
        Command::Config(command) => command.run(),
        Command::Completions(command) => Ok(command.run()),
        Command::Man(command) => command.run(),
    }
}

/// The store that takes in the history of an older system. A server does not.
fn stopped(reach: ReachOrStore) -> Result<Loaded, Failure> {
    match reach.server()? {
        None => reach.configured_store(),
        Some(server) => Err(Failure::usage(format!(
            "the history of an older system is taken into a store that nobody serves, and {} is named: say --store or --db in \
             its place; nothing was written",
            server.place()
        ))),
    }
}

/// A command's exit code, or why it failed.
type Done = Result<ExitCode, Failure>;

/// Asks, and lets go of whom was asked, however it ended.
async fn asking(client: Client, ask: impl AsyncFnOnce(&Client) -> Result<Exit, Failure>) -> Done {
    let done = ask(&client).await;
    client.close().await;
    done.map(Into::into)
}

/// Says on standard error what went wrong.
fn complain(message: &str) {
    remark!("stateloft: {message}");
}

fn openapi() -> Done {
    let text = http::openapi_document().to_pretty_json().map_err(|error| error.to_string())?;
    answer!("{text}");
    Ok(ExitCode::SUCCESS)
}
