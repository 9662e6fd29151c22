//! What makes the component a package for others: entries for Node beside the one for pages, types for each, a README.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::component::NAME;
use crate::console::files;
use crate::workspace::Workspace;
use crate::{bindgen, licenses};

/// What Node requires; it has the component loaded when `require` returns.
const REQUIRED: &str = "node.cjs";
/// What Node imports.
const IMPORTED: &str = "node.js";
const README: &str = "README.md";
const MANIFEST: &str = "package.json";
/// For programs that run in pages as well, where there is something to wait for.
const LOADED: &str = "\nexports.default = async () => {};\nexports.initSync = () => {};\n";

/// Adds to `folder`, which holds the component for pages, what others need. The WebAssembly is the same for all.
pub(crate) fn complete(workspace: &Workspace, compiled: &Path, folder: &Path) -> Result<()> {
    let node = workspace.scratch().join("node-entry");
    files::empty_dir(&node)?;
    bindgen::write(&mut bindgen::for_node()?, compiled, &node)?;
    let script = node.join(format!("{NAME}.js"));
    let script = fs::read_to_string(&script).with_context(|| script.display().to_string())?;
    files::write(&folder.join(REQUIRED), (script + LOADED).as_bytes())?;

    let types = fs::read(folder.join(format!("{NAME}.d.ts")))?;
    files::write(&folder.join("node.d.cts"), &types)?;
    for name in [IMPORTED, README] {
        let from = workspace.root.join("core/js").join(name);
        fs::copy(&from, folder.join(name)).with_context(|| format!("copying {}", from.display()))?;
    }
    let third_party = licenses::of(workspace, &[licenses::COMPONENT])?;
    files::write(&folder.join(licenses::NAME), third_party.as_bytes())?;
    // The order of its conditions counts, so it is a text and no value.
    let manifest = workspace.root.join("core/js").join(MANIFEST);
    let manifest = fs::read_to_string(&manifest).with_context(|| manifest.display().to_string())?;
    let manifest =
        manifest.replace("VERSION", env!("CARGO_PKG_VERSION")).replace("LICENSE", env!("CARGO_PKG_LICENSE"));
    files::write(&folder.join(MANIFEST), manifest.as_bytes())
}
