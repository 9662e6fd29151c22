//! The tools that building the console needs: which, in what version, and from where.
//!
//! A tool of the right version on `PATH` is taken as it is. Otherwise it is installed once per machine
//! into the user's cache folder, by version, so that a second clone finds it there.

mod cache;
mod catalogue;
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
use catalogue::{TO_BUILD, TO_TEST, Tool, bindgen, trunk};
pub(crate) use path::find_program;
pub(crate) use wasm_target::{TARGET, ensure as ensure_wasm_target};

use crate::finish::Finish;
use crate::workspace::Workspace;
use crate::{process, progress, typical};

/// Older binaryen is not used: Debian's 108 mixes up the tables of functions and of references, and the page that
/// comes out stays white.
const OLDEST_WASM_OPT: u32 = 123;

/// The tools, ready to be run.
#[derive(Debug)]
pub(crate) struct Toolbox {
    /// What turns `index.html` and the console's crate into files for the browser; the quick build does without.
    pub(crate) trunk: Option<Trunk>,
    /// The optional optimiser from binaryen, when it is on `PATH`.
    pub(crate) wasm_opt: Option<PathBuf>,
}

/// Trunk, and where it finds the programs that it runs.
#[derive(Debug)]
pub(crate) struct Trunk {
    pub(crate) program: PathBuf,
    /// `PATH` with the tools' folders first.
    pub(crate) search_path: OsString,
}

/// Finds or installs everything that building the console with this finish needs.
pub(crate) fn ensure(workspace: &Workspace, finish: Finish) -> Result<Toolbox> {
    wasm_target::ensure(workspace)?;
    let wasm_opt = find_program("wasm-opt").filter(|program| is_new_enough(program));
    let trunk = match finish {
        Finish::Quick => None,
        Finish::Shipped => Some(ensure_trunk(workspace)?),
    };
    Ok(Toolbox { trunk, wasm_opt })
}

fn ensure_trunk(workspace: &Workspace) -> Result<Trunk> {
    let trunk = provide(&trunk())?;
    let bindgen = provide(&bindgen(workspace, TO_BUILD)?)?;
    Ok(Trunk { program: program_in(&trunk, "trunk"), search_path: path::with_first(&[&trunk, &bindgen])? })
}

/// `PATH` with what runs tests in the browser first.
pub(crate) fn ensure_for_tests(workspace: &Workspace) -> Result<OsString> {
    wasm_target::ensure(workspace)?;
    path::with_first(&[&provide(&bindgen(workspace, TO_TEST)?)?])
}

/// Finds or installs what checks the dependencies; the folder it is in.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    provide(&catalogue::cargo_deny())
}

/// Finds or installs the tools and says where each one is.
pub(crate) fn show(workspace: &Workspace) -> Result<()> {
    let tools = ensure(workspace, Finish::Shipped)?;
    for (name, tool) in [("trunk", trunk()), ("wasm-bindgen", bindgen(workspace, TO_BUILD)?)] {
        progress::answer(&format!("{name:<12}  {}", program_in(&provide(&tool)?, name).display()))?;
    }
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
    if let Some(folder) = found(tool)? {
        return Ok(folder);
    }
    let home = home(tool)?;
    let what = format!("Installing {} {}: {}", tool.krate, tool.version, tool.why);
    let time = typical::about(tool.typical_time);
    progress::step(
        &format!("{what}. Once per machine; where it must be compiled, about {time} on two cores"),
        || install::install(tool, &home),
    )?;
    progress::note(&format!("installed into {}", home.display()));
    Ok(home.join("bin"))
}

/// The same folder, when the tool is there already: on `PATH` or in the cache.
fn found(tool: &Tool) -> Result<Option<PathBuf>> {
    if let Some(folder) = path::folder_with(tool) {
        return Ok(Some(folder));
    }
    let bin = home(tool)?.join("bin");
    Ok(tool.is_in(&bin).then_some(bin))
}

/// The folder of the cache for a tool of this version.
fn home(tool: &Tool) -> Result<PathBuf> {
    Ok(tools_dir()?.join(format!("{}-{}", tool.krate, tool.version)))
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

impl Toolbox {
    /// What decides about the console beside its sources, which name the other tools' versions: the optimiser, by version.
    pub(crate) fn optimiser(&self) -> String {
        self.wasm_opt.as_deref().and_then(version_line).unwrap_or_else(|| "no wasm-opt".into())
    }
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
