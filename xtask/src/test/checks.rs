//! Steps that look at the source without running it.

use anyhow::Result;

use super::Outcome;
use crate::tools::{self, TARGET, find_program};
use crate::workspace::Workspace;
use crate::{process, progress};

/// `cargo fmt` would change nothing.
pub(super) fn format(workspace: &Workspace) -> Result<()> {
    process::run(workspace.cargo().args(["fmt", "--all", "--check"]))
}

/// Clippy, natively, every package and target.
pub(super) fn clippy(workspace: &Workspace) -> Result<()> {
    process::run(workspace.cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// Clippy for the two packages that run in the browser.
pub(super) fn clippy_wasm(workspace: &Workspace) -> Result<()> {
    tools::ensure_wasm_target(workspace)?;
    for package in [["-p", "statehouse-core", "--features=wasm"].as_slice(), &["-p", "statehouse-web"]] {
        let mut cargo = workspace.cargo();
        cargo.arg("clippy").args(package).args(["--all-targets", "--target", TARGET, "--", "-D", "warnings"]);
        process::run(&mut cargo)?;
    }
    Ok(())
}

/// `cargo deny check`, by the rules in `deny.toml`.
pub(super) fn deny(workspace: &Workspace) -> Result<Outcome> {
    if find_program("cargo-deny").is_none() {
        let reason = "cargo-deny is not installed (`cargo install --locked cargo-deny`)";
        progress::warning(&format!("dependencies were not checked: {reason}"));
        return Ok(Outcome::NotRun(reason.into()));
    }
    process::run(workspace.cargo().args(["deny", "--workspace", "--all-features", "check"]))?;
    Ok(Outcome::Passed)
}
