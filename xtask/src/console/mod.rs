//! Building the console: `dist/`, ready to be embedded into the server.
//!
//! Every file in `dist/` except `index.html` carries a hash of its content in its path, so the server may tell
//! browsers to keep it for ever. Beside each file lies its brotli form, `<name>.br`.

mod compress;
pub(crate) mod files;
mod glue;
mod names;
pub(crate) mod optimise;
mod page;
mod publish;
mod split;
mod stamp;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::finish::{Finish, QUICK_PROFILE};
use crate::tools::{self, TARGET, Toolbox, Trunk};
use crate::workspace::Workspace;
use crate::{component, process, progress, typical};

pub(crate) use compress::COMPRESSED_SUFFIX;
pub(crate) use split::is_later;

/// The page that loads everything else, and the only file served under a name that stays.
pub(crate) const PAGE: &str = "index.html";

/// What stands in `index.html` where the address of the component's worker belongs.
const COMPONENT_PLACEHOLDER: &str = "STATELOFT_COMPONENT_URL";

/// Brings `dist/` up to date with what is shipped; takes no time when nothing it is made from has changed.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let finish = Finish::Shipped;
    let tools = tools::ensure(workspace, finish)?;
    let stamp = stamp::Stamp::new(workspace, &tools, finish)?;
    if stamp.is_current() {
        say_current();
        return Ok(());
    }
    let stage = workspace.scratch().join("console");
    // Nothing is shared, and linking either as a whole keeps one core busy for minutes.
    let package = std::thread::scope(|scope| {
        let package = scope.spawn(|| component::build(workspace, &tools, finish));
        program(workspace, &tools, finish, &stage)?;
        joined(package.join())
    })?;
    finish_up(workspace, &stamp, finish, &stage, &package)
}

/// Brings `dist/` up to date for somebody who waits, and does something else meanwhile: what is done to the programs after they are
/// compiled keeps one core busy, and the compiler the other.
pub(crate) fn build_beside<T>(workspace: &Workspace, other: impl FnOnce() -> Result<T>) -> Result<T> {
    let finish = Finish::Quick;
    let tools = tools::ensure(workspace, finish)?;
    let stamp = stamp::Stamp::new(workspace, &tools, finish)?;
    if stamp.is_current() {
        say_current();
        return other();
    }
    let stage = workspace.scratch().join("console");
    let (stage, tools) = (stage.as_path(), &tools);
    let (package, done) = std::thread::scope(|scope| {
        // What both are made of is compiled once, by whichever comes first.
        let compiled = compiled_program(workspace, finish);
        first_step("Compiling the console", &compiled, typical::console(finish), || {
            compile(workspace, finish)
        })?;
        let pages = scope.spawn(move || {
            files::empty_dir(stage)?;
            page::write(workspace, stage)?;
            split::program(workspace, &compiled, stage)
        });
        let compiled = component::compiled(workspace, finish);
        first_step("Compiling the component", &compiled, typical::COMPONENT, || {
            component::compile(workspace, finish)
        })?;
        let package = scope.spawn(move || component::package(workspace, tools, finish));
        let done = other()?;
        joined(pages.join())?;
        anyhow::Ok((joined(package.join())?, done))
    })?;
    finish_up(workspace, &stamp, finish, stage, &package)?;
    Ok(done)
}

fn say_current() {
    progress::note("the console is up to date");
}

fn joined<T>(ended: std::thread::Result<Result<T>>) -> Result<T> {
    ended.map_err(|_| anyhow!("a part of the console's build panicked"))?
}

/// A step that takes long where nothing has been `compiled` yet.
fn first_step<T>(what: &str, compiled: &Path, time: Duration, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let first = typical::the_first_time(!compiled.is_file(), time);
    progress::step(&format!("{what}{first}"), work)
}

/// Puts what was built into `dist/`.
fn finish_up(
    workspace: &Workspace,
    stamp: &stamp::Stamp,
    finish: Finish,
    stage: &Path,
    package: &component::Package,
) -> Result<()> {
    progress::step("Naming the console's files by content and compressing them", || {
        names::carry_content_hashes(stage)?;
        place_component(package, stage)?;
        compress::all(stage, finish.brotli_quality())?;
        publish::replace(stage, &workspace.dist())?;
        stamp.write()
    })?;
    progress::note(&format!("the console is in {}", workspace.shown(&workspace.dist())));
    Ok(())
}

/// Puts the console into `stage`, all but the component.
fn program(workspace: &Workspace, tools: &Toolbox, finish: Finish, stage: &Path) -> Result<()> {
    let compiled = compiled_program(workspace, finish);
    first_step("Building the console", &compiled, typical::console(finish), || {
        files::empty_dir(stage)?;
        bundle(workspace, tools, finish, stage)?;
        split::program(workspace, &compiled, stage)
    })
}

/// Where cargo puts the console's program.
fn compiled_program(workspace: &Workspace, finish: Finish) -> PathBuf {
    let folder = workspace.target.join(TARGET).join(finish.console_profile());
    folder.join(format!("{}.wasm", split::NAME))
}

/// `index.html` and what it names become files with plain names, and the console's crate is compiled.
fn bundle(workspace: &Workspace, tools: &Toolbox, finish: Finish, stage: &Path) -> Result<()> {
    if let Some(trunk) = &tools.trunk {
        return run_trunk(workspace, trunk, finish, stage);
    }
    compile(workspace, finish)?;
    page::write(workspace, stage)
}

fn compile(workspace: &Workspace, finish: Finish) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--package", split::NAME, "--bin", split::NAME, "--target", TARGET]);
    for feature in finish.core_features() {
        cargo.args(["--features", &format!("stateloft-core/{feature}")]);
    }
    if finish == Finish::Quick {
        // What is slow work is done by the component.
        cargo.args(["--config", &format!("profile.{QUICK_PROFILE}.package.stateloft-core.opt-level=0")]);
    }
    process::run(cargo.args(["--profile", finish.console_profile()]))
}

fn run_trunk(workspace: &Workspace, tool: &Trunk, finish: Finish, stage: &Path) -> Result<()> {
    let mut trunk = Command::new(&tool.program);
    trunk.args(["build", "--cargo-profile", finish.console_profile(), "--dist"]).arg(stage);
    trunk.current_dir(&workspace.root).env("PATH", &tool.search_path);
    // Trunk must not ask the network for newer versions of itself, and it refuses `NO_COLOR=1`.
    trunk.env("TRUNK_SKIP_VERSION_CHECK", "true").env_remove("NO_COLOR");
    process::run(&mut trunk)?;
    if !stage.join(PAGE).is_file() {
        bail!("trunk succeeded, but wrote no {PAGE}");
    }
    page::must_be_trunks(workspace, stage)
}

/// Copies what the browser needs of the component's package into a folder named by content, and tells the page.
fn place_component(package: &component::Package, stage: &Path) -> Result<()> {
    let contents = files::read_all(&package.browser_files)?;
    let folder = format!("component-{}", names::content_hash(&contents));
    let target = stage.join(&folder);
    std::fs::create_dir(&target).with_context(|| format!("creating {}", target.display()))?;
    for (path, content) in &contents {
        let name = path.file_name().context("a file of the component has no name")?;
        files::write(&target.join(name), content)?;
    }
    let page = stage.join(PAGE);
    let html = std::fs::read_to_string(&page).with_context(|| format!("reading {}", page.display()))?;
    if html.matches(COMPONENT_PLACEHOLDER).count() != 1 {
        bail!(
            "{PAGE} must contain {COMPONENT_PLACEHOLDER} exactly once, in \
             <meta name=\"stateloft-component\" content=\"{COMPONENT_PLACEHOLDER}\">"
        );
    }
    let url = format!("/{folder}/{}", component::WORKER);
    files::write(&page, html.replace(COMPONENT_PLACEHOLDER, &url).as_bytes())
}

/// Whether a path inside `dist/` belongs to the component, which the page loads only when it is first needed.
pub(crate) fn is_component(relative: &Path) -> bool {
    relative
        .components()
        .next()
        .is_some_and(|first| PathBuf::from(first.as_os_str()).to_string_lossy().starts_with("component-"))
}
