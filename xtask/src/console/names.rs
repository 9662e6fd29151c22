//! File names that change with the content, so that a browser may keep a file for ever.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use super::split::is_part;
use super::{PAGE, files};

/// 64 bits of SHA-256 over names and contents: enough to tell builds apart.
pub(super) fn content_hash(files: &[(PathBuf, Vec<u8>)]) -> String {
    let mut hasher = Sha256::new();
    for (path, content) in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        hasher.update((name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update((content.len() as u64).to_le_bytes());
        hasher.update(content);
    }
    hex(&hasher.finalize()[..8])
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `style.css` becomes `style-<hash>.css`.
fn hashed_name(name: &str, hash: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
        None => format!("{name}-{hash}"),
    }
}

/// Renames every file but the page and the parts of the program, and every mention of it in the page.
///
/// A file that the page does not mention by its address is refused: whoever asks for it would not learn its
/// new name.
pub(super) fn carry_content_hashes(stage: &Path) -> Result<()> {
    let page = stage.join(PAGE);
    let mut html = String::from_utf8(files::read(&page)?).with_context(|| format!("{PAGE} is not UTF-8"))?;
    for relative in files::files_below(stage)? {
        let name = relative.to_str().with_context(|| format!("{} is not UTF-8", relative.display()))?;
        if name == PAGE || is_part(&relative) {
            continue;
        }
        let address = format!("/{name}");
        if relative.components().count() > 1 || !html.contains(&address) {
            bail!(
                "the console's bundle holds `{name}`, which {PAGE} does not load. Only files that {PAGE} names can \
                 carry a content hash; embed other resources into the crate or into the style sheet"
            );
        }
        let old = stage.join(&relative);
        let hash = content_hash(&[(relative.clone(), files::read(&old)?)]);
        let new = hashed_name(name, &hash);
        html = html.replace(&address, &format!("/{new}"));
        std::fs::rename(&old, stage.join(&new)).with_context(|| format!("renaming {name} to {new}"))?;
    }
    files::write(&page, html.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{content_hash, hashed_name};

    #[test]
    fn the_hash_stands_before_the_extension() {
        assert_eq!(hashed_name("style.css", "0011"), "style-0011.css");
        assert_eq!(hashed_name("stateloft-web_bg.wasm", "0011"), "stateloft-web_bg-0011.wasm");
        assert_eq!(hashed_name("LICENSE", "0011"), "LICENSE-0011");
    }

    #[test]
    fn the_hash_depends_on_name_content_and_their_border() {
        let hash = |name: &str, content: &str| content_hash(&[(name.into(), content.into())]);
        assert_eq!(hash("a", "bc").len(), 16);
        assert_eq!(hash("a", "bc"), hash("dir/a", "bc"), "the folder is no part of it");
        assert_ne!(hash("a", "bc"), hash("a", "bd"));
        assert_ne!(hash("ab", "c"), hash("a", "bc"));
    }
}
