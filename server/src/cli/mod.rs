//! The command line: `serve`, `status`, `clock`, `check`, `verify`, `backup`, `import`, `journal`, `openapi`.

mod backup;
mod check;
mod clock;
mod files;
mod handles;
mod import;
mod journal;
mod logging;
mod open;
mod running;
mod runtime;
mod say;
mod serve;
mod status;
mod status_details;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Loaded, Sources};
use crate::http;
use crate::store::sqlite::OnLoss;
use running::Running;
pub use runtime::main;
use say::{answer, remark};

/// Something failed: the configuration is wrong, the store does not answer, the chain is broken.
const FAILED: u8 = 1;
/// Everything works, but live states break rules (`check`).
const INVALID_STATES: u8 = 3;
/// Everything else was imported, but some rows could not be (`import`).
const ROWS_LEFT: u8 = 4;
/// An end that was never acknowledged, or a cache, cannot be read (`journal check`).
const TORN: u8 = 5;
/// Acknowledged writes cannot be read (`journal check`).
const DAMAGED: u8 = 6;

/// The machine's clock has jumped and is not believed (`clock`).
const NOT_BELIEVED: u8 = 7;

/// Keeps every version of the state of trading programs.
#[derive(Debug, Parser)]
#[command(name = "stateloft", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the console.
    Serve {
        #[command(flatten)]
        source: Source,
        /// Where to listen, such as 127.0.0.1:8000; port 0 takes a free one. Without it the configuration's host and port.
        #[arg(long, value_name = "ADDR")]
        listen: Option<String>,
        /// Go on although the SQLite store has lost acknowledged versions. A damaged log is copied aside first.
        #[arg(long)]
        accept_loss: bool,
    },
    /// Ask a running server how it is. Exit code 0: all is well; 1: it cannot be reached, or its store does not answer.
    Status {
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        running: Running,
    },
    /// Ask a running server what it records as the time. Exit code 0: the machine's clock is believed; 1: the server cannot be
    /// asked; 7: the clock has jumped and is not believed.
    Clock {
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        running: Running,
        #[command(subcommand)]
        what: Option<clock::What>,
    },
    /// Look at the configuration and the store. Exit code 0: all is well; 1: something failed; 3: states break rules.
    Check {
        #[command(flatten)]
        source: Source,
    },
    /// Check the hash chain of every version. Exit code 0: whole; 1: broken, or the store cannot be read.
    Verify {
        #[command(flatten)]
        source: Source,
    },
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
        source: Source,
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

/// Where settings come from.
#[derive(Debug, Args)]
struct Source {
    /// The configuration file. Without it config.json in the working directory is read, if it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The SQLite file. Without it the configuration's, or ./data/stateloft.db.
    #[arg(long, value_name = "PATH")]
    db: Option<PathBuf>,
}

/// Runs a command.
async fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        Command::Serve { source, listen, accept_loss } => match load(source, listen) {
            Ok(loaded) => serve::serve(loaded, if accept_loss { OnLoss::Accept } else { OnLoss::Stop }).await,
            Err(code) => return code,
        },
        Command::Status { source, running } => match load(source, None) {
            Ok(loaded) => status::status(loaded, &running).await,
            Err(code) => return code,
        },
        Command::Clock { source, running, what } => match load(source, None) {
            Ok(loaded) => clock::clock(loaded, &running, what).await,
            Err(code) => return code,
        },
        Command::Check { source } => match load(source, None) {
            Ok(loaded) => check::check(loaded).await,
            Err(code) => return code,
        },
        Command::Verify { source } => match load(source, None) {
            Ok(loaded) => verify::verify(loaded).await,
            Err(code) => return code,
        },
        Command::Backup { source, out } => match load(source, None) {
            Ok(loaded) => backup::backup(loaded, &out).await,
            Err(code) => return code,
        },
        Command::Import { source, files, from, dry_run } => match load(source, None) {
            Ok(loaded) if files.paths.is_empty() => import::import(loaded, &from, dry_run).await,
            Ok(loaded) => files::import(loaded, &files, dry_run).await,
            Err(code) => return code,
        },
        Command::Journal { source, folder, what } => {
            match folder.map_or_else(|| journal_folder(source), Ok) {
                Ok(folder) => journal::journal(&folder, &what),
                Err(code) => return code,
            }
        }
        Command::Openapi => openapi(),
    };
    done.unwrap_or_else(|message| {
        complain(&message);
        ExitCode::from(FAILED)
    })
}

/// A command's exit code, or what went wrong in words.
type Done = Result<ExitCode, String>;

/// Says on standard error what went wrong.
fn complain(message: &str) {
    remark!("stateloft: {message}");
}

fn load(source: Source, listen: Option<String>) -> Result<Loaded, ExitCode> {
    // A variable that is not text cannot be one of ours.
    let env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let sources = Sources { file: source.config, listen, db: source.db, env };
    config::load(&sources).map_err(|errors| {
        complain(&errors.to_string());
        ExitCode::from(FAILED)
    })
}

fn journal_folder(source: Source) -> Result<PathBuf, ExitCode> {
    Ok(load(source, None)?.config.fallback_folder)
}

fn openapi() -> Done {
    let text = http::openapi_document().to_pretty_json().map_err(|error| error.to_string())?;
    answer!("{text}");
    Ok(ExitCode::SUCCESS)
}
