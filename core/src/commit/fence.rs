//! Keeps a run that has lost its lease from writing.
//!
//! A run is live for exactly as long as its session has one version, which says `active`. Renewals make no version, and whatever
//! ends a run does: its own end, a crash, a successor, but also a person who writes, deletes or restores the session. As versions
//! are only ever added, nothing can bring a run back to life, a restore of the whole store included.

use serde::{Deserialize, Serialize};

use crate::json::{Document, Pointer};
use crate::model::{RunId, StateKey, Version, VersionNumber};

/// The run that writes, whose lease must not be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    session: StateKey,
}

impl Fence {
    /// Of this run.
    #[must_use]
    pub fn of(run: &RunId) -> Self {
        Self { session: run.session().clone() }
    }

    /// The state that says whether the run is live.
    #[must_use]
    pub fn session(&self) -> &StateKey {
        &self.session
    }

    /// Whether the run is live, by the head of its session.
    #[must_use]
    pub fn holds(&self, session: Option<&Version>) -> bool {
        session.is_some_and(|head| Self::is_live(head.version, head.data.as_ref()))
    }

    /// Whether a session is that of a live run, by the number and the data of its head.
    #[must_use]
    pub fn is_live(version: VersionNumber, data: Option<&Document>) -> bool {
        let status = || {
            let place = Pointer::parse("/status").ok()?;
            data?.tape().get(&place)?.as_str()
        };
        version == VersionNumber(1) && status().as_deref() == Some("active")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Change, Expectation, Refusal, Terms, Tip, Write, decide, decide_on_terms};
    use super::*;
    use crate::diff::summarise;
    use crate::model::{Timestamp, Verdict};
    use std::collections::HashMap;

    fn save(key: StateKey, data: &str) -> Write {
        Write {
            key,
            change: Change::Save(data.parse().unwrap()),
            expectation: Expectation::Any,
            verdict: Verdict::NotChecked,
            author: None,
            description: None,
            batch_id: None,
            origin: None,
            foreseen: None,
            rebase: None,
        }
    }

    struct Log(Tip, HashMap<StateKey, Version>);

    impl Log {
        fn write(&mut self, writes: &[Write]) {
            decide(writes, &mut self.0, &mut self.1, Timestamp::from_micros(1), &summarise).unwrap();
        }

        fn fenced(&mut self, run: &RunId, writes: &[Write]) -> Result<(), Refusal> {
            let terms = Terms { fence: Some(Fence::of(run)), ..Terms::default() };
            let now = Timestamp::from_micros(1);
            decide_on_terms(writes, &terms, &mut self.0, &mut self.1, now, &summarise).map(drop)
        }
    }

    #[test]
    fn a_run_writes_while_its_session_is_as_it_was_begun_and_never_after() {
        let run: RunId = "grid.main.3".parse().unwrap();
        let position = || save(StateKey::new("position", "a").unwrap(), "{}");
        let active = r#"{"status":"active","n":1}"#;
        // What ends it, and then says again that it is active.
        let endings = [
            vec![save(run.session().clone(), r#"{"status":"crashed"}"#), save(run.session().clone(), active)],
            vec![
                Write { change: Change::Delete, ..save(run.session().clone(), "{}") },
                save(run.session().clone(), active),
            ],
            vec![Write {
                change: Change::Restore(r#"{"status":"active"}"#.parse().unwrap()),
                ..save(run.session().clone(), "{}")
            }],
        ];
        for ending in endings {
            let mut log = Log(Tip::START, HashMap::new());
            let never = log.fenced(&run, &[position()]).unwrap_err();
            assert!(matches!(never, Refusal::LeaseLost { session: None, .. }), "{never:?}");
            log.write(&[save(run.session().clone(), active)]);
            log.fenced(&run, &[position()]).unwrap();
            for write in ending {
                log.write(&[write]);
                let before = log.0;
                // It says so even where something else is not as it expects.
                let stale = Write { expectation: Expectation::Absent, ..position() };
                let lost = log.fenced(&run, &[stale]).unwrap_err();
                assert!(matches!(&lost, Refusal::LeaseLost { session: Some(_), .. }), "{lost:?}");
                assert_eq!(log.0, before, "nothing was written");
            }
        }
    }

    #[test]
    fn a_session_that_says_nothing_of_being_active_is_no_live_run() {
        let run: RunId = "grid.main.1".parse().unwrap();
        for data in ["{}", r#"{"status":"crashed"}"#, r#"{"status":true}"#, r#"{"run":{"status":"active"}}"#]
        {
            let mut log = Log(Tip::START, HashMap::new());
            log.write(&[save(run.session().clone(), data)]);
            let lost = log.fenced(&run, &[save(StateKey::new("position", "a").unwrap(), "{}")]);
            assert!(matches!(lost, Err(Refusal::LeaseLost { .. })), "{data}: {lost:?}");
        }
    }
}
