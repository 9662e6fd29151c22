//! How long the work for one request waits for a store that fails.
//!
//! A request may ask the store many times, and each call may take its time. But once one has failed, those that follow it
//! have only what is left of its time, and are not tried again, until one succeeds: so that the request as a whole fails in
//! the time that one call may take.

use std::cell::Cell;

use tokio::time::Instant;

tokio::task_local! {
    /// Set by the first call that failed since one succeeded: when its time is over.
    static FAILING_UNTIL: Cell<Option<Instant>>;
}

/// Does the work for one request. What it spawns is not part of it.
pub async fn as_one_request<F: Future>(work: F) -> F::Output {
    FAILING_UNTIL.scope(Cell::new(None), work).await
}

/// When the time is over of the call that failed before, if one did. Outside of a request every call is for itself.
pub(super) fn failing_until() -> Option<Instant> {
    FAILING_UNTIL.try_with(Cell::get).ok().flatten()
}

/// Notes that a call failed, which might have taken until then.
pub(super) fn failed(deadline: Instant) {
    let _ = FAILING_UNTIL.try_with(|until| until.set(until.get().or(Some(deadline))));
}

/// Notes that the store answered.
pub(super) fn succeeded() {
    let _ = FAILING_UNTIL.try_with(|until| until.set(None));
}
