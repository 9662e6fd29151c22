//! axe-core, which looks for faults in how pages serve people who do not see them, or use no pointer. Journeys run it in every page.
//!
//! It is one file. npm has it by itself, and a wheel of `PyPI` carries the same version, so either will do.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::tools::{find_program, staged, tools_dir, wheel};
use crate::{process, progress};

/// Names the file, and tells the tests where it is.
pub(crate) const VARIABLE: &str = "AXE";

const VERSION: &str = "4.12.1";
/// The wheel that carries this version.
const WHEEL: &str = "axe-playwright-python==0.1.8";
const FILE: &str = "axe.min.js";

/// The file, found or fetched once per machine.
pub(crate) fn ensure() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        if !is_axe(&named) {
            bail!("{VARIABLE} names {}, which is not axe-core {VERSION}", named.display());
        }
        return Ok(named);
    }
    let home = tools_dir()?.join(format!("axe-core-{VERSION}"));
    let file = home.join(FILE);
    if !is_axe(&file) {
        progress::heading(&format!("Fetching axe-core {VERSION}: the journeys run it. Once per machine."));
        staged::make(&home, |folder| is_axe(&folder.join(FILE)), fetch).with_context(|| {
            format!("axe-core {VERSION} could not be fetched: name its {FILE} in {VARIABLE}, and run the command again")
        })?;
    }
    Ok(file)
}

fn fetch(staging: &Path) -> Result<PathBuf> {
    if let Some(npm) = find_program("npm") {
        let mut install = Command::new(npm);
        install.args([
            "install",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
            "--ignore-scripts",
            "--prefix",
        ]);
        let package = staging.join("node_modules").join("axe-core");
        match process::run(install.arg(staging).arg(format!("axe-core@{VERSION}"))) {
            Ok(()) if is_axe(&package.join(FILE)) => return Ok(package),
            Ok(()) => progress::warning("npm brought another file; taking the wheel instead"),
            Err(error) => progress::warning(&format!("{error:#}; taking the wheel instead")),
        }
    }
    let folder = staging.join("python");
    wheel::install(WHEEL, &folder)?;
    Ok(folder.join("axe_playwright_python"))
}

/// Whether it is the file, in this version.
fn is_axe(file: &Path) -> bool {
    std::fs::read(file).is_ok_and(|script| says_version(&script))
}

/// `/*! axe v4.12.1` is how it begins.
fn says_version(script: &[u8]) -> bool {
    let begins = String::from_utf8_lossy(script.get(..40).unwrap_or_default()).into_owned();
    let mut words = begins.split_whitespace();
    let named = (words.next(), words.next(), words.next().and_then(|version| version.strip_prefix('v')));
    named == (Some("/*!"), Some("axe"), Some(VERSION))
}

#[cfg(test)]
mod tests {
    use super::{VERSION, says_version};

    #[test]
    fn only_the_wanted_version_is_taken() {
        let begins =
            |version: &str| format!("/*! axe v{version}\n * Copyright (c) 2015 - 2026 Deque Systems, Inc.");
        assert!(says_version(begins(VERSION).as_bytes()));
        assert!(!says_version(begins("4.12.10").as_bytes()));
        assert!(!says_version(b"<html>not found</html> and some more text behind it"));
        assert!(!says_version(b""));
    }
}
