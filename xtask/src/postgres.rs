//! PostgreSQL, for tests that start servers of their own.

use std::path::Path;

use anyhow::{Result, bail};

use crate::debian;
use crate::tools::find_program;

const DEBIAN_PACKAGE: &str = "postgresql";
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "psql"];
/// Where Debian puts the programs of each version, which are not on `PATH`.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";

/// Makes sure that PostgreSQL is installed; on Debian, as root, installs it.
pub(crate) fn ensure() -> Result<()> {
    if is_installed() {
        return Ok(());
    }
    if !debian::can_install() {
        bail!(
            "the tests need PostgreSQL 15 or newer, and its programs {} are neither on PATH nor in {DEBIAN_FOLDER}.\n\
             Debian: apt-get install {DEBIAN_PACKAGE} (as root, `cargo xtask test` does it for you); other systems: \
             install PostgreSQL and put its bin folder on PATH",
            PROGRAMS.join(", ")
        );
    }
    debian::install(&[DEBIAN_PACKAGE], "the tests of the PostgreSQL store")?;
    if is_installed() {
        Ok(())
    } else {
        bail!("apt-get succeeded, but PostgreSQL's programs are still not there")
    }
}

fn is_installed() -> bool {
    let on_path = find_program("initdb").and_then(|path| path.parent().map(Path::to_path_buf));
    let versions = std::fs::read_dir(DEBIAN_FOLDER).into_iter().flatten().flatten();
    on_path
        .into_iter()
        .chain(versions.map(|version| version.path().join("bin")))
        .any(|folder| is_complete(&folder))
}

fn is_complete(folder: &Path) -> bool {
    PROGRAMS.iter().all(|name| folder.join(name).is_file())
}
