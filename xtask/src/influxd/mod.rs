//! InfluxDB for the tests: the one that is named or on `PATH`, else one built from its Go module, once per machine.
//!
//! No registry carries its program, but it is a Go module with a part in Rust (libflux), which needs both compilers.
//! What is built, and in which version, says `tests/influxd/go.mod`.

mod build;
mod go;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::tools::{find_program, staged, tools_dir};
use crate::workspace::Workspace;
use crate::{process, progress};

/// Names the program, and tells the tests where it is.
pub(crate) const VARIABLE: &str = "INFLUXD";

/// Its module, as `go.mod` names it.
const MODULE: &str = "github.com/influxdata/influxdb/v2";

/// The program, found or built.
pub(crate) fn ensure(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        if !is_version_2(&named) {
            bail!("{VARIABLE} names {}, which is not the program of InfluxDB 2", named.display());
        }
        return Ok(named);
    }
    if let Some(found) = find_program("influxd").filter(|program| is_version_2(program)) {
        return Ok(found);
    }
    let module = workspace.root.join("tests").join("influxd");
    let version = required_version(&module)?;
    let home = tools_dir()?.join(format!("influxd-{version}"));
    let is_good = |folder: &Path| is_version_2(&program_in(folder));
    if !is_good(&home) {
        progress::heading(&format!(
            "Building InfluxDB {version}: the tests of its store start a real one. Once per machine, typically 5 to \
             10 minutes on two cores."
        ));
        staged::make(&home, is_good, |staging| build::build(&module, &version, staging)).with_context(|| {
            format!(
                "InfluxDB {version} could not be built.\nInstall InfluxDB 2.7 and put influxd on PATH (or name it \
                 in {VARIABLE}), or Go 1.24 or newer, a C compiler, make and rustup, and run the command again"
            )
        })?;
    }
    Ok(program_in(&home))
}

fn program_in(folder: &Path) -> PathBuf {
    folder.join("bin").join(format!("influxd{}", std::env::consts::EXE_SUFFIX))
}

/// `influxd version` says `InfluxDB v2.7.12 (git: ...) ...`.
fn is_version_2(program: &Path) -> bool {
    process::quiet_output(Command::new(program).arg("version")).is_some_and(|said| says_version_2(&said))
}

fn says_version_2(said: &str) -> bool {
    let version = said.strip_prefix("InfluxDB ").map(|rest| rest.trim_start_matches('v'));
    version.is_some_and(|version| version.starts_with("2."))
}

/// The version that `go.mod` asks for, without its `v`.
fn required_version(module: &Path) -> Result<String> {
    let path = module.join("go.mod");
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    version_in(&text).with_context(|| format!("{} does not require {MODULE}", path.display()))
}

fn version_in(go_mod: &str) -> Option<String> {
    go_mod.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip_while(|word| *word == "require");
        let version = (words.next()? == MODULE).then(|| words.next())??;
        version.strip_prefix('v').map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::{says_version_2, version_in};

    #[test]
    fn the_version_is_that_of_the_module() {
        let text = "module x\ntool github.com/influxdata/influxdb/v2/cmd/influxd\nrequire (\n\
                    \tgithub.com/influxdata/influxdb/v2 v2.7.12\n)\n";
        assert_eq!(version_in(text).as_deref(), Some("2.7.12"));
        assert_eq!(
            version_in("require github.com/influxdata/influxdb/v2 v2.9.9\n").as_deref(),
            Some("2.9.9")
        );
        assert_eq!(version_in("module x\n"), None);
    }

    #[test]
    fn other_programs_of_that_name_are_not_taken() {
        assert!(says_version_2("InfluxDB v2.7.12 (git: none) build_date: "));
        assert!(says_version_2("InfluxDB 2.7.6 (git: 1) build_date: 2"));
        assert!(!says_version_2("InfluxDB v1.8.10 (git: 1.8 688e697)"));
        assert!(!says_version_2("influxdb3 version 3.0"));
    }
}
