//! Until when a commit must be over, known by the store itself: so that it can say of a commit that is cut short whether
//! anything of it can have been written.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Result, StoreError};

/// What a store needs to speak before whoever waits for it does.
const MARGIN: Duration = Duration::from_millis(20);

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Makes a call whose caller does not wait longer than until then.
pub(super) async fn by<F: Future>(deadline: Instant, call: F) -> F::Output {
    DEADLINE.scope(deadline, call).await
}

/// Whether what commits has been sent.
#[derive(Debug, Default)]
pub(super) struct Sending(AtomicBool);

impl Sending {
    /// From now on the commit may be written.
    pub(super) fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// It was refused: it is as if it had not been sent.
    pub(super) fn refused(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Commits within the time that there is, at most `patience`. A commit that was cut short before it was sent has written
/// nothing. `engine` is its name for the log.
pub(super) async fn commit<T>(
    engine: &str,
    patience: Duration,
    sending: &Sending,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let own = Instant::now() + patience;
    let deadline = DEADLINE.try_with(|deadline| own.min(*deadline - MARGIN)).unwrap_or(own);
    timeout_at(deadline, work).await.unwrap_or_else(|_| {
        let error = StoreError::Unavailable(format!("{engine} did not answer in time"));
        Err(if sending.0.load(Ordering::SeqCst) { error } else { error.before_commit() })
    })
}
