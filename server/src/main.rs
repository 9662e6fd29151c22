//! The Stateloft server.

use std::process::ExitCode;

#[cfg(all(feature = "jemalloc", not(target_env = "msvc")))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(any(feature = "mimalloc", target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(all(feature = "jemalloc", feature = "mimalloc", not(target_env = "msvc")))]
compile_error!("a program has one allocator: choose `jemalloc` or `mimalloc`");

fn main() -> ExitCode {
    stateloft_server::cli::main()
}
