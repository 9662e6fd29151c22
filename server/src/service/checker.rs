//! Checking the chain in the background, from the server's start and then as the log grows, and what commits have left for
//! later.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use stateloft_core::api::{AlarmCode, Unreadable, VerifyReport};
use stateloft_core::model::Seq;
use tokio_util::sync::CancellationToken;

use super::Service;
use crate::repeats::Repeats;

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

/// Faults that are remembered at most.
const FAULTS: usize = 1_000;

/// What is known of the chain since the server started.
#[derive(Debug, Clone, Default)]
pub(super) struct Checked {
    /// Everything up to here was looked at.
    looked: Seq,
    /// What is wrong, by seq.
    faults: BTreeMap<Seq, String>,
}

impl Checked {
    /// Takes in what a check found, unless it left something out before it.
    pub(super) fn note(&mut self, report: &VerifyReport) {
        if report.after > self.looked {
            return;
        }
        self.looked = self.looked.max(report.checked_to);
        // Behind the end there is nothing that could be wrong but that something is missing, which was looked for.
        let end = if report.checked_to >= report.seq { Seq(u64::MAX) } else { report.checked_to };
        self.faults.retain(|seq, _| *seq <= report.after || *seq > end);
        for Unreadable { seq, reason } in &report.faults {
            if self.faults.len() < FAULTS {
                self.faults.insert(*seq, reason.clone());
            }
        }
    }

    /// Everything up to here is as it should be.
    pub(super) fn to(&self) -> Seq {
        let first = self.faults.keys().next();
        first.map_or(self.looked, |seq| Seq(seq.0.saturating_sub(1)).min(self.looked))
    }

    /// What is wrong with the first bad version.
    pub(super) fn first(&self) -> Option<String> {
        self.faults.iter().next().map(|(seq, fault)| format!("seq {seq}: {fault}"))
    }

    /// What is wrong, in a sentence; nothing if nothing is.
    pub(super) fn said(&self) -> Option<String> {
        let first = self.first()?;
        Some(match self.faults.len() {
            1 => first,
            many => {
                let seqs: Vec<String> = self.faults.keys().take(10).map(ToString::to_string).collect();
                let more = if many > 10 { ", ..." } else { "" };
                format!(
                    "{many} versions are not as they were written (seq {}{more}); {first}",
                    seqs.join(", ")
                )
            }
        })
    }
}

impl Service {
    /// Keeps checking until `stop` is cancelled. What is wrong is said in `/status`, and the check goes on behind it.
    pub async fn keep_checking(&self, stop: CancellationToken) {
        let mut grown = self.events().doorbell();
        let mut turns = self.events().turns();
        let failing = Repeats::new();
        while !stop.is_cancelled() {
            if turns.has_changed().unwrap_or(false) {
                // It is another log than the one that was checked.
                turns.borrow_and_update();
                *self.checked.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Checked::default();
                self.alarms.clear(AlarmCode::ChainBroken, "");
            }
            let looked = self.checked().looked;
            let more = self.store.keep_up(self.now()).await.unwrap_or(false);
            let last = *grown.borrow_and_update();
            let started = Instant::now();
            let rest = if looked >= last {
                tokio::select! {
                    () = stop.cancelled() => return,
                    bell = grown.changed() => if bell.is_err() { return },
                    () = tokio::time::sleep(if more { PAUSE } else { UPKEEP }) => {}
                }
                PAUSE
            } else {
                match self.verify(looked, STEP).await {
                    Ok(_) => {
                        if let Some(times) = failing.ended() {
                            tracing::info!(times, "the chain can be checked again");
                        }
                        started.elapsed() * REST
                    }
                    Err(error) => {
                        if let Some(times) = failing.happened() {
                            tracing::warn!(times, "the chain cannot be checked now: {error}");
                        }
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
