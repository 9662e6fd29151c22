//! Installing one tool into its own folder of the cache.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Tool, find_program, staged, wheel};
use crate::workspace::cargo;
use crate::{process, progress};

/// Installs the tool so that `home/bin` holds its programs.
pub(super) fn install(tool: &Tool, home: &Path) -> Result<()> {
    staged::make(
        home,
        |folder| tool.is_in(&folder.join("bin")),
        |staging| {
            fetch(tool, staging)?;
            let finished = staging.join("finished");
            std::fs::create_dir(&finished).with_context(|| format!("creating {}", finished.display()))?;
            std::fs::rename(staging.join("bin"), finished.join("bin"))
                .context("moving the installed programs")?;
            Ok(finished)
        },
    )
    .with_context(|| format!("installing {} {}", tool.krate, tool.version))
}

fn fetch(tool: &Tool, staging: &Path) -> Result<()> {
    if let Some(name) = tool.wheel {
        match wheel::install(&format!("{name}=={}", tool.version), staging) {
            Ok(()) if tool.is_in(&staging.join("bin")) => return Ok(()),
            Ok(()) => {
                progress::warning("the wheel brought nothing that runs here; compiling the tool instead");
            }
            Err(error) => progress::warning(&format!("{error:#}; compiling the tool instead")),
        }
    }
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
    if !tool.default_features {
        command.arg("--no-default-features");
    }
    command
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", tool.opt_level)
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
