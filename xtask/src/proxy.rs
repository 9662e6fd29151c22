//! nginx, in front of which the tests put a server with the configuration that `deploy/` has.

use anyhow::{Result, bail};

use crate::debian;
use crate::tools::find_program;

const DEBIAN_PACKAGE: &str = "nginx-light";
/// Where Debian puts it, which is not on everybody's `PATH`.
const DEBIAN_PROGRAM: &str = "/usr/sbin/nginx";

/// Makes sure that nginx is installed; on Debian, as root, installs it.
pub(crate) fn ensure() -> Result<()> {
    if is_installed() {
        return Ok(());
    }
    if !debian::can_install() {
        bail!(
            "the tests of the guides need nginx, which is neither on PATH nor {DEBIAN_PROGRAM}.\n\
             Debian: apt-get install {DEBIAN_PACKAGE} (as root, `cargo xtask test` does it for you); other systems: \
             install nginx and put it on PATH"
        );
    }
    debian::install(&[DEBIAN_PACKAGE], "the tests of the guides")?;
    if is_installed() { Ok(()) } else { bail!("apt-get succeeded, but nginx is still not there") }
}

fn is_installed() -> bool {
    find_program("nginx").is_some() || std::path::Path::new(DEBIAN_PROGRAM).is_file()
}
