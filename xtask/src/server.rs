//! Building the server, with the console inside.

use std::path::PathBuf;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{console, process, progress};

const PACKAGE: &str = "statehouse-server";
const PROGRAM: &str = "statehouse";

/// How the server is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Without optimisation, sharing everything that the tests compile.
    Test,
    /// Optimised, but without the slow last steps: for `run`, where a person waits for the first start.
    Quick,
    /// What is shipped and measured.
    Release,
}

impl Profile {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Test => "dev",
            Self::Quick => "quick",
            Self::Release => "release",
        }
    }

    fn folder(self) -> &'static str {
        if self == Self::Test { "debug" } else { self.name() }
    }
}

/// Compiles the server as it stands, with whatever console lies in `dist/`, and returns its program.
pub(crate) fn build(workspace: &Workspace, profile: Profile) -> Result<PathBuf> {
    progress::heading(&format!("Building the server ({})", profile.name()));
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--profile", profile.name(), "--bin", PROGRAM]);
    // Tests compile the whole workspace; choosing the same packages here means the same features, so nothing
    // is compiled twice.
    if profile == Profile::Test {
        cargo.arg("--workspace")
    } else {
        cargo.args(["--package", PACKAGE])
    };
    process::run(&mut cargo)?;
    Ok(workspace.program(profile.folder(), PROGRAM))
}

/// `cargo xtask build`: the program to ship.
pub(crate) fn release(workspace: &Workspace) -> Result<()> {
    console::build(workspace)?;
    let program = build(workspace, Profile::Release)?;
    progress::answer(&workspace.shown(&program).to_string())?;
    Ok(())
}
