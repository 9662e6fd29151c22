//! Whether a run has come to hold what a restore, or what is reconciled, writes, after those that do were asked.
//!
//! The service looks for the live runs that hold what is to be written, and asks them. A run may begin between that look and the commit,
//! or write such a state for the first time: it was not asked, and would write over that. Whatever a run does so is in
//! the log behind the end that it had before the look, and inside a commit nobody else adds to it. So the commit looks through that piece.

use std::collections::{BTreeSet, HashSet};

use stateloft_core::model::{RunId, Seq, StateKey, Version, VersionNumber, is_session};

/// The most that is looked through. Who has more behind him looks for the runs anew.
pub(super) const LOOKED_THROUGH: usize = 20_000;

/// Who was asked before something is written, and when it was looked who is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The end of the log before the look.
    pub seq: Seq,
    /// The runs that were asked, or that write themselves.
    pub runs: BTreeSet<String>,
}

/// A version that was written since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) seq: Seq,
    pub(super) key: StateKey,
    /// It is the state's first.
    pub(super) first: bool,
    /// The run that wrote it; of one that was not asked it may be any text that is no run's id.
    pub(super) run_id: Option<String>,
}

impl Passed {
    /// A version, if whoever has asked runs may have to know of it.
    pub(super) fn of(version: &Version) -> Option<Self> {
        let run_id = version.origin.as_deref().and_then(|origin| origin.run_id.as_deref());
        if run_id.is_none() && !is_session(&version.key) {
            return None;
        }
        Some(Self {
            seq: version.seq,
            key: version.key.clone(),
            first: version.version == VersionNumber(1),
            run_id: run_id.map(str::to_owned),
        })
    }

    /// Whether it is a run that nobody told that these states are written: one that begins, or that writes one of them.
    pub(super) fn is_newcomer(&self, told: &Told, keys: &HashSet<&StateKey>) -> bool {
        if self.seq <= told.seq {
            return false;
        }
        let id = self.key.state_id.as_str();
        let begins = self.first && is_session(&self.key) && id.parse::<RunId>().is_ok();
        let writes = self.run_id.as_ref().is_some_and(|run| !told.runs.contains(run));
        (begins && !told.runs.contains(id)) || (writes && keys.contains(&self.key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_begins_or_writes_what_is_restored_without_having_been_asked_is_a_newcomer() {
        let key = |state_type, id| StateKey::new(state_type, id).unwrap();
        let written = key("position", "a");
        let keys = HashSet::from([&written]);
        let told = Told { seq: Seq(10), runs: BTreeSet::from(["grid.main.1".to_owned()]) };
        let passed = |seq, key: StateKey, first, run: Option<&str>| Passed {
            seq: Seq(seq),
            key,
            first,
            run_id: run.map(str::to_owned),
        };
        for (row, is) in [
            (passed(11, key("session", "grid.main.2"), true, None), true),
            (passed(11, key("session", "grid.main.2"), false, None), false),
            (passed(11, key("session", "grid.main.1"), true, None), false),
            (passed(11, key("session", "lunch"), true, None), false),
            (passed(10, key("session", "grid.main.2"), true, None), false),
            (passed(11, written.clone(), false, Some("trend.main.4")), true),
            (passed(11, written.clone(), false, Some("grid.main.1")), false),
            (passed(11, written.clone(), false, None), false),
            (passed(11, key("position", "b"), false, Some("trend.main.4")), false),
        ] {
            assert_eq!(row.is_newcomer(&told, &keys), is, "{row:?}");
        }
    }
}
