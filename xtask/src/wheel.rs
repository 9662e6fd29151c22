//! `cargo xtask wheel`: the Python client and the server's program in one file that `pip install` takes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::console::{self, files};
use crate::licenses::{self, Program};
use crate::progress;
use crate::server::{self, Profile};
use crate::tools::{TARGET, find_program};
use crate::workspace::Workspace;

/// How hard what is shipped is packed, and what only a test installs.
const SHIPPED: &str = "9";
const QUICK: &str = "1";

/// What is in the server's program: itself, the console and the component.
const PROGRAMS: [Program<'static>; 3] = [
    Program { package: "stateloft-server", features: "", target: None },
    Program { package: "stateloft-web", features: "", target: Some(TARGET) },
    licenses::COMPONENT,
];

/// Builds the wheel, around the released server or around a program that is there, and prints where it is.
pub(crate) fn show(workspace: &Workspace, binary: Option<PathBuf>, out: Option<PathBuf>) -> Result<()> {
    let (binary, level) = if let Some(binary) = binary {
        (binary, QUICK)
    } else {
        console::build(workspace)?;
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
    let third_party = workspace.scratch().join(licenses::NAME);
    std::fs::create_dir_all(workspace.scratch())?;
    files::write(&third_party, licenses::of(workspace, &PROGRAMS)?.as_bytes())?;
    let mut command = Command::new(python);
    command.arg(package.join("tools").join("wheel.py")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg("--binary").arg(binary).arg("--license").arg(workspace.root.join("LICENSE"));
    command.arg("--third-party").arg(third_party);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compiled_into_the_servers_program_is_named_with_its_licences_and_always_in_the_same_words() {
        let workspace = Workspace::locate().unwrap();
        let said = licenses::of(&workspace, &PROGRAMS).unwrap();
        let listed = said.split(&"-".repeat(80)).next().unwrap();
        let names: Vec<&str> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
        for name in ["axum", "jsonschema", "leptos", "libsqlite3-sys", "wasm-bindgen"] {
            assert!(names.contains(&name), "{name} is not among {names:?}");
        }
        for none in ["stateloft-core", "proptest", "serde_derive"] {
            assert!(!names.contains(&none), "{none} is compiled in");
        }
        assert!(!said.contains(&*workspace.root.to_string_lossy()));
        assert_eq!(licenses::of(&workspace, &PROGRAMS).unwrap(), said);
    }
}
