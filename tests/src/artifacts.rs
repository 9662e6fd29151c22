//! Where tests leave what people may want to look at: screenshots, logs.

use std::path::PathBuf;

/// The folder for artifacts of this kind, made if needed: `$STATELOFT_ARTIFACTS/<kind>`, else `artifacts/<kind>` in the
/// repository.
///
/// # Panics
/// If the folder cannot be made.
#[must_use]
pub fn folder(kind: &str) -> PathBuf {
    let root = std::env::var_os("STATELOFT_ARTIFACTS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../artifacts"), PathBuf::from);
    let folder = root.join(kind);
    std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    folder
}
