//! The JavaScript side of a compiled crate: `wasm-bindgen` as a library, in the version that `Cargo.lock` gives the crates, so
//! nobody waits for the program of that name to be compiled.

use std::path::Path;

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

/// The script for a page that loads it as a module, and the program, without what only debuggers read.
pub(crate) fn for_pages() -> Result<Bindgen> {
    let mut bindgen = Bindgen::new();
    bindgen.web(true)?.remove_name_section(true).remove_producers_section(true);
    // As the program does: the script finds the compiled crate beside itself unless it is told where.
    bindgen.omit_default_module_path(false);
    Ok(bindgen)
}

/// The script that Node requires, which reads the same program from beside itself.
pub(crate) fn for_node() -> Result<Bindgen> {
    let mut bindgen = Bindgen::new();
    bindgen.nodejs(true)?.remove_name_section(true).remove_producers_section(true).typescript(false);
    Ok(bindgen)
}

/// Writes them for what cargo compiled into `folder`.
pub(crate) fn write(bindgen: &mut Bindgen, compiled: &Path, folder: &Path) -> Result<()> {
    let made = bindgen.input_path(compiled).generate(folder);
    made.with_context(|| format!("connecting {} to JavaScript", compiled.display()))
}
