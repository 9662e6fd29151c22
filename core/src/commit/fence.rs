//! Keeps a run that has lost its lease from writing.
//!
//! A run is live for exactly as long as its session has one version, which says `active`. Renewals make no version, and whatever
//! ends a run does: its own end, a crash, a successor, but also a person who writes, deletes or restores the session. As versions
//! are only ever added, nothing can bring a run back to life, a restore of the whole store included.
//!
//! A live run that has been asked to make way for a restore is paused: from its word on, and in any case from the commit of the restore
//! on, until it says that it has read what was written. A state of its own says so ([`RunId::pause`]), as the session of a live run
//! must never be written.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::json::{Document, Pointer};
use crate::model::{RunId, StateKey, Version, VersionNumber, pause_of};

/// The run that writes, whose lease must not be lost, and which must not be paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Fence {
    session: StateKey,
    pause: StateKey,
}

/// A fence as it is kept with what waits in a journal.
#[derive(Serialize, Deserialize)]
struct Kept {
    session: StateKey,
}

impl From<Kept> for Fence {
    fn from(Kept { session }: Kept) -> Self {
        Self { pause: pause_of(&session), session }
    }
}

impl From<Fence> for Kept {
    fn from(Fence { session, .. }: Fence) -> Self {
        Self { session }
    }
}

impl Fence {
    /// Of this run.
    #[must_use]
    pub fn of(run: &RunId) -> Self {
        Kept { session: run.session().clone() }.into()
    }

    /// The state that says whether the run is live.
    #[must_use]
    pub fn session(&self) -> &StateKey {
        &self.session
    }

    /// The state that says whether the run is paused. Of most runs there never is one.
    #[must_use]
    pub fn pause(&self) -> &StateKey {
        &self.pause
    }

    /// Whether a run may not write, by the head of its pause: it has said that it makes way for a restore, or the restore has been
    /// written, and it has not said yet that it has read that.
    #[must_use]
    pub fn is_paused(pause: Option<&Version>) -> bool {
        let status = pause.and_then(|head| status_in(head.data.as_ref()));
        matches!(status.as_deref(), Some("paused" | "written"))
    }

    /// Whether the run is live, by the head of its session.
    #[must_use]
    pub fn holds(&self, session: Option<&Version>) -> bool {
        session.is_some_and(|head| Self::is_live(head.version, head.data.as_ref()))
    }

    /// Whether a session is that of a live run, by the number and the data of its head.
    #[must_use]
    pub fn is_live(version: VersionNumber, data: Option<&Document>) -> bool {
        version == VersionNumber(1) && status_in(data).as_deref() == Some("active")
    }
}

fn status_in(data: Option<&Document>) -> Option<Cow<'_, str>> {
    let place = Pointer::parse("/status").ok()?;
    data?.tape().get(&place)?.as_str()
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
    fn a_paused_run_writes_nothing_until_it_has_read_and_another_run_goes_on() {
        let (run, other): (RunId, RunId) = ("grid.main.3".parse().unwrap(), "grid.side.1".parse().unwrap());
        let position = |n: usize| save(StateKey::new("position", "a").unwrap(), &format!(r#"{{"n":{n}}}"#));
        let mut log = Log(Tip::START, HashMap::new());
        for run in [&run, &other] {
            log.write(&[save(run.session().clone(), r#"{"status":"active"}"#)]);
        }
        for (n, (status, may)) in [
            (r#"{"status":"asked"}"#, true),
            (r#"{"status":"paused"}"#, false),
            (r#"{"status":"gone_on"}"#, true),
            (r#"{"status":"written","handshake":"x"}"#, false),
            (r#"{"status":"reloaded"}"#, true),
            (r#"{"handshake":"x"}"#, true),
        ]
        .into_iter()
        .enumerate()
        {
            log.write(&[save(run.pause().clone(), status)]);
            let before = log.0;
            let stale = Write { expectation: Expectation::Absent, ..position(9) };
            let answer = log.fenced(&run, &[if may { position(n) } else { stale }]);
            if may {
                answer.unwrap();
            } else {
                assert!(matches!(answer, Err(Refusal::RunPaused { .. })), "{status}: {answer:?}");
                assert_eq!(log.0, before, "nothing was written");
            }
            log.fenced(&other, &[position(100 + n)]).unwrap();
        }
        // Who has lost its lease is told so, paused or not.
        log.write(&[save(run.pause().clone(), r#"{"status":"paused"}"#)]);
        log.write(&[save(run.session().clone(), r#"{"status":"crashed"}"#)]);
        assert!(matches!(log.fenced(&run, &[position(7)]), Err(Refusal::LeaseLost { .. })));
    }

    #[test]
    fn a_fence_is_kept_as_it_always_was() {
        let run: RunId = "grid.main.3".parse().unwrap();
        let kept = r#"{"session":{"state_type":"session","state_id":"grid.main.3"}}"#;
        assert_eq!(serde_json::to_string(&Fence::of(&run)).unwrap(), kept);
        let read: Fence = serde_json::from_str(kept).unwrap();
        assert_eq!((&read, read.pause()), (&Fence::of(&run), run.pause()));
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
