//! The threads that commands run on.

use std::io;
use std::num::NonZero;
use std::process::ExitCode;

use clap::Parser as _;
use tokio::runtime::{Builder, Runtime};

use super::{Cli, complain, run};

/// The program: reads the command line, runs the command, and says how it ended.
///
/// It stands in the library, and is not `async`, so that everything is compiled with the library. Whatever drives a future
/// compiles all that the future does, and the program would do it a second time.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Cli::parse();
    match runtime() {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => {
            complain(&format!("no threads could be started: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Threads for one core less than there are, and at least two. One core is left to the store, be that `SQLite`'s thread or a
/// database beside us: whoever commits waits for it, so a thread of ours in its place makes every save slower. A thread that
/// serves everybody alone makes all of them wait for whatever keeps it, if only for a few milliseconds: with two, the slowest of
/// a hundred small saves beside large work take three quarters of the time. `TOKIO_WORKER_THREADS` says otherwise.
fn runtime() -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if std::env::var_os("TOKIO_WORKER_THREADS").is_none() {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        builder.worker_threads(cores.saturating_sub(1).max(2));
    }
    builder.enable_all().build()
}
