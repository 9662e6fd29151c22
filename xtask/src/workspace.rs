//! Where this repository and its build output are.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process;

/// The repository: its root folder, cargo's target folder and its integration tests.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder with the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Where cargo builds; honours `CARGO_TARGET_DIR` and `build.target-dir`.
    pub(crate) target: PathBuf,
    /// Names of all integration test targets (`tests/*.rs`) of all packages that run natively, sorted. Those that ask
    /// for a feature are for the browser.
    pub(crate) integration_tests: Vec<String>,
    /// Packages with tests for the browser: those that name `wasm-bindgen-test` as a dependency of their tests.
    pub(crate) browser_tested: Vec<String>,
}

impl Workspace {
    /// Asks cargo about the workspace that this program belongs to.
    pub(crate) fn locate() -> Result<Self> {
        // At run time first: a target folder shared by two clones must not send us to the other clone.
        let xtask = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = xtask.parent().context("xtask has no parent folder")?.to_path_buf();
        let mut metadata = cargo();
        metadata.args(["metadata", "--format-version=1", "--no-deps"]).current_dir(&root);
        let metadata: Value = serde_json::from_str(&process::output(&mut metadata)?)
            .context("cargo metadata did not answer with JSON")?;
        let target =
            metadata["target_directory"].as_str().context("cargo metadata names no target_directory")?.into();
        let (integration_tests, browser_tested) = (integration_tests(&metadata), browser_tested(&metadata));
        Ok(Self { root, target, integration_tests, browser_tested })
    }

    /// Where trunk's result ends up and from where the server embeds it.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// A folder below the target folder for this program's own intermediate results.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// The path of a program that cargo built with the given profile for this machine.
    pub(crate) fn program(&self, profile_dir: &str, name: &str) -> PathBuf {
        self.target.join(profile_dir).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// `cargo` with the repository as its current folder.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root);
        command
    }

    /// A path as people write it: relative to the repository where it lies inside.
    pub(crate) fn shown<'a>(&self, path: &'a Path) -> std::path::Display<'a> {
        path.strip_prefix(&self.root).unwrap_or(path).display()
    }
}

/// The cargo that runs this program, so that the same toolchain builds everything.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn browser_tested(metadata: &Value) -> Vec<String> {
    let is_test_runtime =
        |dependency: &Value| dependency["name"] == "wasm-bindgen-test" && dependency["kind"] == "dev";
    list(&metadata["packages"])
        .iter()
        .filter(|package| list(&package["dependencies"]).iter().any(is_test_runtime))
        .filter_map(|package| package["name"].as_str().map(str::to_owned))
        .collect()
}

fn integration_tests(metadata: &Value) -> Vec<String> {
    let mut names: Vec<String> = list(&metadata["packages"])
        .iter()
        .flat_map(|package| list(&package["targets"]))
        .filter(|target| list(&target["kind"]).iter().any(|kind| kind == "test"))
        .filter(|target| list(&target["required-features"]).is_empty())
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{browser_tested, integration_tests};

    #[test]
    fn integration_tests_are_the_targets_of_kind_test() {
        let metadata = json!({"packages": [
            {"targets": [{"kind": ["lib"], "name": "a"}, {"kind": ["test"], "name": "journeys"}]},
            {"targets": [{"kind": ["test"], "name": "wasm", "required-features": ["wasm"]}]},
            {"targets": [{"kind": ["test"], "name": "http"}, {"kind": ["bin"], "name": "b"}]},
        ]});
        assert_eq!(integration_tests(&metadata), ["http", "journeys"]);
    }

    #[test]
    fn packages_with_tests_for_the_browser_depend_on_their_runtime() {
        let dependency = |name: &str, kind: &str| json!({"name": name, "kind": kind});
        let metadata = json!({"packages": [
            {"name": "core", "dependencies": [dependency("wasm-bindgen-test", "dev")]},
            {"name": "web", "dependencies": [dependency("wasm-bindgen", "dev")]},
        ]});
        assert_eq!(browser_tested(&metadata), ["core"]);
    }
}
