//! Shrinking the component with binaryen's `wasm-opt`, when it is there. The console's own program gains less than
//! one part in a hundred by it, so it goes without.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::tools::Toolbox;
use crate::{process, progress};

/// What rustc's output uses beyond the first version of WebAssembly, which binaryen must be told.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-simd",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Optimises one file in place. Without `wasm-opt`, or with one that does not understand the file, it stays as
/// the compiler made it: larger, and just as right.
pub(crate) fn wasm(tools: &Toolbox, file: &Path, level: &str) -> Result<()> {
    let Some(wasm_opt) = &tools.wasm_opt else {
        progress::note("no recent wasm-opt on PATH: files for the browser stay somewhat larger");
        return Ok(());
    };
    let smaller = file.with_extension("optimised");
    let mut command = Command::new(wasm_opt);
    command.arg(level).args(FEATURES).arg(file).arg("-o").arg(&smaller);
    if let Err(error) = process::run_quietly(&mut command) {
        progress::warning(&format!("{error:#}; the file stays as it was"));
        return Ok(());
    }
    std::fs::rename(&smaller, file).with_context(|| format!("replacing {}", file.display()))
}
