//! An engine that answers and takes no writes: an alarm, until a trial or a write says that it has passed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use stateloft_core::api::AlarmCode;

use crate::alarms::{Alarms, Raised};

/// Why an engine takes no writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It has no room.
    Full,
    /// It may not write, or cannot: read-only, a standby, a right that is missing, a disk that fails.
    Refused,
}

/// What to do about it, which is different with each engine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Actions {
    pub(super) full: &'static str,
    pub(super) refused: &'static str,
}

/// What is known of an engine's refusing.
#[derive(Debug)]
pub(super) struct Refusing {
    actions: Actions,
    alarms: Alarms,
    known: Mutex<Option<Refusal>>,
}

impl Refusing {
    pub(super) fn new(actions: Actions) -> Self {
        Self { actions, alarms: Alarms::default(), known: Mutex::default() }
    }

    /// A write was refused, or a look says that the next one will be.
    pub(super) fn refused(&self, refusal: Refusal, detail: &str) {
        let mut known = self.known();
        let (code, action, other) = match refusal {
            Refusal::Full => (AlarmCode::DiskFull, self.actions.full, AlarmCode::CannotWrite),
            Refusal::Refused => (AlarmCode::CannotWrite, self.actions.refused, AlarmCode::DiskFull),
        };
        self.alarms.clear(other, "");
        self.alarms.raise(code, "", detail, action);
        *known = Some(refusal);
    }

    /// A write was taken, or a trial of one.
    pub(super) fn took(&self) {
        let mut known = self.known();
        if known.take().is_some() {
            self.alarms.clear(AlarmCode::DiskFull, "");
            self.alarms.clear(AlarmCode::CannotWrite, "");
        }
    }

    /// Why writes are refused now, as far as is known.
    pub(super) fn now(&self) -> Option<Refusal> {
        *self.known()
    }

    /// The alarms about it.
    pub(super) fn alarms(&self) -> Vec<Raised> {
        self.alarms.list()
    }

    fn known(&self) -> MutexGuard<'_, Option<Refusal>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
