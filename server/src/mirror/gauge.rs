//! What the mirror has done, for those who look.

use std::sync::{Mutex, MutexGuard, PoisonError};

use stateloft_core::api::{MirrorState, MirrorStatus};
use stateloft_core::model::Seq;

use super::MirrorSettings;
use super::fields::Tally;

/// Counts since the start.
#[derive(Debug, Default)]
pub(super) struct Gauge(Mutex<Figures>);

#[derive(Debug, Default)]
struct Figures {
    state: MirrorState,
    seq: Option<Seq>,
    points: u64,
    lost: u64,
    absent: u64,
    not_numbers: u64,
    fault: Option<String>,
    refusal: Option<String>,
}

impl Gauge {
    fn figures(&self) -> MutexGuard<'_, Figures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything up to this seq is dealt with; `lost` of the points are missing.
    pub(super) fn done(&self, seq: Seq, tally: Tally, lost: u64) {
        let mut figures = self.figures();
        figures.seq = Some(seq);
        figures.points += tally.points.saturating_sub(lost);
        figures.lost += lost;
        figures.absent += tally.absent;
        figures.not_numbers += tally.not_numbers;
    }

    pub(super) fn refused(&self, why: String) {
        self.figures().refusal = Some(why);
    }

    /// It works; `true` if it did not before.
    pub(super) fn works(&self) -> bool {
        let mut figures = self.figures();
        figures.fault = None;
        std::mem::replace(&mut figures.state, MirrorState::Following) == MirrorState::Away
    }

    /// It does not work; `true` if it did before.
    pub(super) fn fails(&self, why: String) -> bool {
        let mut figures = self.figures();
        figures.fault = Some(why);
        std::mem::replace(&mut figures.state, MirrorState::Away) != MirrorState::Away
    }

    pub(super) fn status(&self, settings: &MirrorSettings, last: Seq) -> MirrorStatus {
        let figures = self.figures();
        let (types, fields) = settings.fields.counts();
        MirrorStatus {
            target: settings.bucket.to_string(),
            state: figures.state,
            types,
            fields,
            seq: figures.seq,
            behind: figures.seq.map_or(0, |seq| last.0.saturating_sub(seq.0)),
            queue_size: settings.queue_size,
            points: figures.points,
            lost: figures.lost,
            absent: figures.absent,
            not_numbers: figures.not_numbers,
            fault: figures.fault.clone(),
            refusal: figures.refusal.clone(),
        }
    }
}
