//! Servers by name, in a file of the user's.
//!
//! ```toml
//! [desk]
//! server = "https://desk.example/stateloft"
//! key_file = "/run/secrets/desk"      # or key_env = "DESK_KEY", or key = "..."
//! ca = "/etc/ssl/desk.pem"            # certificates besides the system's
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::Deserialize;

use super::variable;
use crate::cli::failure::Failure;
use crate::cli::say::remark;

/// The profile that is meant where nothing else is said.
pub(super) const DEFAULT: &str = "default";
/// Names another file.
const FILE: &str = "STATELOFT_PROFILES";

/// A server by name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    pub(super) server: String,
    key: Option<String>,
    key_env: Option<String>,
    key_file: Option<PathBuf>,
    pub(super) ca: Option<PathBuf>,
}

impl Profile {
    /// The API key, wherever it is kept.
    pub(super) fn key(&self) -> Result<Option<String>, Failure> {
        match (&self.key, &self.key_env, &self.key_file) {
            (None, None, None) => Ok(None),
            (Some(key), None, None) => Ok(Some(key.clone())),
            (None, Some(name), None) => variable(name).map(Some).ok_or_else(|| {
                Failure::usage(format!("the profile's key is to be in {name}, which is not set"))
            }),
            (None, None, Some(path)) => std::fs::read_to_string(path)
                .map(|key| Some(key.trim().to_owned()))
                .map_err(|error| Failure::usage(format!("the profile's key: {}: {error}", path.display()))),
            _ => Err(Failure::usage("a profile has one of key, key_env and key_file")),
        }
    }
}

/// The file, if there can be one.
fn file() -> Option<PathBuf> {
    let named = std::env::var_os(FILE).filter(|path| !path.is_empty()).map(PathBuf::from);
    named.or_else(|| {
        let folders = etcetera::choose_base_strategy().ok()?;
        Some(folders.config_dir().join("stateloft").join("profiles.toml"))
    })
}

/// The file as a sentence names it.
pub(super) fn file_words() -> String {
    file().map_or_else(|| "any file".to_owned(), |path| path.display().to_string())
}

/// The profile of that name.
pub(super) fn find(name: &str) -> Result<Option<Profile>, Failure> {
    let Some(path) = file() else { return Ok(None) };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::usage(format!("{}: {error}", path.display()))),
    };
    let mut profiles: BTreeMap<String, Profile> =
        toml::from_str(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let found = profiles.remove(name);
    if found.as_ref().is_some_and(|profile| profile.key.is_some()) && is_open(&path) {
        remark!("stateloft: {} holds a key, and others may read it: chmod 600", path.display());
    }
    Ok(found)
}

#[cfg(unix)]
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}
