//! `cargo xtask soak`: a busy store for a long time; `tests/soak` says what that is.

use std::process::Command;

use anyhow::Result;

use crate::server::{self, Profile};
use crate::workspace::Workspace;
use crate::{influxd, postgres, process, progress};

/// Where the soak's server keeps its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Store {
    /// A file.
    Sqlite,
    /// A PostgreSQL of its own.
    Postgres,
    /// An InfluxDB of its own.
    Influx,
}

/// How often the long form starts the server, and what is well for small saves there, in ms.
const LIVES: u64 = 6;
const P99_MS: u64 = 50;

/// The long form: the program that is shipped, asked by an optimised soak, and speed is looked at, too.
pub(crate) fn soak(workspace: &Workspace, minutes: u64, store: Store) -> Result<()> {
    let name =
        clap::ValueEnum::to_possible_value(&store).map_or_else(String::new, |v| v.get_name().to_owned());
    let seconds = (minutes * 60).to_string();
    let (lives, p99) = (LIVES.to_string(), P99_MS.to_string());
    let arguments = ["--seconds", &seconds, "--store", &name, "--lives", &lives, "--p99-ms", &p99];
    run(workspace, Profile::Release, store, &arguments)
}

/// The short form that belongs to the tests: two minutes, with the server that they use.
pub(crate) fn short(workspace: &Workspace) -> Result<()> {
    run(workspace, Profile::Test, Store::Sqlite, &[])
}

fn run(workspace: &Workspace, profile: Profile, store: Store, arguments: &[&str]) -> Result<()> {
    let [program, soak] = server::build_with_soak(workspace, profile)?;
    let mut command = Command::new(soak);
    command.current_dir(&workspace.root);
    match store {
        Store::Sqlite => {}
        Store::Postgres => postgres::ensure()?,
        Store::Influx => {
            command.env(influxd::VARIABLE, influxd::ensure(workspace)?);
        }
    }
    progress::heading("Soaking");
    process::run(command.args(arguments).env("STATELOFT_BIN", program))
}
