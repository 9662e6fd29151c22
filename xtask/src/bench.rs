//! `cargo xtask bench`: the released server, measured beside baselines of the same run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::finish::Finish;
use crate::server::{self, Profile};
use crate::tools::{self, find_program};
use crate::workspace::Workspace;
use crate::{component, console, influxd, postgres, process, progress};

/// Parts of the measuring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Saves and reads with SQLite as the store.
    Sqlite,
    /// Saves with PostgreSQL as the store, next to `pgbench`.
    Postgres,
    /// Saves with InfluxDB as the store, next to its own line writes.
    Influx,
    /// How soon a thousand subscribers have a message.
    Watching,
    /// What a thousand live runs cost the saves beside them.
    Runs,
    /// Broker's lists of thousands of positions, in the component and natively.
    Reconcile,
    /// What must cost the same however large the store is.
    Size,
    /// The comparing of documents.
    Diff,
    /// What a save costs the thread of a Python program.
    Python,
}

/// Builds what is shipped, measures it (or one part of it), and prints the table for `docs/BENCHMARKS.md`.
pub(crate) fn bench(workspace: &Workspace, quick: bool, only: Option<Part>) -> Result<()> {
    let wants = |part| only.is_none_or(|only| only == part);
    if wants(Part::Postgres) {
        postgres::ensure()?;
    }
    let influxd = if wants(Part::Influx) { Some(influxd::ensure(workspace)?) } else { None };
    let package = if wants(Part::Reconcile) { Some(component(workspace)?) } else { None };
    // What needs no server waits for none.
    let program = if matches!(only, Some(Part::Reconcile | Part::Diff)) {
        None
    } else {
        console::build(workspace)?;
        Some(server::build(workspace, Profile::Release)?)
    };
    progress::heading("Measuring");
    if only != Some(Part::Python) {
        measure(workspace, program.as_deref(), quick, only, influxd.as_deref())?;
    }
    if let Some(package) = package {
        in_node(workspace, &package)?;
    }
    match program {
        Some(program) if wants(Part::Python) => python(workspace, &program),
        _ => Ok(()),
    }
}

/// The component as it is shipped.
fn component(workspace: &Workspace) -> Result<PathBuf> {
    let tools = tools::ensure(workspace, Finish::Shipped)?;
    Ok(component::build(workspace, &tools, Finish::Shipped)?.folder)
}

/// More rows of the table, from the component in Node.
fn in_node(workspace: &Workspace, package: &Path) -> Result<()> {
    let node = find_program("node")
        .context("the component is measured in Node 18 or newer, and there is none on PATH")?;
    let script = workspace.root.join("tests").join("benches").join("reconcile.mjs");
    process::run(Command::new(node).arg(script).arg(package))
}

/// Everything that is measured over HTTP or in Rust.
fn measure(
    workspace: &Workspace,
    program: Option<&Path>,
    quick: bool,
    only: Option<Part>,
    influxd: Option<&Path>,
) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["bench", "--package", "stateloft-tests", "--bench", "stateloft", "--"]);
    if quick {
        cargo.arg("--quick");
    }
    if let Some(part) = only.and_then(|part| clap::ValueEnum::to_possible_value(&part)) {
        cargo.args(["--only", part.get_name()]);
    }
    if let Some(influxd) = influxd {
        cargo.env(influxd::VARIABLE, influxd);
    }
    if let Some(program) = program {
        cargo.env("STATELOFT_BIN", program);
    }
    process::run(&mut cargo)
}

/// More rows of the table, from inside a Python program. The client needs nothing but Python itself.
fn python(workspace: &Workspace, program: &Path) -> Result<()> {
    let python = ["python3", "python"]
        .into_iter()
        .find_map(find_program)
        .context("the Python client is measured with Python 3.9 or newer, and there is none on PATH")?;
    let package = workspace.root.join("clients").join("python");
    let mut command = Command::new(python);
    command.arg(package.join("benchmarks").join("saves.py")).env("PYTHONPATH", package.join("src"));
    process::run(command.env("PYTHONDONTWRITEBYTECODE", "1").env("STATELOFT_BIN", program))
}
