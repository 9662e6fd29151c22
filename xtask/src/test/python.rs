//! The Python client: its types, and its tests against the server that was just built.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::server::{self, Profile};
use crate::tools::{find_program, tools_dir};
use crate::workspace::Workspace;
use crate::{process, progress, proxy, wheel};

/// How the tests learn where the server's program is.
const SERVER_VARIABLE: &str = "STATELOFT_BIN";

/// And where the wheel is that they install.
const WHEEL_VARIABLE: &str = "STATELOFT_WHEEL";

/// Written when an environment is whole.
const MARK: &str = "stateloft-complete";

/// mypy and pyright, both strictly, and pytest, which runs the guides as well, with exactly the packages that the tests name. Where
/// there is no Python, or the packages cannot be had, the step fails: what is skipped is not proved.
pub(super) fn client(workspace: &Workspace) -> Result<()> {
    let package = workspace.root.join("clients").join("python");
    let python = environment(&package.join("tests").join("requirements.txt"))?;
    let server = server::build(workspace, Profile::Test)?;
    let wheel = wheel::for_tests(workspace, &server)?;
    proxy::ensure()?;
    let there = ["--pythonpath".as_ref(), python.as_os_str()];
    for (module, arguments) in [("mypy", &[][..]), ("pyright", &there), ("pytest", &[])] {
        let mut command = Command::new(&python);
        command.args(["-m", module]).args(arguments).current_dir(&package);
        command.env("PYTHONPATH", package.join("src")).env("PYTHONDONTWRITEBYTECODE", "1");
        process::run(command.env(SERVER_VARIABLE, &server).env(WHEEL_VARIABLE, &wheel))?;
    }
    Ok(())
}

/// The Python of a virtual environment with what the file lists, made once per machine and list.
fn environment(requirements: &Path) -> Result<PathBuf> {
    let python = ["python3", "python"]
        .into_iter()
        .find_map(find_program)
        .context("the Python client is tested with Python 3.9 or newer, and there is none on PATH")?;
    let wanted =
        std::fs::read(requirements).with_context(|| format!("reading {}", requirements.display()))?;
    let version = process::output(Command::new(&python).arg("--version"))?;
    let digest = Sha256::new().chain_update(&wanted).chain_update(version).finalize();
    let name = digest.iter().take(8).fold(String::new(), |name, byte| name + &format!("{byte:02x}"));
    let home = tools_dir()?.join(format!("python-client-{name}"));
    let lock = home.with_extension("lock");
    std::fs::create_dir_all(home.parent().context("the cache folder has no parent")?)?;
    let lock = File::create(&lock).with_context(|| format!("creating {}", lock.display()))?;
    lock.lock().context("waiting for another installation")?;
    if !home.join(MARK).is_file() {
        progress::note("making a virtual environment for the Python client");
        // It knows its own path, so it is made where it stays; only the mark at the end makes it count.
        process::run(Command::new(&python).args(["-m", "venv", "--clear"]).arg(&home))
            .context("Python's own `venv` is needed (Debian: python3-venv)")?;
        let mut install = Command::new(program(&home));
        install.args(["-m", "pip", "install", "--disable-pip-version-check", "--only-binary", ":all:", "-r"]);
        process::run(install.arg(requirements))?;
        std::fs::write(home.join(MARK), wanted)?;
    }
    Ok(program(&home))
}

fn program(home: &Path) -> PathBuf {
    if cfg!(windows) { home.join("Scripts").join("python.exe") } else { home.join("bin").join("python") }
}
