//! The command line.
//!
//! Commands that speak of states ask the API, through [`client`]: of a running server, or in this process over a store that is
//! opened for it. So there is one code path and one set of answers. A command is a file, with its own arguments.

mod backup;
mod book;
mod bundle;
mod check;
mod client;
mod clock;
mod completions;
mod config_print;
mod diff;
mod exit;
mod export;
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
mod runs;
mod runtime;
mod save;
mod say;
mod serve;
mod show;
mod signals;
mod snapshot;
mod source;
mod status;
mod status_details;
mod supervisor;
mod undo;
mod verify;
mod watch;
mod watch_files;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::http;
use client::Client;
use exit::{EXITS, Exit};
use failure::Failure;
pub use runtime::main;
use say::{answer, remark};
use source::{Source, load};

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
    Restore(Box<restore::Restore>),
    Undo(undo::Undo),
    Runs(runs::Runs),
    Watch(watch::Watch),
    WatchFiles(watch_files::WatchFiles),
    Status(status::StatusOf),
    Clock(clock::Clock),
    Check(check::Check),
    Verify(verify::Verify),
    Backup(backup::Backup),
    Export(export::Export),
    Import(import::Import),
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
        Command::Runs(command) => command.run().await,
        Command::Watch(command) => command.run().await,
        Command::WatchFiles(command) => command.run().await,
        Command::Status(command) => command.run().await,
        Command::Clock(command) => command.run().await,
        Command::Check(command) => command.run().await,
        Command::Verify(command) => command.run().await,
        Command::Backup(command) => command.run().await,
        Command::Export(command) => command.run().await,
        Command::Import(command) => command.run().await,
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
