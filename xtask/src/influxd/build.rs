//! Building influxd from its module.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::go;
use crate::process;

const PROGRAM: &str = "github.com/influxdata/influxdb/v2/cmd/influxd";
/// Stands in for pkg-config: asked for libflux, it compiles that with cargo.
const PKG_CONFIG: &str = "github.com/influxdata/pkg-config";

/// libflux denies warnings, of which newer compilers know more; it does so in a crate for the host, where `RUSTFLAGS`
/// does not reach.
const CAP_LINTS: &str = "#!/bin/sh\n\
    case \" $* \" in\n\
    *\" --cap-lints \"*) exec \"$@\" ;;\n\
    *) exec \"$@\" --cap-lints warn ;;\n\
    esac\n";

/// Builds into the staging folder and returns the folder that holds `bin/influxd`.
pub(super) fn build(module: &Path, version: &str, staging: &Path) -> Result<PathBuf> {
    if cfg!(windows) {
        bail!("on Windows it is not built from its module");
    }
    let go = go::provide(staging)?;
    let tools = folder(staging, "tools")?;
    let finished = folder(staging, "finished")?;
    let bin = folder(&finished, "bin")?;

    let pkg_config = tools.join("pkg-config");
    process::run(go_build(&go, module).arg("-o").arg(&pkg_config).arg(PKG_CONFIG))?;

    let wrapper = tools.join("cap-lints");
    std::fs::write(&wrapper, CAP_LINTS).with_context(|| format!("writing {}", wrapper.display()))?;
    make_executable(&wrapper)?;
    let mut build = go_build(&go, module);
    // The command that runs this program may have named a toolchain, flags and a target folder for its own work.
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "RUSTC"] {
        build.env_remove(name);
    }
    build
        .env("PKG_CONFIG", &pkg_config)
        // libflux names an old toolchain of its own.
        .env("RUSTUP_TOOLCHAIN", "stable")
        .env("RUSTC_WRAPPER", &wrapper)
        .args(["-tags", "sqlite_foreign_keys,sqlite_json", "-ldflags"])
        .arg(format!("-s -w -X main.version=v{version}"))
        .arg("-o")
        .arg(bin.join("influxd"))
        .arg(PROGRAM);
    process::run(&mut build)?;
    Ok(finished)
}

fn go_build(go: &OsStr, module: &Path) -> Command {
    let mut command = Command::new(go);
    command.arg("build").current_dir(module).env("CGO_ENABLED", "1").env_remove("GOFLAGS");
    command
}

fn folder(parent: &Path, name: &str) -> Result<PathBuf> {
    let path = parent.join(name);
    std::fs::create_dir_all(&path).with_context(|| format!("creating {}", path.display()))?;
    Ok(path)
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
        .with_context(|| format!("making {} executable", path.display()))
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> Result<()> {
    Ok(())
}
