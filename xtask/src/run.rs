//! `cargo xtask run`: build what changed, start the server, say where it is.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::server::Profile;
use crate::workspace::Workspace;
use crate::{console, demo, first_start, progress, server};

const DEFAULT_ADDRESS: &str = "127.0.0.1:8000";

/// How often it is looked whether the server has said something, and whether it is still there.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Builds and starts the server and stays until it ends; its exit code becomes ours.
pub(crate) fn run(
    workspace: &Workspace,
    demo: bool,
    whole: bool,
    server_arguments: &[String],
) -> Result<ExitCode> {
    let default_address = (!names_an_address(server_arguments)).then_some(DEFAULT_ADDRESS);
    first_start::foretell(workspace, default_address);
    let profile = if whole { Profile::QuickWhole } else { Profile::Quick };
    let program = console::build_beside(workspace, || server::build(workspace, profile))?;
    let stop = stop_requests()?;
    let mut command = Command::new(program);
    command.arg("serve").args(server_arguments).current_dir(&workspace.root).stdout(Stdio::piped());
    if let Some(address) = default_address {
        command.args(["--listen", address]);
    }
    let started = Instant::now();
    let mut child = start(&mut command)?;
    let said = child.stdout.take().context("the server has no standard output")?;
    let addresses = listen_for_address(said);
    let stopping = Arc::new(AtomicBool::new(false));
    loop {
        if let Some(status) = child.try_wait().context("waiting for the server")? {
            return Ok(exit_code(status));
        }
        if let Ok(address) = addresses.try_recv() {
            announce(&address, started.elapsed());
            if demo {
                demo::spawn(&address, &stopping);
            }
        }
        match stop.recv_timeout(LOOK_EVERY) {
            Ok(()) => {
                stopping.store(true, Ordering::Relaxed);
                interrupt(&child);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }
}

/// Hands on what the server says, and its address once it has said that it listens: whoever only asked the address
/// could be answered by another server that has it already.
fn listen_for_address(said: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(said).lines().map_while(Result::ok) {
            progress::pass_on(&line);
            if let Some(address) = address_in(&line) {
                // Fails only when nobody waits for it any more.
                let _ = sender.send(address.to_owned());
            }
        }
    });
    receiver
}

/// `stateloft 0.1.0 listens on http://127.0.0.1:8000` names `http://127.0.0.1:8000`.
fn address_in(line: &str) -> Option<&str> {
    let (program, address) = line.split_once(" listens on ")?;
    (program.starts_with("stateloft ") && address.starts_with("http://")).then_some(address)
}

/// Runs the simulated trading program against a server that somebody else has started, until Ctrl+C.
pub(crate) fn demo(server: &str) -> Result<ExitCode> {
    let stop = stop_requests()?;
    let stopping = Arc::new(AtomicBool::new(false));
    let desk = demo::spawn(server.trim_end_matches('/'), &stopping);
    while !desk.is_finished() {
        if stop.recv_timeout(LOOK_EVERY).is_ok() {
            return Ok(ExitCode::SUCCESS);
        }
    }
    // It only ends by itself when there is no use in going on, and has said why.
    Ok(ExitCode::FAILURE)
}

fn announce(address: &str, took: Duration) {
    progress::heading(&format!("Stateloft is at {address} (ready in {})", progress::human(took)));
    progress::note("Its data is kept in ./data unless configured otherwise. Ctrl+C stops it.");
}

/// Whether the arguments that are passed on to the server say where it listens.
fn names_an_address(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument == "--listen" || argument.starts_with("--listen="))
}

/// One message for each Ctrl+C or request to terminate.
fn stop_requests() -> Result<Receiver<()>> {
    let (sender, receiver) = channel();
    ctrlc::set_handler(move || {
        // Fails only when the receiver is gone, that is when this program ends anyway.
        let _ = sender.send(());
    })
    .context("installing the handler for Ctrl+C")?;
    Ok(receiver)
}

/// Starts the server in a process group of its own: Ctrl+C in the terminal then reaches only us, and we pass on
/// each one exactly once, as well as a SIGTERM that was meant for us.
#[cfg(unix)]
fn start(command: &mut Command) -> Result<Child> {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0).spawn().context("starting the server")
}

/// On Windows the console itself tells every program about Ctrl+C.
#[cfg(not(unix))]
fn start(command: &mut Command) -> Result<Child> {
    command.spawn().context("starting the server")
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    progress::note("stopping");
    if let Ok(id) = i32::try_from(child.id()) {
        // Fails only when the server has just ended by itself, which the caller is about to see.
        let _ = kill(Pid::from_raw(id), Signal::SIGINT);
    }
}

#[cfg(not(unix))]
fn interrupt(_child: &Child) {
    progress::note("stopping");
}

/// The server's exit code; a server killed by a signal counts as failed.
fn exit_code(status: ExitStatus) -> ExitCode {
    if !status.success() {
        progress::error(&format!("the server ended with {status}"));
    }
    match status.code() {
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        None => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::{address_in, names_an_address};

    #[test]
    fn the_address_is_found_in_both_spellings() {
        let given = |words: &[&str]| {
            names_an_address(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        assert!(!given(&["--config", "c.json"]));
        assert!(given(&["--listen", "127.0.0.1:9"]));
        assert!(given(&["--listen=[::1]:9"]));
    }

    #[test]
    fn the_server_says_where_it_is() {
        assert_eq!(
            address_in("stateloft 0.1.0 listens on http://127.0.0.1:8000"),
            Some("http://127.0.0.1:8000")
        );
        assert_eq!(address_in("anything else"), None);
    }
}
