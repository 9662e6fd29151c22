//! The compiler's standard library for WebAssembly.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::workspace::Workspace;
use crate::{process, progress};

/// The target that runs in browsers.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Asks rustup for the target when the compiler in use does not have it.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    // The compiler is asked, not rustup: a toolchain from a distribution may have the target without rustup.
    if is_installed(workspace) {
        return Ok(());
    }
    progress::heading(&format!(
        "Adding the target {TARGET} to the Rust toolchain. Typically under a minute."
    ));
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]).current_dir(&workspace.root);
    process::run(&mut rustup).with_context(|| {
        format!(
            "the Rust toolchain has no {TARGET} and rustup could not add it.\n\
             The console is compiled for that target. With rustup, check the network and run \
             `rustup target add {TARGET}`; with a distribution's Rust, install its package for {TARGET} \
             (Debian: libstd-rust-dev-wasm32)"
        )
    })?;
    if !is_installed(workspace) {
        bail!(
            "rustup added {TARGET}, but the rustc on PATH does not see it: is another Rust before rustup's on PATH?"
        );
    }
    Ok(())
}

fn is_installed(workspace: &Workspace) -> bool {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(&workspace.root);
    process::quiet_output(&mut rustc).is_some_and(|folder| has_standard_library(Path::new(&folder)))
}

fn has_standard_library(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}
