//! The suite's program: found or installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::tools::{find_program, staged, tools_dir};
use crate::{process, progress};

const PACKAGE: &str = "autobahntestsuite";
const VERSION: &str = "25.10.1";
/// Names the Python 2.7 to use.
const VARIABLE: &str = "PYTHON2";
/// Some of its packages share a namespace, which only a folder that Python takes for a site of packages can have.
const SITE: &str = "import os, site, sys; site.addsitedir(os.environ['AUTOBAHN_HOME'])";

/// An installed suite.
pub(super) struct Suite {
    python: PathBuf,
    home: PathBuf,
}

impl Suite {
    /// The client that tries servers; its specification is to be added.
    pub(super) fn command(&self) -> Command {
        let mut command = python(&self.python, &self.home, "from autobahntestsuite.wstest import run; run()");
        command.args(["-m", "fuzzingclient"]);
        command
    }
}

/// Installs the suite where it is not yet; `None` without a Python that can run it.
pub(super) fn ensure() -> Result<Option<Suite>> {
    let Some(program) = interpreters().into_iter().find(|program| is_wanted(program)) else {
        return Ok(None);
    };
    let home = tools_dir()?.join(format!("{PACKAGE}-{VERSION}"));
    let is_good = |folder: &Path| {
        let question = "import autobahntestsuite; sys.stdout.write(autobahntestsuite.__version__)";
        process::quiet_output(&mut python(&program, folder, question)).is_some_and(|said| said == VERSION)
    };
    if !is_good(&home) {
        progress::heading(&format!(
            "Installing Autobahn's suite {VERSION} from PyPI, once per machine: about 3 minutes"
        ));
        staged::make(&home, is_good, |staging| {
            let folder = staging.join("packages");
            let mut pip = Command::new(&program);
            pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--target"])
                .arg(&folder);
            process::run(pip.arg(format!("{PACKAGE}=={VERSION}")))?;
            Ok(folder)
        })
        .context("Autobahn's suite could not be installed; it needs pip and a C compiler")?;
    }
    Ok(Some(Suite { python: program, home }))
}

/// Where a Python 2.7 may be: named, on `PATH`, or among the versions of pyenv.
fn interpreters() -> Vec<PathBuf> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let on_path = ["python2.7", "python2", "pypy2", "pypy"].into_iter().filter_map(find_program);
    let pyenv = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let pyenv = pyenv.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".pyenv")));
    let versions = pyenv.and_then(|root| std::fs::read_dir(root.join("versions")).ok());
    let versions =
        versions.into_iter().flatten().flatten().map(|version| version.path().join("bin").join("python2.7"));
    named.into_iter().chain(on_path).chain(versions).collect()
}

fn is_wanted(program: &Path) -> bool {
    let question = "import pip, sys; sys.stdout.write('%d.%d' % sys.version_info[:2])";
    process::quiet_output(Command::new(program).args(["-c", question])).is_some_and(|said| said == "2.7")
}

/// A program that finds the suite's packages.
fn python(interpreter: &Path, packages: &Path, program: &str) -> Command {
    let mut command = Command::new(interpreter);
    command
        .env("AUTOBAHN_HOME", packages)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONWARNINGS", "ignore");
    command.args(["-c", &format!("{SITE}; {program}")]);
    command
}
