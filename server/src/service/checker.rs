//! Checking the chain in the background, from the server's start and then as the log grows, and what commits have left for
//! later.

use std::time::{Duration, Instant};

use statehouse_core::api::AlarmCode;
use statehouse_core::model::Seq;
use tokio_util::sync::CancellationToken;

use super::Service;

/// Versions checked in one step: enough to make the questions around them cheap, few enough to stop soon.
const STEP: usize = 500;

/// After each step the check rests this many times as long as the step took, so that it never takes more than a tenth of
/// the store's time from those who wait for an answer.
const REST: u32 = 9;

/// How long it rests at least, so that single saves are checked together.
const PAUSE: Duration = Duration::from_secs(1);

/// How often it is seen to what commits have left for later, when there is nothing to check.
const UPKEEP: Duration = Duration::from_secs(20);

/// How long it waits for a store that does not answer.
const AWAY: Duration = Duration::from_secs(10);

/// What is known of the chain since the server started.
#[derive(Debug, Clone, Default)]
pub(super) struct Checked {
    /// Everything up to here is as it should be.
    pub(super) to: Seq,
    /// What is wrong with the next version.
    pub(super) fault: Option<String>,
}

impl Service {
    /// Keeps checking until `stop` is cancelled or a fault is found, which `/status` then says.
    pub async fn keep_checking(&self, stop: CancellationToken) {
        let mut grown = self.events().doorbell();
        let mut turns = self.events().turns();
        while !stop.is_cancelled() {
            if turns.has_changed().unwrap_or(false) {
                // It is another log than the one that was checked.
                turns.borrow_and_update();
                *self.checked.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Checked::default();
                self.alarms.clear(AlarmCode::ChainBroken, "");
            }
            let checked = self.checked();
            if checked.fault.is_some() {
                return;
            }
            let more = self.store.keep_up(self.now()).await.unwrap_or(false);
            let last = *grown.borrow_and_update();
            let started = Instant::now();
            let rest = if checked.to >= last {
                tokio::select! {
                    () = stop.cancelled() => return,
                    bell = grown.changed() => if bell.is_err() { return },
                    () = tokio::time::sleep(if more { PAUSE } else { UPKEEP }) => {}
                }
                PAUSE
            } else {
                match self.verify(checked.to, STEP).await {
                    Ok(_) => started.elapsed() * REST,
                    Err(error) => {
                        tracing::warn!("the chain cannot be checked now: {error}");
                        AWAY
                    }
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    pub(super) fn checked(&self) -> Checked {
        self.checked.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}
