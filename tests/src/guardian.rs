//! Programs that end with this process, whatever ends it.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A shell that looks after other programs: it reads its input, which ends when this value or this process does, and then
/// ends them.
#[derive(Debug)]
pub(crate) struct Guardian(Child);

impl Guardian {
    /// Starts the shell, in a process group of its own.
    pub(crate) fn start(mut command: Command) -> Self {
        // Ctrl+C in a terminal reaches the test; the guardian must outlive it.
        command.stdin(Stdio::piped()).process_group(0);
        Self(command.spawn().expect("sh runs"))
    }

    /// What its programs say, where that is piped; once.
    pub(crate) fn output(&mut self) -> Option<ChildStdout> {
        self.0.stdout.take()
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        self.0.stdin.take();
        let _ = self.0.wait();
    }
}
