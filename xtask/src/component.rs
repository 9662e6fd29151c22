//! Building the component: core as WebAssembly, a package that browsers and Node can load.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::console::{files, optimise};
use crate::finish::Finish;
use crate::tools::{TARGET, Toolbox};
use crate::workspace::Workspace;
use crate::{bindgen, package, process, progress, typical};

/// The script that runs the component in a Web Worker.
pub(crate) const WORKER: &str = "worker.js";

pub(crate) const NAME: &str = "stateloft_core";

/// The finished package.
#[derive(Debug)]
pub(crate) struct Package {
    /// The folder that holds all of it, TypeScript types and `package.json` included.
    pub(crate) folder: PathBuf,
    /// The files that a page needs.
    pub(crate) browser_files: Vec<PathBuf>,
}

/// Compiles core with its feature `wasm` and makes the package.
pub(crate) fn build(workspace: &Workspace, tools: &Toolbox, finish: Finish) -> Result<Package> {
    let first = typical::the_first_time(!compiled(workspace, finish).is_file(), typical::COMPONENT);
    progress::step(&format!("Building the component{first}"), || {
        compile(workspace, finish)?;
        package(workspace, tools, finish)
    })
}

/// Where cargo puts it.
pub(crate) fn compiled(workspace: &Workspace, finish: Finish) -> PathBuf {
    workspace.target.join(TARGET).join(finish.component_profile()).join(format!("{NAME}.wasm"))
}

/// Compiles core with its feature `wasm`.
pub(crate) fn compile(workspace: &Workspace, finish: Finish) -> Result<()> {
    let mut cargo = workspace.cargo();
    // Only here is core a program of its own; everywhere else it is compiled into one.
    cargo.args(["rustc", "-p", "stateloft-core", "--lib", "--crate-type", "cdylib", "--features", "wasm"]);
    for feature in finish.core_features() {
        cargo.args(["--features", feature]);
    }
    process::run(cargo.args(["--target", TARGET, "--profile", finish.component_profile()]))
}

/// Makes the package of what is compiled.
pub(crate) fn package(workspace: &Workspace, tools: &Toolbox, finish: Finish) -> Result<Package> {
    let compiled = compiled(workspace, finish);
    let worker = workspace.root.join("core").join("js").join(WORKER);
    if !worker.is_file() {
        bail!(
            "{} is missing: it runs the component in a Web Worker, and the console cannot compare or check \
             documents without it",
            workspace.shown(&worker)
        );
    }
    let folder = workspace.target.join("component");
    files::empty_dir(&folder)?;
    bindgen::write(bindgen::for_pages()?.typescript(true), &compiled, &folder)?;

    let wasm = folder.join(format!("{NAME}_bg.wasm"));
    if finish == Finish::Shipped {
        optimise::wasm(tools, &wasm, "-O3")?;
    }
    std::fs::copy(&worker, folder.join(WORKER)).with_context(|| format!("copying {}", worker.display()))?;
    if finish == Finish::Shipped {
        package::complete(workspace, &compiled, &folder)?;
    }
    Ok(Package { browser_files: vec![folder.join(format!("{NAME}.js")), wasm, folder.join(WORKER)], folder })
}

/// Builds the package and says where it is.
pub(crate) fn show(workspace: &Workspace) -> Result<()> {
    let tools = crate::tools::ensure(workspace, Finish::Shipped)?;
    let package = build(workspace, &tools, Finish::Shipped)?;
    progress::answer(&package.folder.display().to_string())?;
    for name in files::files_below(&package.folder)? {
        let length = progress::grouped(length(&package.folder.join(&name))?);
        progress::answer(&format!("  {length:>9}  {}", name.display()))?;
    }
    Ok(())
}

fn length(path: &Path) -> Result<u64> {
    Ok(std::fs::metadata(path).with_context(|| format!("looking at {}", path.display()))?.len())
}
