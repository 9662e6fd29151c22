//! Telling whether `dist/` still is what its sources would give.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use super::files;
use crate::finish::Finish;
use crate::process;
use crate::tools::Toolbox;
use crate::workspace::Workspace;

/// Everything that the console is made from, this program's own source included.
const SOURCES: [&str; 8] =
    [".cargo", "Cargo.lock", "Cargo.toml", "Trunk.toml", "index.html", "core", "web", "xtask/src"];

/// The state of all sources and tools at the start of a build.
#[derive(Debug)]
pub(super) struct Stamp {
    file: PathBuf,
    dist: PathBuf,
    inputs: String,
    finish: Finish,
}

impl Stamp {
    /// Reads all sources; a few megabytes, so contents are compared rather than times.
    pub(super) fn new(workspace: &Workspace, tools: &Toolbox, finish: Finish) -> Result<Self> {
        let mut hasher = Sha256::new();
        // The target folder may be shared between clones; each has its own `dist/`.
        let mut add = |text: &[u8]| {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        };
        add(workspace.root.to_string_lossy().as_bytes());
        add(compiler_version(workspace).as_bytes());
        add(tools.optimiser().as_bytes());
        for path in sources(&workspace.root)? {
            add(path.to_string_lossy().as_bytes());
            add(&files::read(&workspace.root.join(&path))?);
        }
        let inputs = super::names::hex(&hasher.finalize());
        Ok(Self { file: workspace.scratch().join("console.stamp"), dist: workspace.dist(), inputs, finish })
    }

    /// Whether the last build had the same inputs and a finish that will do, and its files are all still there.
    pub(super) fn is_current(&self) -> bool {
        let Ok(listing) = listing(&self.dist) else { return false };
        let Ok(last) = std::fs::read_to_string(&self.file) else { return false };
        [Finish::Quick, Finish::Shipped]
            .into_iter()
            .any(|finish| finish.serves(self.finish) && last == self.text(finish, &listing))
    }

    /// Remembers that `dist/` was made from these inputs.
    pub(super) fn write(&self) -> Result<()> {
        files::write(&self.file, self.text(self.finish, &listing(&self.dist)?).as_bytes())
    }

    fn text(&self, finish: Finish, listing: &str) -> String {
        format!("{finish:?} {}\n{listing}", self.inputs)
    }
}

fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for source in SOURCES.map(Path::new) {
        if root.join(source).is_dir() {
            found.extend(files::files_below(&root.join(source))?.into_iter().map(|file| source.join(file)));
        } else {
            found.push(source.to_path_buf());
        }
    }
    Ok(found)
}

/// Names and lengths; the names carry hashes of the contents.
fn listing(dist: &Path) -> Result<String> {
    let mut text = String::new();
    for name in files::files_below(dist)? {
        let path = dist.join(&name);
        let length =
            std::fs::metadata(&path).with_context(|| format!("looking at {}", path.display()))?.len();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} {length}", name.display());
    }
    Ok(text)
}

fn compiler_version(workspace: &Workspace) -> String {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    process::quiet_output(rustc.arg("-vV").current_dir(&workspace.root)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Finish, Stamp, files};

    fn stamp(folder: &Path, inputs: &str, finish: Finish) -> Stamp {
        let (file, dist) = (folder.join("stamp"), folder.join("dist"));
        Stamp { file, dist, inputs: inputs.to_owned(), finish }
    }

    #[test]
    fn a_console_stands_for_its_sources_its_files_and_its_finish() {
        let folder = std::env::temp_dir().join(format!("xtask-stamp-{}", std::process::id()));
        files::empty_dir(&folder.join("dist")).unwrap();
        files::write(&folder.join("dist").join("index.html"), b"page").unwrap();
        let is_current = |inputs, finish| stamp(&folder, inputs, finish).is_current();
        assert!(!is_current("a", Finish::Quick), "nothing was built yet");

        stamp(&folder, "a", Finish::Quick).write().unwrap();
        assert!(is_current("a", Finish::Quick));
        assert!(!is_current("a", Finish::Shipped), "what is shipped is built with more work");
        assert!(!is_current("b", Finish::Quick), "other sources");

        stamp(&folder, "a", Finish::Shipped).write().unwrap();
        assert!(is_current("a", Finish::Shipped) && is_current("a", Finish::Quick));
        files::write(&folder.join("dist").join("index.html"), b"another page").unwrap();
        assert!(!is_current("a", Finish::Quick), "other files");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
