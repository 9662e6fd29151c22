//! Which run wrote a state last, whatever was written without one since.

use std::collections::HashMap;

use stateloft_core::model::{Seq, StateKey, Version, VersionNumber};

use super::ours::run_of;
use crate::service::named::Named;
use crate::service::{Result, Service};
use crate::store::StoreError;

/// How many versions without a run are passed over in search of the run that wrote a state last.
const PASSED_OVER: u64 = 50;

/// A state of which it is not known yet.
struct Open {
    /// Its place among those that are asked about.
    at: usize,
    /// The last of its versions that was looked at, which no run wrote.
    seen: (VersionNumber, Seq),
    /// Versions that may still be looked at.
    left: u64,
}

impl Service {
    /// Of each of these heads the run that wrote its state last. All of them are followed back together: what was written without a run
    /// was mostly written at once, by a restore.
    pub(super) async fn last_runs(&self, heads: &[Version]) -> Result<Vec<Option<String>>> {
        let mut runs: Vec<Option<String>> =
            heads.iter().map(|head| run_of(head).map(str::to_owned)).collect();
        let mut open: Vec<Open> = (0..heads.len())
            .filter(|at| runs[*at].is_none())
            .map(|at| Open { at, seen: (heads[at].version, heads[at].seq), left: PASSED_OVER })
            .filter(Open::has_another)
            .collect();
        while let Some(first) = open.iter().map(|state| state.seen.1).min() {
            let keys = open.iter().map(|state| heads[state.at].key.clone()).collect();
            let before = self.versions_before(keys, first).await?;
            for state in &mut open {
                let head = &heads[state.at];
                let number = VersionNumber(state.seen.0.0 - 1);
                let version = match before.get(&head.key) {
                    Some(found) if found.0 == number => Some(found.clone()),
                    // There are others in between: this one was not written with the first.
                    _ => {
                        let version = self.store.version(&head.key, number).await?;
                        let version = version.map(StoreError::unless_damaged).transpose()?;
                        version.map(|version| {
                            (version.version, version.seq, run_of(&version).map(str::to_owned))
                        })
                    }
                };
                state.left -= 1;
                // One that is not there is passed over like one that no run wrote.
                let (_, seq, run) = version.unwrap_or((number, state.seen.1, None));
                state.seen = (number, seq);
                runs[state.at] = run;
            }
            open.retain(|state| runs[state.at].is_none() && state.has_another());
        }
        Ok(runs)
    }

    /// Of each of these states the last version before a seq, and the run that wrote it.
    async fn versions_before(&self, keys: Vec<StateKey>, seq: Seq) -> Result<HashMap<StateKey, Before>> {
        let mut named = Named::new(keys);
        let mut found = HashMap::new();
        while let Some(page) = named.next(&*self.store, Seq(seq.0.saturating_sub(1))).await? {
            for target in page.into_iter().filter_map(|state| state.target) {
                // Whose a damaged one is nobody knows; it may be ours.
                let target = StoreError::unless_damaged(target)?;
                let run = run_of(&target).map(str::to_owned);
                found.insert(target.key, (target.version, target.seq, run));
            }
        }
        Ok(found)
    }
}

/// A version: its number, its seq, and its run.
type Before = (VersionNumber, Seq, Option<String>);

impl Open {
    fn has_another(&self) -> bool {
        self.left > 0 && self.seen.0.0 > 1
    }
}
