//! Tests of WebAssembly in a real browser.

use std::process::Command;

use anyhow::{Result, bail};

use crate::tools::{self, TARGET, find_program};
use crate::workspace::Workspace;
use crate::{browser, process, progress};

/// Seconds that all tests of one program may take in the browser; the runner's own limit is 20.
const TIME_LIMIT: &str = "180";

/// The package that becomes the component.
const COMPONENT: &str = "stateloft-core";

/// Tests that packages have for the browser, in headless Chromium through wasm-bindgen's runner. The component has
/// some; the console is tried by the journeys, and what it computes by native tests.
///
/// The browser's settings are in `xtask/webdriver.json`; `.cargo/config.toml` names it and the runner, so that
/// `cargo test --target wasm32-unknown-unknown` does the same by hand.
pub(super) fn in_browser(workspace: &Workspace) -> Result<()> {
    let search_path = tools::ensure_for_tests(workspace)?;
    let browser = browser::ensure()?;
    for package in &workspace.browser_tested {
        let mut cargo = workspace.cargo();
        cargo.args(["test", "--package", package, "--tests", "--target", TARGET]);
        if package == COMPONENT {
            cargo.args(["--features", "wasm"]);
        }
        cargo.env("PATH", &search_path);
        cargo.env("WASM_BINDGEN_USE_BROWSER", "1").env("WASM_BINDGEN_TEST_TIMEOUT", TIME_LIMIT);
        browser.configure(&mut cargo);
        let mut passed = 0;
        process::run_watched(&mut cargo, |line| passed += tests_passed(line))?;
        if passed == 0 {
            bail!("{package} has no tests that run in the browser, so nothing was proved");
        }
        progress::note(&format!("{package}: {passed} tests passed in the browser"));
    }
    Ok(())
}

/// The component's package as Node loads it, where Node is installed; the console's build has made the package.
pub(super) fn in_node(workspace: &Workspace) -> Result<()> {
    let package = workspace.target.join("component");
    let Some(node) = find_program("node").filter(|_| package.is_dir()) else {
        progress::note("the component was not tried in Node: there is no Node here, or no package");
        return Ok(());
    };
    // The guide has pages, too, which a browser opens.
    let browser = browser::ensure()?;
    for script in ["component.mjs", "package.mjs", "guide.mjs"] {
        let mut command = Command::new(&node);
        command.arg(workspace.root.join("tests").join(script)).arg(&package);
        browser.configure(&mut command);
        process::run(&mut command)?;
    }
    Ok(())
}

/// `test result: ok. 3 passed; 0 failed; ...` is 3.
fn tests_passed(line: &str) -> u32 {
    let words = line.strip_prefix("test result: ok. ").map(|rest| rest.split_once(" passed;"));
    words.flatten().and_then(|(count, _)| count.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::tests_passed;

    #[test]
    fn only_the_summary_line_counts() {
        assert_eq!(tests_passed("test result: ok. 12 passed; 0 failed; 0 ignored; 0 filtered out"), 12);
        assert_eq!(tests_passed("test a::b ... ok"), 0);
        assert_eq!(tests_passed("no tests to run!"), 0);
    }
}
