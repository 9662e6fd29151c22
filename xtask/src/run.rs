//! `cargo xtask run`: build what changed, start the server, say where it is.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::server::Profile;
use crate::workspace::Workspace;
use crate::{console, demo, progress, server};

const DEFAULT_ADDRESS: &str = "127.0.0.1:8000";

/// How often the server is asked whether it is ready, and whether it is still there.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long one question to the server may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Builds and starts the server and stays until it ends; its exit code becomes ours.
pub(crate) fn run(workspace: &Workspace, demo: bool, server_arguments: &[String]) -> Result<ExitCode> {
    console::build(workspace)?;
    let program = server::build(workspace, Profile::Quick)?;
    let stop = stop_requests()?;
    let address = listen_address(server_arguments).unwrap_or(DEFAULT_ADDRESS);
    let mut command = Command::new(program);
    command.arg("serve").args(server_arguments).current_dir(&workspace.root);
    if listen_address(server_arguments).is_none() {
        command.args(["--listen", address]);
    }
    let started = Instant::now();
    let mut child = start(&mut command)?;
    let stopping = Arc::new(AtomicBool::new(false));
    let mut ready = false;
    loop {
        if let Some(status) = child.try_wait().context("waiting for the server")? {
            return Ok(exit_code(status));
        }
        if !ready && is_alive(address) {
            ready = true;
            announce(address, started.elapsed());
            if demo {
                demo::spawn(&format!("http://{address}"), &stopping);
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
    progress::heading(&format!("Statehouse is at http://{address} (ready in {})", progress::human(took)));
    progress::note("Its data is kept in ./data unless configured otherwise. Ctrl+C stops it.");
}

/// The value of `--listen` among the arguments that are passed on to the server.
fn listen_address(arguments: &[String]) -> Option<&str> {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--listen" {
            return arguments.next().map(String::as_str);
        }
        if let Some(value) = argument.strip_prefix("--listen=") {
            return Some(value);
        }
    }
    None
}

/// Whether the server answers `GET /livez` with success.
fn is_alive(address: &str) -> bool {
    ask(address).is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

fn ask(address: &str) -> std::io::Result<String> {
    let address: SocketAddr = address.parse().map_err(std::io::Error::other)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /livez HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer)?;
    Ok(answer)
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
    use super::listen_address;

    #[test]
    fn the_address_is_found_in_both_spellings() {
        let arguments = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(listen_address(&arguments(&["--config", "c.json"])), None);
        assert_eq!(listen_address(&arguments(&["--listen", "127.0.0.1:9"])), Some("127.0.0.1:9"));
        assert_eq!(listen_address(&arguments(&["--listen=[::1]:9"])), Some("[::1]:9"));
    }
}
