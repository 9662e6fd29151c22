//! Shrinking WebAssembly with binaryen's `wasm-opt`, when it is there.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::files;
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

/// The console's own WebAssembly: size counts.
pub(super) fn shell(tools: &Toolbox, stage: &Path) -> Result<()> {
    for file in files::files_below(stage)? {
        if file.extension().is_some_and(|extension| extension == "wasm") {
            wasm(tools, &stage.join(file), "-Oz")?;
        }
    }
    Ok(())
}

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
