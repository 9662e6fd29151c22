//! Autobahn's suite of the WebSocket protocol, against the test build's `/echo`, which is set up like `/ws`.
//!
//! The suite is a program in Python 2.7, which the index of packages still has but systems do not. Where one is found the suite is installed
//! once per machine. It is run by name, `cargo xtask autobahn`; the cases of our own in `tests/tests/websocket/` belong to every run
//! of the tests.

mod report;
mod suite;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::server::{self, Profile};
use crate::workspace::Workspace;
use crate::{process, progress};
use suite::Suite;

/// What does not apply: messages beyond 64 KiB, which `/ws` refuses (1009), and compression, which it does not offer.
const LEFT_OUT: [&str; 13] = [
    "9.1.2", "9.1.3", "9.1.4", "9.1.5", "9.1.6", "9.2.2", "9.2.3", "9.2.4", "9.2.5", "9.2.6", "9.3.*",
    "9.4.*", "12.*",
];
const LEFT_OUT_TOO: [&str; 3] = ["9.5.*", "9.6.*", "13.*"];

const NEEDED: &str = "Autobahn's suite needs a Python 2.7 with pip; put one on PATH or name it in PYTHON2";

/// How the suite calls what it tests.
const AGENT: &str = "stateloft";

/// Runs every case that applies.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    run_with(workspace, &suite::ensure()?.context(NEEDED)?)
}

fn run_with(workspace: &Workspace, suite: &Suite) -> Result<()> {
    let program = server::build(workspace, Profile::Test)?;
    let folder = workspace.root.join("target").join("autobahn");
    // Reports of an earlier run must not be taken for this one's.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let served = Served::start(&program, &folder)?;
    let left_out: Vec<&str> = LEFT_OUT.into_iter().chain(LEFT_OUT_TOO).collect();
    let spec = serde_json::json!({
        "outdir": folder.join("reports"),
        "servers": [{"agent": AGENT, "url": format!("ws://{}/echo", served.address)}],
        "cases": ["*"],
        "exclude-cases": left_out,
        "exclude-agent-cases": {},
    });
    let spec_file = folder.join("spec.json");
    std::fs::write(&spec_file, spec.to_string()).context("writing the suite's specification")?;
    process::run_quietly(suite.command().arg("-s").arg(&spec_file))?;
    report::check(&folder.join("reports"), AGENT)?;
    progress::note(&format!("every case: {}", workspace.shown(&folder.join("reports").join("index.html"))));
    Ok(())
}

/// A server that ends with this value.
struct Served {
    process: Child,
    address: String,
}

impl Served {
    fn start(program: &Path, folder: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(folder.join("autobahn.db"));
        let mut process =
            command.current_dir(folder).stdout(Stdio::piped()).spawn().context("starting the server")?;
        let out = process.stdout.take().context("the server has no output")?;
        let mut served = Self { process, address: String::new() };
        for line in BufReader::new(out).lines() {
            let line = line.context("reading the server's output")?;
            if let Some((_, address)) = line.split_once(" listens on http://") {
                address.trim().clone_into(&mut served.address);
                return Ok(served);
            }
        }
        bail!("the server ended before it listened")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It keeps nothing that anybody wants.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
