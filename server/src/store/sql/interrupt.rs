//! Ending a statement for which nobody waits any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Dropped before it is finished, it ends what a connection does for who has gone away.
#[derive(Debug, Default)]
pub(in crate::store) struct Interrupt {
    gone: Arc<AtomicBool>,
    finished: bool,
}

impl Interrupt {
    /// Whether nobody waits any more; for the engine to ask.
    pub(in crate::store) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.gone)
    }

    /// What was waited for has come.
    pub(in crate::store) fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        if !self.finished {
            self.gone.store(true, Ordering::Relaxed);
        }
    }
}
