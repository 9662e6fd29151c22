//! Bringing a finished bundle to the place where the server embeds it.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::files;

/// Makes `target` hold exactly the files of `source`.
///
/// A file that is already the same keeps its time stamp, so that cargo does not embed and link anew for nothing.
pub(super) fn replace(source: &Path, target: &Path) -> Result<()> {
    std::fs::create_dir_all(target).with_context(|| format!("creating {}", target.display()))?;
    let wanted = files::files_below(source)?;
    for old in files::files_below(target)? {
        if wanted.binary_search(&old).is_err() {
            let path = target.join(&old);
            std::fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
            if let Some(folder) = path.parent().filter(|folder| *folder != target) {
                // Succeeds only once the folder is empty, which is when it should.
                let _ = std::fs::remove_dir(folder);
            }
        }
    }
    for name in &wanted {
        let content = files::read(&source.join(name))?;
        let path = target.join(name);
        if std::fs::read(&path).is_ok_and(|present| present == content) {
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        }
        files::write(&path, &content)?;
    }
    Ok(())
}
