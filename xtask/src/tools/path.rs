//! Looking programs up on `PATH`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Tool;

/// The first program of that name on `PATH`.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    folders().map(|folder| super::program_in(&folder, name)).find(|path| path.is_file())
}

/// The folder on `PATH` from which the tool would run, when that is the wanted version of all its programs.
/// A later folder is not looked for: a person who types the tool's name gets the first one, too.
pub(super) fn folder_with(tool: &Tool) -> Option<PathBuf> {
    let folder = find_program(tool.programs.first()?)?.parent()?.to_path_buf();
    tool.is_in(&folder).then_some(folder)
}

/// `PATH` with the given folders before all others.
pub(super) fn with_first(first: &[&Path]) -> Result<OsString> {
    let first = first.iter().map(|path| path.to_path_buf());
    std::env::join_paths(first.chain(folders())).context("a tool's folder cannot be put on PATH")
}

fn folders() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect::<Vec<_>>().into_iter()
}
