//! Work on documents that takes long enough to keep others waiting.

use std::sync::{Mutex, PoisonError};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// Bytes of documents from which on others are served by another thread meanwhile.
const BYTES: usize = 256 << 10;

/// Whether work on so many bytes of documents takes long enough to keep others waiting.
pub(crate) fn is_long(bytes: usize) -> bool {
    bytes >= BYTES
}

/// Works on documents of so many bytes. Where that takes a while, what else waits for this thread goes on elsewhere.
pub(crate) fn work<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    // A runtime of one thread has nobody to go on.
    let several = || Handle::try_current().is_ok_and(|h| h.runtime_flavor() == RuntimeFlavor::MultiThread);
    if is_long(bytes) && several() { block_in_place(work) } else { work() }
}

/// Bytes of documents from which on what works on them waits for others that do: each may need many times as much.
const LARGE: usize = 2 << 20;

static ALONE: Mutex<()> = Mutex::new(());

/// As [`work`], and large documents one after the other. What works must not call this again.
pub(crate) fn alone<T>(bytes: usize, doing: impl FnOnce() -> T) -> T {
    work(bytes, || {
        // Nothing is kept behind it, so a panic of another leaves nothing broken.
        let _alone = (bytes >= LARGE).then(|| ALONE.lock().unwrap_or_else(PoisonError::into_inner));
        doing()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_only_thread_serves_others_while_one_works_long() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let (served, hears) = mpsc::channel();
        let waited = runtime.spawn(async move {
            tokio::spawn(async move { served.send(()) });
            work(BYTES, || hears.recv_timeout(Duration::from_secs(30)))
        });
        assert_eq!(runtime.block_on(waited).unwrap(), Ok(()), "the other was served before the work ended");
    }

    #[test]
    fn it_is_done_under_any_runtime_and_under_none() {
        assert_eq!(work(BYTES, || 1), 1);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(async { work(BYTES, || 2) }), 2);
    }
}
