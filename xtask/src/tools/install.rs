//! Installing one tool into its own folder of the cache.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::{Tool, find_program};
use crate::workspace::cargo;
use crate::{process, progress};

/// Installs the tool so that `home/bin` holds its programs.
///
/// Work happens in a staging folder under a lock, and only the finished result is renamed to `home`: a second,
/// simultaneous installation waits and finds the tool there, and an interrupted one leaves nothing that counts.
pub(super) fn install(tool: &Tool, home: &Path) -> Result<()> {
    let cache = home.parent().context("the cache folder has no parent")?;
    std::fs::create_dir_all(cache).with_context(|| format!("creating {}", cache.display()))?;
    let lock = cache.join(format!(".{}-{}.lock", tool.krate, tool.version));
    let lock = File::create(&lock).with_context(|| format!("creating {}", lock.display()))?;
    if lock.try_lock().is_err() {
        progress::note("another process is installing it; waiting for that one");
        lock.lock().context("waiting for the other installation")?;
    }
    if tool.is_in(&home.join("bin")) {
        return Ok(());
    }
    let staging = cache.join(format!(".{}-{}.staging", tool.krate, tool.version));
    // What an interrupted installation left behind.
    let _ = std::fs::remove_dir_all(&staging);
    std::fs::create_dir_all(&staging).with_context(|| format!("creating {}", staging.display()))?;
    let result = fetch(tool, &staging).and_then(|()| publish(tool, &staging, home));
    // Failing to remove it harms nobody: the next installation starts by removing it.
    let _ = std::fs::remove_dir_all(&staging);
    result
}

fn fetch(tool: &Tool, staging: &Path) -> Result<()> {
    if find_program("cargo-binstall").is_some() {
        match binstall(tool, staging) {
            Ok(()) if tool.is_in(&staging.join("bin")) => return Ok(()),
            Ok(()) => progress::warning("cargo binstall brought another version; compiling the tool instead"),
            Err(error) => progress::warning(&format!("{error:#}; compiling the tool instead")),
        }
    }
    compile(tool, staging)
}

fn binstall(tool: &Tool, staging: &Path) -> Result<()> {
    let mut command = cargo();
    command.args([
        "binstall",
        "--no-confirm",
        "--disable-telemetry",
        "--disable-strategies",
        "compile",
        "--root",
    ]);
    command.arg(staging).arg(format!("{}@{}", tool.krate, tool.version)).current_dir(staging);
    process::run(&mut command)
}

/// The tool runs for seconds at a time, so compiling it quickly matters more than how fast it is.
fn compile(tool: &Tool, staging: &Path) -> Result<()> {
    let mut command = cargo();
    command.args(["install", tool.krate, "--version", &format!("={}", tool.version), "--root"]).arg(staging);
    command.arg("--target-dir").arg(staging.join("target"));
    for program in tool.programs {
        command.args(["--bin", program]);
    }
    if tool.locked {
        command.arg("--locked");
    }
    command
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .current_dir(staging);
    process::run(&mut command).with_context(|| {
        format!(
            "{} {} could not be installed.\nIf this machine cannot reach crates.io, put the programs {} of exactly \
             this version on PATH and run the command again",
            tool.krate,
            tool.version,
            tool.programs.join(" and ")
        )
    })
}

fn publish(tool: &Tool, staging: &Path, home: &Path) -> Result<()> {
    if !tool.is_in(&staging.join("bin")) {
        bail!("{} was installed, but does not report version {}", tool.krate, tool.version);
    }
    if home.exists() {
        // `install` is only called when what stands there is not the wanted tool.
        std::fs::remove_dir_all(home).with_context(|| format!("removing the damaged {}", home.display()))?;
    }
    let finished = staging.join("finished");
    std::fs::create_dir(&finished).with_context(|| format!("creating {}", finished.display()))?;
    std::fs::rename(staging.join("bin"), finished.join("bin")).context("moving the installed programs")?;
    std::fs::rename(&finished, home).with_context(|| format!("moving the tool to {}", home.display()))
}
