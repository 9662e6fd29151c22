//! Building the server, with the console inside.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use crate::finish::QUICK_PROFILE;
use crate::workspace::Workspace;
use crate::{console, process, progress, typical};

pub(crate) const PACKAGE: &str = "stateloft-server";
const PROGRAM: &str = "stateloft";

/// What the program of a first start is built with, and what the whole one has besides. Neither has the console in it: it reads the
/// one in `dist/`.
pub(crate) const QUICK: &str = "mimalloc";
const WHOLE: &str = "network,encryption";

/// How the server is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Without optimisation, sharing everything that the tests compile.
    Test,
    /// Optimised where it pays at once, and without what a first start can do without: for `run`, where a person waits.
    Quick,
    /// The same with all its parts.
    QuickWhole,
    /// What is shipped and measured.
    Release,
}

impl Profile {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Test => "dev",
            Self::Quick | Self::QuickWhole => QUICK_PROFILE,
            Self::Release => "release",
        }
    }

    fn folder(self) -> &'static str {
        if self == Self::Test { "debug" } else { self.name() }
    }

    /// How long building takes where nothing has been built yet.
    pub(crate) fn typical_time(self) -> Duration {
        match self {
            Self::Test => typical::SERVER_TEST,
            Self::Quick => typical::SERVER_QUICK,
            Self::QuickWhole => typical::SERVER_QUICK_WHOLE,
            Self::Release => typical::SERVER_RELEASE,
        }
    }

    /// Where cargo puts the program.
    pub(crate) fn program(self, workspace: &Workspace) -> PathBuf {
        workspace.program(self.folder(), PROGRAM)
    }
}

/// Compiles the server as it stands, with whatever console lies in `dist/`, and returns its program.
pub(crate) fn build(workspace: &Workspace, profile: Profile) -> Result<PathBuf> {
    let program = profile.program(workspace);
    let first = typical::the_first_time(!program.is_file(), profile.typical_time());
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--profile", profile.name(), "--bin", PROGRAM]);
    // Tests compile the whole workspace; choosing the same packages here means the same features, so nothing
    // is compiled twice.
    match profile {
        Profile::Test => cargo.arg("--workspace"),
        Profile::Quick => cargo.args(["--package", PACKAGE, "--no-default-features", "--features", QUICK]),
        Profile::QuickWhole => {
            let features = format!("{QUICK},{WHOLE}");
            cargo.args(["--package", PACKAGE, "--no-default-features", "--features", &features])
        }
        Profile::Release => cargo.args(["--package", PACKAGE]),
    };
    progress::step(&format!("Building the server ({}){first}", profile.name()), || process::run(&mut cargo))?;
    Ok(program)
}

/// Compiles the server and the soak that keeps it busy, together, so that nothing is compiled twice.
pub(crate) fn build_with_soak(workspace: &Workspace, profile: Profile) -> Result<[PathBuf; 2]> {
    const SOAK: &str = "soak";
    progress::heading(&format!("Building the server and the soak ({})", profile.name()));
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--profile", profile.name(), "--workspace", "--bin", PROGRAM, "--bin", SOAK]);
    process::run(&mut cargo)?;
    Ok([PROGRAM, SOAK].map(|name| workspace.program(profile.folder(), name)))
}

/// `cargo xtask build`: the program to ship.
pub(crate) fn release(workspace: &Workspace) -> Result<()> {
    console::build(workspace)?;
    let program = build(workspace, Profile::Release)?;
    progress::answer(&workspace.shown(&program).to_string())?;
    Ok(())
}
