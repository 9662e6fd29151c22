//! The Statehouse server.

use std::io;
use std::num::NonZero;
use std::process::ExitCode;

use clap::Parser;
use statehouse_server::cli::{self, Cli};
use tokio::runtime::{Builder, Runtime};

#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(target_env = "msvc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Cli::parse();
    match runtime() {
        Ok(runtime) => runtime.block_on(cli::run(arguments)),
        Err(error) => {
            cli::complain(&format!("no threads could be started: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Threads for one core less than there are: one is left to the store, be that `SQLite`'s thread or a database beside us.
/// Whoever commits waits for it, so a thread of ours in its place makes every save slower. `TOKIO_WORKER_THREADS` says
/// otherwise.
fn runtime() -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if std::env::var_os("TOKIO_WORKER_THREADS").is_none() {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        builder.worker_threads(cores.saturating_sub(1).max(1));
    }
    builder.enable_all().build()
}
