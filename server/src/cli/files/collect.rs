//! Which files are meant.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use stateloft_core::bundle::Kind;

use super::super::bundle::kind_of;
use super::super::import::database_at;
use super::tables;
use crate::store::postgres::PostgresSettings;

/// How deep folders are looked through.
const DEPTH: usize = 32;
/// Files with such endings are looked at in folders; a file that is named itself may have any.
const ENDINGS: [&str; 3] = ["json", "jsonl", "ndjson"];
/// Bytes of all files together.
const BYTES_MAX: u64 = 512 << 20;

/// Files by the names that they have in the import: within their folder, so that the same folder gives the same names wherever
/// it is.
#[derive(Debug, Default)]
pub(super) struct Collected {
    files: BTreeMap<String, PathBuf>,
    /// By their names in the import, which are those of the databases.
    databases: BTreeMap<String, PostgresSettings>,
}

/// Finds the files.
///
/// # Errors
/// Something is not there, or cannot be looked into.
pub(super) fn collect(paths: &[PathBuf]) -> Result<Collected, String> {
    let mut found = Collected::default();
    for path in paths {
        if let Some(address) = address(path) {
            let database = database_at(address).map_err(|problem| format!("the address {problem}"))?;
            if let Some(twice) = found.databases.insert(database.database.clone(), database) {
                return Err(format!("two databases named {} are not taken in at once", twice.database));
            }
            continue;
        }
        let about = std::fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?;
        if about.is_dir() {
            let mut files = Vec::new();
            walk(path, 0, has_ending, &mut files)?;
            if files.is_empty() {
                return Err(format!("{}: no file ends in .json, .jsonl or .ndjson", path.display()));
            }
            for file in files {
                let name = slashed(file.strip_prefix(path).unwrap_or(&file));
                found.add(name, file);
            }
        } else {
            let name = path.file_name().map_or_else(|| slashed(path), |name| slashed(Path::new(name)));
            found.add(name, path.clone());
        }
    }
    Ok(found)
}

impl Collected {
    /// Two files of one name are told apart by their whole paths.
    fn add(&mut self, name: String, path: PathBuf) {
        match self.files.get(&name) {
            None => {
                self.files.insert(name, path);
            }
            Some(there) if *there == path => {}
            Some(_) => {
                self.files.insert(slashed(&path), path);
            }
        }
    }

    /// Reads all of them.
    pub(super) async fn read(&self) -> Result<Vec<(String, Vec<u8>)>, String> {
        let mut left = BYTES_MAX;
        let mut files = Vec::with_capacity(self.files.len() + self.databases.len());
        for (name, path) in &self.files {
            let wrong =
                |error: &dyn std::fmt::Display| format!("{}: {error}; nothing was written", path.display());
            let size = std::fs::metadata(path).map_err(|error| wrong(&error))?.len();
            left = left.checked_sub(size).ok_or_else(|| {
                format!("the files are larger than {} MiB together: import them in parts", BYTES_MAX >> 20)
            })?;
            let bytes = std::fs::read(path).map_err(|error| wrong(&error))?;
            if matches!(kind_of(&bytes), Kind::Bundle | Kind::Encrypted) {
                return Err(format!(
                    "{} is a bundle, or encrypted: import it by its own name; nothing was written",
                    path.display()
                ));
            }
            let bytes =
                if tables::is_database(&bytes) { tables::read(path, BYTES_MAX).await? } else { bytes };
            files.push((name.clone(), bytes));
        }
        for (name, database) in &self.databases {
            if self.files.contains_key(name) {
                return Err(format!(
                    "a file and a database are both named {name}: import one after the other; nothing was written"
                ));
            }
            files.push((name.clone(), tables::read_postgres(database, left).await?));
        }
        Ok(files)
    }

    /// Where a file is.
    pub(super) fn path(&self, name: &str) -> Option<&Path> {
        self.files.get(name).map(PathBuf::as_path)
    }
}

/// The address of a database, if it is one.
pub(in crate::cli) fn address(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    let is_one = text.starts_with("postgresql://") || text.starts_with("postgres://");
    is_one.then_some(text)
}

/// Adds the files of a folder and of those in it that are wanted. Links to folders are not followed: they may lead back.
pub(in crate::cli) fn walk(
    folder: &Path,
    depth: usize,
    wanted: fn(&Path) -> bool,
    files: &mut Vec<PathBuf>,
) -> Result<(), String> {
    if depth > DEPTH {
        return Err(format!("{}: folders are nested more than {DEPTH} deep", folder.display()));
    }
    let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(wrong)?);
        if kind.is_dir() {
            walk(&path, depth + 1, wanted, files)?;
        } else if wanted(&path) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether a file ends as those with states do.
pub(in crate::cli) fn has_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// A path as names of files say it.
pub(in crate::cli) fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
