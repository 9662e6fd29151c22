//! Files that are wholly in the store, moved away.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use stateloft_core::api::ImportPreview;

use super::super::say::remark;
use super::collect::Collected;
use super::{show, tables};
use crate::service::ImportFiles;

/// The names of the files of which everything is in the store, or in quarantine there.
pub(super) fn whole(preview: &ImportPreview, chosen: &[String]) -> BTreeSet<String> {
    let left: BTreeSet<&str> =
        show::left(preview, chosen).map(|(item, _)| item.source.file.as_str()).collect();
    let files = preview.found.files.iter();
    let whole = files.filter(|file| !file.damaged && !left.contains(file.name.as_str()));
    whole.map(|file| file.name.clone()).collect()
}

/// Moves them, each under its name. One that has changed since it was read stays where it is.
pub(super) fn archive(
    folder: &Path,
    collected: &Collected,
    files: &ImportFiles,
    whole: &BTreeSet<String>,
) -> Result<(), String> {
    for (name, bytes) in files.files.iter().filter(|(name, _)| whole.contains(name)) {
        let Some(path) = collected.path(name) else { continue };
        let wrong = |error: std::io::Error| {
            format!("{}: {error}; it was imported and is not archived", path.display())
        };
        let there = fs::read(path).map_err(wrong)?;
        if tables::is_database(&there) {
            remark!("not archived: {}: a database stays where its program looks for it", path.display());
            continue;
        }
        if there != *bytes {
            remark!("not archived: {}: it has changed since it was read", path.display());
            continue;
        }
        let target = free(&folder.join(relative(name)));
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(wrong)?;
        }
        if fs::rename(path, &target).is_err() {
            // Perhaps it is another disk.
            copy(&target, bytes).map_err(wrong)?;
            fs::remove_file(path).map_err(wrong)?;
        }
        remark!("archived: {} as {}", path.display(), target.display());
    }
    Ok(())
}

fn copy(target: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut file = fs::File::options().write(true).create_new(true).open(target)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name below the folder, wherever the file was.
fn relative(name: &str) -> PathBuf {
    let parts = name.split('/').filter(|part| !part.is_empty() && *part != "." && *part != "..");
    parts.map(|part| part.replace(':', "_")).collect()
}

/// A path that nothing has yet.
fn free(wanted: &Path) -> PathBuf {
    let numbered = |n: u32| {
        let mut name = wanted.as_os_str().to_owned();
        name.push(format!(".{n}"));
        PathBuf::from(name)
    };
    let mut candidates = std::iter::once(wanted.to_owned()).chain((1..).map(numbered));
    candidates.find(|path| !path.exists()).unwrap_or_else(|| wanted.to_owned())
}
