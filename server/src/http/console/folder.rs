//! The console in the folder where it was built, which is read at each request.

use std::path::{Component, Path};

/// A file of the console, if it is there.
#[cfg(not(feature = "console"))]
pub(super) fn stored(path: &str) -> Option<super::Stored> {
    use sha2::{Digest as _, Sha256};

    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../dist"));
    let data = read_within(folder, Path::new(path))?;
    Some(super::Stored { hash: Sha256::digest(&data).into(), data: data.into() })
}

/// A file below a folder; nothing else, whatever the path says and wherever it leads.
fn read_within(folder: &Path, path: &Path) -> Option<Vec<u8>> {
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let folder = folder.canonicalize().ok()?;
    let file = folder.join(path).canonicalize().ok()?;
    (is_plain && file.starts_with(&folder)).then(|| std::fs::read(file).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_below_the_folder_is_not_there() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("dist");
        std::fs::create_dir_all(folder.join("app")).unwrap();
        std::fs::write(root.path().join("secret"), b"secret").unwrap();
        std::fs::write(folder.join("app").join("main.js"), b"main").unwrap();
        let read = |path: &str| read_within(&folder, Path::new(path));
        assert_eq!(read("app/main.js").as_deref(), Some(&b"main"[..]));
        let secret = root.path().join("secret");
        for path in ["../secret", "app/../../secret", "app", "", "none", secret.to_str().unwrap()] {
            assert_eq!(read(path), None, "{path}");
        }
    }
}
