//! Chromium and its driver, for tests in a real browser.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::tools::find_program;
use crate::{debian, process};

const DEBIAN_PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A browser and the driver that fits it.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    /// The browser's program.
    pub(crate) chrome: PathBuf,
    /// `chromedriver`, which takes orders by `WebDriver`.
    pub(crate) driver: PathBuf,
}

impl Browser {
    /// Tells a command where both are: `CHROMEDRIVER` is what wasm-bindgen's test runner reads.
    pub(crate) fn configure(&self, command: &mut Command) {
        command.env("CHROMEDRIVER", &self.driver).env("CHROME", &self.chrome);
    }
}

/// Finds the browser; on Debian, as root, installs what is missing.
pub(crate) fn ensure() -> Result<Browser> {
    if let Some(browser) = find() {
        return browser.checked();
    }
    if !debian::can_install() {
        bail!(
            "the browser tests need Chromium and ChromeDriver of the same version, and they are not both on PATH.\n\
             Debian: apt-get install {} (as root, `cargo xtask test` does it for you); other systems: install \
             Chromium or Chrome and the matching chromedriver, or set CHROME and CHROMEDRIVER to their programs",
            DEBIAN_PACKAGES.join(" ")
        );
    }
    debian::install(&DEBIAN_PACKAGES, "the browser tests")?;
    find().context("apt-get succeeded, but chromium and chromedriver are still not on PATH")?.checked()
}

fn find() -> Option<Browser> {
    let named = |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
    let chrome = named("CHROME").or_else(|| BROWSERS.into_iter().find_map(find_program))?;
    let driver = named("CHROMEDRIVER").or_else(|| find_program("chromedriver"))?;
    Some(Browser { chrome, driver })
}

impl Browser {
    /// Refuses a pair that cannot work together, which otherwise fails much later with an unclear message.
    fn checked(self) -> Result<Self> {
        let chrome = version(&self.chrome)?;
        let driver = version(&self.driver)?;
        if major(&chrome) != major(&driver) {
            bail!(
                "the browser and its driver do not fit: `{chrome}` and `{driver}`; install both of the same version"
            );
        }
        Ok(self)
    }
}

fn version(program: &Path) -> Result<String> {
    process::quiet_output(Command::new(program).arg("--version"))
        .with_context(|| format!("`{} --version` failed", program.display()))
}

/// `Chromium 131.0.6778.85 built on ...` is major version 131.
fn major(version: &str) -> Option<u32> {
    version.split_whitespace().find_map(|word| word.split_once('.')?.0.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_found_in_what_programs_print() {
        assert_eq!(major("Chromium 131.0.6778.85 built on Debian GNU/Linux 12 (bookworm)"), Some(131));
        assert_eq!(major("ChromeDriver 131.0.6778.85 (a21ce95c24ce-refs/branch-heads/1@{#2})"), Some(131));
        assert_eq!(major("Google Chrome 130.0.1 "), Some(130));
        assert_eq!(major("no version"), None);
    }
}
