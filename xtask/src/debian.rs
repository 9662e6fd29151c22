//! Installing packages of Debian, where this program may.

use std::process::Command;

use anyhow::Result;

use crate::tools::find_program;
use crate::{process, progress};

/// Whether this is Debian and we are root.
pub(crate) fn can_install() -> bool {
    let debian = std::fs::read_to_string("/etc/os-release").is_ok_and(|text| is_debian(&text));
    let root = process::quiet_output(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    debian && root && find_program("apt-get").is_some()
}

/// Debian itself only: Ubuntu's `chromium` packages are empty and point to another package system.
fn is_debian(os_release: &str) -> bool {
    os_release.lines().any(|line| line == "ID=debian" || line == "ID=\"debian\"")
}

/// Installs packages; `purpose` completes the sentence "... for ...".
pub(crate) fn install(packages: &[&str], purpose: &str) -> Result<()> {
    progress::heading(&format!(
        "Installing {} with apt-get for {purpose}. Typically 1 to 3 minutes.",
        packages.join(", ")
    ));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        process::run(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update", "-qq"])?;
    apt(&[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat())
}

#[cfg(test)]
mod tests {
    use super::is_debian;

    #[test]
    fn only_debian_itself_gets_packages() {
        assert!(is_debian("NAME=\"Debian GNU/Linux\"\nID=debian\n"));
        assert!(!is_debian("ID=ubuntu\nID_LIKE=debian\n"));
    }
}
