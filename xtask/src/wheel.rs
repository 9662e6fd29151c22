//! `cargo xtask wheel`: the Python client and the server's program in one file that `pip install` takes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::finish::Finish;
use crate::server::{self, Profile};
use crate::tools::find_program;
use crate::workspace::Workspace;
use crate::{console, progress};

/// How hard what is shipped is packed, and what only a test installs.
const SHIPPED: &str = "9";
const QUICK: &str = "1";

/// Builds the wheel, around the released server or around a program that is there, and prints where it is.
pub(crate) fn show(workspace: &Workspace, binary: Option<PathBuf>, out: Option<PathBuf>) -> Result<()> {
    let (binary, level) = if let Some(binary) = binary {
        (binary, QUICK)
    } else {
        console::build(workspace, Finish::Shipped)?;
        (server::build(workspace, Profile::Release)?, SHIPPED)
    };
    let out = out.unwrap_or_else(|| workspace.target.join("wheel"));
    let wheel = pack(workspace, &binary, &out, level)?;
    progress::answer(&workspace.shown(&wheel).to_string())?;
    Ok(())
}

/// A wheel around a program for tests to install.
pub(crate) fn for_tests(workspace: &Workspace, binary: &Path) -> Result<PathBuf> {
    pack(workspace, binary, &workspace.scratch().join("wheel"), QUICK)
}

/// The packing itself is Python's business, with nothing but its standard library.
fn pack(workspace: &Workspace, binary: &Path, out: &Path, level: &str) -> Result<PathBuf> {
    progress::heading("Packing the wheel");
    let package = workspace.root.join("clients").join("python");
    let python = ["python3", "python"]
        .into_iter()
        .find_map(find_program)
        .context("the wheel is packed by Python 3.9 or newer, and there is none on PATH")?;
    let mut command = Command::new(python);
    command.arg(package.join("tools").join("wheel.py")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg("--binary").arg(binary).arg("--license").arg(workspace.root.join("LICENSE"));
    command.arg("--out").arg(out).args(["--level", level]);
    let mut packer = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start Python to pack the wheel")?;
    let mut stdin = packer.stdin.take().context("Python has no standard input")?;
    stdin.write_all(project(&package)?.as_bytes()).context("telling Python of the package")?;
    drop(stdin);
    let output = packer.wait_with_output().context("waiting for the wheel")?;
    if !output.status.success() {
        bail!("packing the wheel failed ({})", output.status);
    }
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// What the package says of itself, as JSON: Python before 3.11 does not read TOML.
fn project(package: &Path) -> Result<String> {
    let path = package.join("pyproject.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let project: serde_json::Value = toml::from_str(&text).with_context(|| format!("{}", path.display()))?;
    Ok(project.to_string())
}
