//! `cargo xtask fuzz`: looks for bytes that the importer does not withstand; `tests/fuzz` says what must hold.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::workspace::Workspace;
use crate::{process, progress};

/// What makes the compiler note which code was reached, as libFuzzer reads it.
const COVERAGE: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
];
/// A case that takes longer hangs, in seconds.
const HANGS: u32 = 10;
/// The largest file that is tried, in bytes.
const LARGEST: u32 = 64 << 10;

/// Searches so many minutes, beginning with the fixtures and with what earlier searches found. A case that fails is kept beside
/// them and named.
pub(crate) fn fuzz(workspace: &Workspace, minutes: u64) -> Result<()> {
    let folder = workspace.target.join("fuzz");
    let (corpus, failures) = (folder.join("corpus/import"), folder.join("failures/"));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&failures)?;
    begin_with_fixtures(workspace, &corpus)?;

    progress::heading("Building the target");
    let host = process::output(Command::new("rustc").args(["--print", "host-tuple"]))?;
    // Naming it keeps the flags from what runs while compiling.
    let host = host.trim();
    let mut build = Command::new("cargo");
    build.current_dir(&workspace.root).env("RUSTFLAGS", COVERAGE.join(" "));
    build.args([
        "build",
        "--release",
        "--package",
        "stateloft-fuzz",
        "--features",
        "libfuzzer",
        "--target",
        host,
    ]);
    process::run(build.arg("--target-dir").arg(&folder))?;

    progress::heading("Searching");
    let mut search = Command::new(folder.join(host).join("release/import"));
    search.arg(&corpus).arg(format!("-artifact_prefix={}", failures.display()));
    search.arg(format!("-max_total_time={}", minutes * 60)).arg(format!("-timeout={HANGS}"));
    process::run(search.arg(format!("-max_len={LARGEST}")))
}

/// Each fixture, with the byte before it that says how it is taken.
fn begin_with_fixtures(workspace: &Workspace, corpus: &std::path::Path) -> Result<()> {
    let fixtures = workspace.root.join("tests/fixtures/legacy");
    for entry in fs::read_dir(&fixtures).with_context(|| fixtures.display().to_string())? {
        let entry = entry?;
        let file = [&[0], fs::read(entry.path())?.as_slice()].concat();
        fs::write(corpus.join(entry.file_name()), file)?;
    }
    Ok(())
}
