//! File handles: a connection is one, and many systems let a process open only 1,024 unless it asks for more.

/// Asks for as many as the system allows this process.
#[cfg(unix)]
pub(super) fn ask_for_all() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })
    {
        tracing::warn!(%error, limit = limit.current, "no more file handles are to be had: connections are limited by that");
    }
}

/// Others have no such limit.
#[cfg(not(unix))]
pub(super) fn ask_for_all() {}
