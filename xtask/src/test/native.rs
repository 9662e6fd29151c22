//! Steps that run tests as programs of this machine.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::server::{self, Profile};
use crate::tools::find_program;
use crate::workspace::Workspace;
use crate::{axe, browser, influxd, postgres, process, progress};

/// Integration tests with this prefix drive a browser through the console and need it built.
const JOURNEYS: &str = "journeys";

/// How tests learn where the server's program is.
const SERVER_VARIABLE: &str = "STATELOFT_BIN";

/// Unit, integration and documentation tests of all packages, without the journeys.
pub(super) fn all_but_journeys(workspace: &Workspace) -> Result<()> {
    postgres::ensure()?;
    let influxd = influxd::ensure(workspace)?;
    let server = server::build(workspace, Profile::Test)?;
    let mut tests = runner(workspace, &server);
    tests.env(influxd::VARIABLE, influxd);
    if has_nextest() {
        tests.args(["-E", &format!("not binary(/^{JOURNEYS}/)")]);
    } else {
        tests.args(["--lib", "--bins"]);
        for name in workspace.integration_tests.iter().filter(|name| !is_journey(name)) {
            tests.args(["--test", name]);
        }
    }
    process::run(&mut tests)?;
    let mut documentation = workspace.cargo();
    process::run(documentation.args(["test", "--doc", "--workspace"]).env(SERVER_VARIABLE, &server))
}

/// The journeys, against a server with the console that was just built.
pub(super) fn journeys(workspace: &Workspace) -> Result<()> {
    let journeys: Vec<&String> = workspace.integration_tests.iter().filter(|name| is_journey(name)).collect();
    if journeys.is_empty() {
        bail!("no integration test is named {JOURNEYS}*");
    }
    let browser = browser::ensure()?;
    let axe = axe::ensure()?;
    let server = server::build(workspace, Profile::Test)?;
    let mut tests = runner(workspace, &server);
    tests.env(axe::VARIABLE, axe);
    for name in journeys {
        tests.args(["--test", name]);
    }
    browser.configure(&mut tests);
    process::run(&mut tests)
}

/// cargo-nextest where it is installed: it runs tests of several programs at once.
fn runner(workspace: &Workspace, server: &Path) -> Command {
    let mut command = workspace.cargo();
    if has_nextest() {
        command.args(["nextest", "run", "--workspace"]);
    } else {
        progress::note("cargo-nextest is not installed; using cargo test");
        command.args(["test", "--workspace"]);
    }
    command.env(SERVER_VARIABLE, server);
    command
}

fn has_nextest() -> bool {
    find_program("cargo-nextest").is_some()
}

fn is_journey(name: &str) -> bool {
    name.starts_with(JOURNEYS)
}
