//! `cargo xtask bench`: the released server, measured beside baselines of the same run.

use anyhow::Result;

use crate::server::{self, Profile};
use crate::workspace::Workspace;
use crate::{console, postgres, process, progress};

/// Builds what is shipped, measures it, and prints the table for `docs/BENCHMARKS.md`.
pub(crate) fn bench(workspace: &Workspace, quick: bool) -> Result<()> {
    postgres::ensure()?;
    console::build(workspace)?;
    let program = server::build(workspace, Profile::Release)?;
    progress::heading("Measuring");
    let mut cargo = workspace.cargo();
    cargo.args(["bench", "--package", "statehouse-tests", "--bench", "statehouse"]);
    if quick {
        cargo.args(["--", "--quick"]);
    }
    process::run(cargo.env("STATEHOUSE_BIN", program))
}
