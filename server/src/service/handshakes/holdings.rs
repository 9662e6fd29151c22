//! What live runs have written, remembered from one look to the next.
//!
//! Who asks for a plan looks again when he applies it, and a restore looks before each attempt. A run that has written thousands of
//! states is read through once; then only what it has written since. What is remembered is of the log, which only grows, so it is
//! never wrong, and whatever does not fit is read again.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use stateloft_core::model::{RunId, Seq, StateKey, is_kept_of_runs};

use super::super::runs::Known;
use super::super::{Result, Service, ServiceError};
use crate::store::Wrote;

/// States that are remembered, of all runs.
const REMEMBERED: usize = 200_000;
/// States of a run that are read at a time.
const PAGE: usize = 10_000;

/// What runs have written, by their ids.
#[derive(Debug, Default)]
pub(in crate::service) struct Holdings(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    written: HashMap<String, Written>,
    /// By a run, the one whose states it was given.
    given_by: HashMap<String, RunId>,
}

/// What a run has written up to a seq.
#[derive(Debug, Default)]
struct Written {
    upto: Seq,
    keys: HashSet<StateKey>,
}

impl Holdings {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to where it is known what a run has written, if it is.
    fn known_up_to(&self, run_id: &str, end: Seq) -> Option<Seq> {
        self.book().written.get(run_id).map(|written| written.upto).filter(|upto| *upto <= end)
    }

    /// Takes in what a run has written up to a seq, from where it was known on.
    fn learn(&self, run_id: &str, from: Option<Seq>, upto: Seq, wrote: Vec<StateKey>) {
        let mut book = self.book();
        let written = book.written.entry(run_id.to_owned()).or_default();
        match from {
            // Somebody else has read the same meanwhile, or it was forgotten: then this piece has no beginning.
            Some(from) if written.upto < from => return,
            Some(_) => {}
            None => *written = Written::default(),
        }
        written.upto = written.upto.max(upto);
        written.keys.extend(wrote);
    }

    /// Which of these states a run has written, as far as it is known.
    fn among(&self, run_id: &str, keys: &HashSet<&StateKey>) -> BTreeSet<StateKey> {
        let book = self.book();
        let Some(written) = book.written.get(run_id) else { return BTreeSet::new() };
        if written.keys.len() < keys.len() {
            written.keys.iter().filter(|key| keys.contains(key)).cloned().collect()
        } else {
            keys.iter().filter(|key| written.keys.contains(**key)).map(|key| (*key).clone()).collect()
        }
    }

    fn wrote_something(&self, run_id: &str) -> bool {
        let book = self.book();
        book.written.get(run_id).is_some_and(|written| written.keys.iter().any(|key| !is_kept_of_runs(key)))
    }

    /// Forgets all runs but these, and everything where that is too much.
    pub(super) fn keep_only(&self, live: &HashSet<String>) {
        let mut book = self.book();
        book.given_by.retain(|run, _| live.contains(run));
        let given: HashSet<String> = book.given_by.values().map(ToString::to_string).collect();
        book.written.retain(|run, _| live.contains(run) || given.contains(run));
        if book.written.values().map(|written| written.keys.len()).sum::<usize>() > REMEMBERED {
            *book = Book::default();
        }
    }
}

impl Service {
    /// Which of these states a run has written that began at a seq; `end` is one that the log had reached before.
    pub(super) async fn written_among(
        &self,
        run_id: &str,
        (begun, end): (Seq, Seq),
        keys: &HashSet<&StateKey>,
    ) -> Result<BTreeSet<StateKey>> {
        let from = self.holdings.known_up_to(run_id, end);
        if from != Some(end) {
            let (mut wrote, mut behind) = (Vec::new(), None);
            loop {
                let since = from.unwrap_or(begun);
                let page = self.store.written_by(run_id, since, behind.as_ref(), PAGE).await?;
                let more = page.len() == PAGE;
                wrote.extend(page.into_iter().map(|Wrote { key, .. }| key));
                if !more {
                    break;
                }
                behind = wrote.last().cloned();
            }
            self.holdings.learn(run_id, from, end, wrote);
        }
        Ok(self.holdings.among(run_id, keys))
    }

    /// The run whose states a live one was given when it began.
    pub(super) async fn given_by(&self, run: &Known) -> Result<Option<RunId>> {
        if let Some(known) = self.holdings.book().given_by.get(run.id.as_str()) {
            return Ok(Some(known.clone()));
        }
        let Some(before) = run.session.previous.as_deref().and_then(|id| id.parse::<RunId>().ok()) else {
            return Ok(None);
        };
        match self.known(&before).await {
            Ok(Some(run)) => Ok(Some(self.last_that_wrote(run).await?.id)),
            // What it wrote is there all the same.
            Ok(None) | Err(ServiceError::StateDeleted(_)) => Ok(Some(before)),
            Err(error) => Err(error),
        }
    }

    /// Remembers that. One that had written nothing yet may not be the one.
    pub(super) fn remember_giver(&self, run: &Known, giver: &RunId) {
        if self.holdings.wrote_something(giver.as_str()) {
            self.holdings.book().given_by.insert(run.id.to_string(), giver.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> StateKey {
        StateKey::new("position", &n.to_string()).unwrap()
    }

    #[test]
    fn what_is_learned_is_added_to_what_is_known_and_a_piece_without_its_beginning_is_nothing() {
        let holdings = Holdings::default();
        assert_eq!(holdings.known_up_to("a.main.1", Seq(9)), None);
        holdings.learn("a.main.1", None, Seq(9), vec![key(1), key(2)]);
        holdings.learn("a.main.1", Some(Seq(9)), Seq(12), vec![key(3)]);
        assert_eq!(holdings.known_up_to("a.main.1", Seq(12)), Some(Seq(12)));
        let (one, three, four) = (key(1), key(3), key(4));
        assert_eq!(
            holdings.among("a.main.1", &HashSet::from([&one, &three, &four])),
            BTreeSet::from([key(1), key(3)])
        );
        assert_eq!(holdings.known_up_to("a.main.1", Seq(11)), None, "the log has another end");
        holdings.learn("b.main.1", Some(Seq(9)), Seq(12), vec![key(1)]);
        assert_eq!(holdings.among("b.main.1", &HashSet::from([&one])), BTreeSet::new());
        holdings.keep_only(&HashSet::from(["b.main.1".to_owned()]));
        assert_eq!(holdings.known_up_to("a.main.1", Seq(12)), None);
    }

    #[test]
    fn more_than_is_remembered_is_forgotten() {
        let holdings = Holdings::default();
        holdings.learn("a.main.1", None, Seq(9), (0..=REMEMBERED as u64).map(key).collect());
        holdings.keep_only(&HashSet::from(["a.main.1".to_owned()]));
        assert_eq!(holdings.known_up_to("a.main.1", Seq(9)), None);
    }
}
