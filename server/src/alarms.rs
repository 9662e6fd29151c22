//! What is wrong and stays so: raised where it is noticed, shown wherever anybody looks.
//!
//! Whoever notices something raises an alarm here, and clears it when it has passed. The log says both, once each. Stores
//! have a list of their own ([`Admin::alarms`](crate::store::Admin::alarms)), which the service shows with its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stateloft_core::api::{Alarm, AlarmCode, Stops};
use stateloft_core::model::Timestamp;

/// Alarms of one code are told apart by what they are about, up to so many; the others are counted in the last one.
const SUBJECTS_MAX: usize = 100;

/// An alarm as it is kept: without a time of day, which only the service knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// Which kind.
    pub code: AlarmCode,
    /// What it stops: what its kind does, unless something stands in for what is stopped.
    pub stops: Stops,
    /// How long ago it was raised.
    pub age: Duration,
    /// What is wrong, with places and figures.
    pub detail: String,
    /// What to do about it.
    pub action: String,
}

impl Raised {
    /// The alarm as it is shown at `now`.
    #[must_use]
    pub fn shown(self, now: Timestamp) -> Alarm {
        let age = i64::try_from(self.age.as_micros()).unwrap_or(i64::MAX);
        Alarm {
            code: self.code,
            stops: self.stops,
            since: Timestamp::from_micros(now.micros().saturating_sub(age)),
            detail: self.detail,
            action: self.action,
        }
    }
}

/// The alarms of one part of the program.
#[derive(Debug, Default)]
pub struct Alarms {
    raised: Mutex<BTreeMap<(AlarmCode, String), Kept>>,
}

#[derive(Debug)]
struct Kept {
    at: Instant,
    detail: String,
    action: String,
}

impl Alarms {
    /// Raises an alarm about something, or says its latest words if it is raised already.
    ///
    /// `about` tells alarms of one code apart: a version, a file; nothing where there can be only one.
    pub fn raise(&self, code: AlarmCode, about: &str, detail: impl Into<String>, action: impl Into<String>) {
        let (detail, action) = (detail.into(), action.into());
        let mut raised = self.raised();
        let of_code = raised.range((code, String::new())..).take_while(|((of, _), _)| *of == code).count();
        if let Some(kept) = raised.get_mut(&(code, about.to_owned())) {
            (kept.detail, kept.action) = (detail, action);
            return;
        }
        if of_code >= SUBJECTS_MAX {
            return;
        }
        tracing::error!(%code, action, "{detail}");
        raised.insert((code, about.to_owned()), Kept { at: Instant::now(), detail, action });
    }

    /// It has passed.
    pub fn clear(&self, code: AlarmCode, about: &str) {
        if let Some(kept) = self.raised().remove(&(code, about.to_owned())) {
            tracing::info!(%code, "it has passed: {}", kept.detail);
        }
    }

    /// Whether an alarm of this code is raised.
    #[must_use]
    pub fn is_raised(&self, code: AlarmCode) -> bool {
        self.raised().keys().any(|(of, _)| *of == code)
    }

    /// The alarms that are raised, by code.
    #[must_use]
    pub fn list(&self) -> Vec<Raised> {
        let raised = self.raised();
        let of = |((code, _), kept): (&(AlarmCode, String), &Kept)| Raised {
            code: *code,
            stops: code.stops(),
            age: kept.at.elapsed(),
            detail: kept.detail.clone(),
            action: kept.action.clone(),
        };
        raised.iter().map(of).collect()
    }

    /// The first alarm that keeps writes from being taken.
    #[must_use]
    pub fn stopping_writes(&self) -> Option<String> {
        let raised = self.raised();
        let stopping = raised.iter().find(|((code, _), _)| code.stops() == Stops::Writes);
        stopping.map(|(_, kept)| format!("{}. {}", kept.detail, kept.action))
    }

    fn raised(&self) -> MutexGuard<'_, BTreeMap<(AlarmCode, String), Kept>> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_raised_once_says_its_latest_words_and_passes() {
        let alarms = Alarms::default();
        alarms.raise(AlarmCode::ChainBroken, "seq 4", "seq 4 is damaged", "restore a backup");
        let first = alarms.list();
        alarms.raise(AlarmCode::ChainBroken, "seq 4", "seq 4 is damaged, and more", "restore a backup");
        let second = alarms.list();
        assert_eq!((first.len(), second.len()), (1, 1));
        assert_eq!(second[0].detail, "seq 4 is damaged, and more");
        assert!(second[0].age >= first[0].age, "it began when it was raised first");
        alarms.clear(AlarmCode::ChainBroken, "seq 5");
        assert!(alarms.is_raised(AlarmCode::ChainBroken), "another one has passed");
        alarms.clear(AlarmCode::ChainBroken, "seq 4");
        assert!(alarms.list().is_empty());
    }

    #[test]
    fn what_is_about_many_things_is_kept_within_bounds() {
        let alarms = Alarms::default();
        for seq in 0..1_000 {
            alarms.raise(AlarmCode::ChainBroken, &seq.to_string(), "damaged", "look");
        }
        assert_eq!(alarms.list().len(), SUBJECTS_MAX);
    }
}
