//! `cargo xtask bundlers`: the component's package as TypeScript, esbuild and Vite take it. By name, as it fetches them; Node's own
//! ways to load the package belong to every run of the tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::finish::Finish;
use crate::tools::{self, find_program, staged, tools_dir};
use crate::workspace::Workspace;
use crate::{component, process, progress};

/// What is tried, each in the version with which it was last seen to work.
const TOOLS: [&str; 3] = ["typescript@5.9.3", "esbuild@0.25.10", "vite@7.1.7"];

/// Builds the package and tries it.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let node = find_program("node").context("Node is needed, with npm: put both on PATH")?;
    let npm = find_program("npm").context("npm is needed: put it on PATH")?;
    let toolbox = tools::ensure(workspace, Finish::Shipped)?;
    let package = component::build(workspace, &toolbox, Finish::Shipped)?;
    let fetched = fetch(npm)?;
    progress::heading("Trying the package with TypeScript, esbuild and Vite");
    let script = workspace.root.join("tests/bundlers.mjs");
    process::run(Command::new(node).arg(script).arg(package.folder).arg(fetched))
}

/// Installs them once per machine.
fn fetch(npm: PathBuf) -> Result<PathBuf> {
    let home = tools_dir()?.join(format!("bundlers-{}", TOOLS.join("-").replace('@', "-")));
    let is_good = |folder: &Path| folder.join("node_modules/vite").is_dir();
    staged::make(&home, is_good, |staging| {
        let mut install = Command::new(npm);
        install.args(["install", "--no-audit", "--no-fund", "--no-package-lock", "--prefix"]).arg(staging);
        process::run(install.args(TOOLS))?;
        Ok(staging.to_owned())
    })?;
    Ok(home)
}
