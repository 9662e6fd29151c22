//! Everything that sets up, builds, tests and measures this repository.
// They panic when nobody reads on: `progress` writes what the program says.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod autobahn;
mod axe;
mod bench;
mod bindgen;
mod browser;
mod budget;
mod bundlers;
mod component;
mod console;
mod debian;
mod demo;
mod finish;
mod first_start;
mod fuzz;
mod influxd;
mod licenses;
mod lockfile;
mod package;
mod postgres;
mod process;
mod progress;
mod proxy;
mod run;
mod server;
mod soak;
mod test;
mod tools;
mod typical;
mod wheel;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Sets up, builds, tests and runs Stateloft.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build what changed, start the server on 127.0.0.1:8000 with its data in ./data, and print the address.
    Run {
        /// Also run a simulated trading program that saves into the server.
        #[arg(long)]
        demo: bool,
        /// Build all of the server: also the stores PostgreSQL and InfluxDB, TLS for its command line, and encrypted bundles.
        #[arg(long)]
        whole: bool,
        /// Arguments for `stateloft serve`, after `--`.
        #[arg(last = true, value_name = "SERVER ARGUMENT")]
        server: Vec<String>,
    },
    /// Run only the simulated trading program, against a server that is running already.
    Demo {
        /// Where the server is; its key, if it wants one, is taken from `TRADING_STATE_API_KEY`.
        #[arg(long, default_value = "http://127.0.0.1:8000")]
        server: String,
    },
    /// Build `stateloft` for release, with the console inside.
    Build,
    /// Build a wheel of the Python client with the server in it, into `target/wheel`: `pip install` it, and `stateloft` is there.
    Wheel {
        /// Put this program in, instead of building the released one.
        #[arg(long, value_name = "PROGRAM")]
        binary: Option<PathBuf>,
        /// Another folder for the wheel.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Run all checks and tests; stops at the first step that fails.
    Test {
        /// Run just this step.
        #[arg(long, value_name = "STEP")]
        only: Option<test::Step>,
    },
    /// Measure the released server beside baselines of the same run, and print the table of `docs/BENCHMARKS.md`.
    Bench {
        /// Leave out the store of a million states, which takes minutes to fill.
        #[arg(long)]
        quick: bool,
        /// Measure just this part.
        #[arg(long, value_name = "PART")]
        only: Option<bench::Part>,
    },
    /// Keep a store busy for a long time with everything at once, and the server killed now and then; then hold what it kept
    /// against what it acknowledged.
    Soak {
        /// How long.
        #[arg(long, default_value_t = 60)]
        minutes: u64,
        /// Where the server keeps its versions.
        #[arg(long, default_value = "sqlite")]
        store: soak::Store,
    },
    /// Look for files that the importer does not withstand: nothing of them may be lost, and it must end.
    Fuzz {
        /// How long.
        #[arg(long, default_value_t = 10)]
        minutes: u64,
    },
    /// Tell a running server with an empty store the last two hours of the demo's trading desk.
    Fill {
        /// Where the server is, such as `http://127.0.0.1:8000`.
        url: String,
    },
    /// Build only the console, into `dist/`.
    Console,
    /// Build only the component: core as a WebAssembly package for browsers and Node.
    Component,
    /// Install what building needs, and print where each tool is.
    Tools,
    /// Try the WebSocket protocol with Autobahn's suite, which is installed once per machine; it needs a Python 2.7.
    Autobahn,
    /// Try the component's package with TypeScript, esbuild and Vite, which are fetched once per machine; it needs Node and npm.
    Bundlers,
    /// Find or fetch axe-core, which the journeys run in the console's pages, and print where it is.
    Axe,
    /// Find or build the InfluxDB server that the tests start, and print where it is.
    Influxd,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match execute(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            progress::error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<ExitCode> {
    let workspace = Workspace::locate()?;
    match command {
        Command::Run { demo, whole, server } => return run::run(&workspace, demo, whole, &server),
        Command::Demo { server } => return run::demo(&server),
        Command::Build => server::release(&workspace)?,
        Command::Wheel { binary, out } => wheel::show(&workspace, binary, out)?,
        Command::Test { only } => test::test(&workspace, only)?,
        Command::Bench { quick, only } => bench::bench(&workspace, quick, only)?,
        Command::Soak { minutes, store } => soak::soak(&workspace, minutes, store)?,
        Command::Fuzz { minutes } => fuzz::fuzz(&workspace, minutes)?,
        Command::Fill { url } => demo::fill(&url)?,
        Command::Console => console::build(&workspace)?,
        Command::Component => component::show(&workspace)?,
        Command::Tools => tools::show(&workspace)?,
        Command::Autobahn => autobahn::run(&workspace)?,
        Command::Bundlers => bundlers::run(&workspace)?,
        Command::Axe => progress::answer(&axe::ensure()?.display().to_string())?,
        Command::Influxd => progress::answer(&influxd::ensure(&workspace)?.display().to_string())?,
    }
    Ok(ExitCode::SUCCESS)
}
