//! Steps that look at the source without running it.

use std::process::Command;

use anyhow::Result;

use super::advisories;
use crate::tools::{self, TARGET};
use crate::workspace::Workspace;
use crate::{process, progress, server};

/// `cargo fmt` would change nothing.
pub(super) fn format(workspace: &Workspace) -> Result<()> {
    process::run(workspace.cargo().args(["fmt", "--all", "--check"]))
}

/// Clippy, natively: every package and target, and the server as a first start has it.
pub(super) fn clippy(workspace: &Workspace) -> Result<()> {
    process::run(workspace.cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    let mut quick = workspace.cargo();
    quick.args([
        "clippy",
        "--package",
        server::PACKAGE,
        "--no-default-features",
        "--features",
        server::QUICK,
    ]);
    process::run(quick.args(["--", "-D", "warnings"]))
}

/// Clippy for the two packages that run in the browser.
pub(super) fn clippy_wasm(workspace: &Workspace) -> Result<()> {
    tools::ensure_wasm_target(workspace)?;
    for package in [["-p", "stateloft-core", "--features=wasm"].as_slice(), &["-p", "stateloft-web"]] {
        let mut cargo = workspace.cargo();
        cargo.arg("clippy").args(package).args(["--all-targets", "--target", TARGET, "--", "-D", "warnings"]);
        process::run(&mut cargo)?;
    }
    Ok(())
}

/// Known faults of dependencies, and `cargo deny check` by the rules in `deny.toml`. Faults are looked for in our own list
/// and, where it can be reached, in `RustSec`'s database, which knows them all.
pub(super) fn deny(workspace: &Workspace) -> Result<()> {
    let as_of = advisories::check(&workspace.root)?;
    let folder = tools::cargo_deny()?;
    let deny = |arguments: &[&str]| {
        let mut command = Command::new(tools::program_in(&folder, "cargo-deny"));
        command.args(["--workspace", "--all-features"]).args(arguments).current_dir(&workspace.root);
        command
    };
    process::run(&mut deny(&["check", "bans", "licenses", "sources"]))?;
    if process::quiet_output(&mut deny(&["fetch", "db"])).is_some() {
        process::run(&mut deny(&["check", "--disable-fetch", "advisories"]))
    } else {
        progress::warning(&format!(
            "the RustSec database cannot be reached: faults are those known on {as_of}"
        ));
        Ok(())
    }
}
