//! The work on the files that are read: understood by the worker, then held against the store. What is new meanwhile is taken up
//! when that is done; what was left out ends it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::abortable;
use js_sys::Uint8Array;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::ImportOptions;
use stateloft_core::model::StateKey;

use super::importing::{Importing, Shown, Work};
use super::looking::look;
use crate::api::ApiError;
use crate::live::live;
use crate::model::import::wanted;
use crate::model::inbox::Event;
use crate::worker::{self, Judged, WorkerError};

/// How long after a change in the store it is looked at again.
const SETTLE: Duration = Duration::from_secs(1);

/// Why the work went no further.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fault {
    /// The files were not understood: the worker failed.
    Worker(WorkerError),
    /// The store could not be looked at.
    Store(ApiError),
}

impl Fault {
    /// What happened, and what else is known.
    pub(super) fn words(&self) -> (String, String) {
        match self {
            Self::Worker(error) => ("The files could not be looked at.".to_owned(), error.words()),
            Self::Store(error) => error.of_read(),
        }
    }
}

impl Importing {
    /// Works on what is read, now or as soon as what is under way is done.
    pub(super) fn work_on(self) {
        match self.work.try_get_untracked() {
            Some(Work::Idle) => self.work_anew(),
            Some(_) => {
                self.again.try_set_value(true);
            }
            None => {}
        }
    }

    /// Ends what is under way, and begins again.
    pub(super) fn work_anew(self) {
        if let Some(handle) = self.abort.try_update_value(Option::take).flatten() {
            handle.abort();
        }
        if self.work.try_set(Work::Idle).is_some() {
            return;
        }
        let (work, handle) = abortable(self.rounds());
        self.abort.set_value(Some(handle));
        spawn_local(async move {
            // Ended by whoever began again.
            let _ = work.await;
        });
    }

    async fn rounds(self) {
        loop {
            self.again.try_set_value(false);
            let fault = self.one_round().await.err();
            self.fault.try_set(fault.clone());
            if fault.is_some() || self.again.try_get_value() != Some(true) {
                self.work.try_set(Work::Idle);
                return;
            }
        }
    }

    async fn one_round(self) -> Result<(), Fault> {
        let read = self.read();
        if read.is_empty() {
            self.shown.try_set(None);
            return Ok(());
        }
        let judged = self.judge(read).await.map_err(Fault::Worker)?;
        let found = Arc::clone(&judged.found);
        let is_shown = |shown: &Arc<Shown>| Arc::ptr_eq(&shown.found, &found);
        let again = self.shown.try_with_untracked(|shown| shown.as_ref().is_some_and(is_shown)) == Some(true);
        let progress = move |done, all| {
            self.work.try_set(if again { Work::LookingAgain } else { Work::Looking(done, all) });
        };
        let look = Arc::new(look(&found, progress).await.map_err(Fault::Store)?);
        let round = self.round.try_update(|round| {
            *round += 1;
            *round
        });
        let (stood, quarantine) = (Arc::new(look.items(&found)), Arc::new(look.quarantine(&found)));
        let keys = Arc::new(wanted(&found).into_keys().collect());
        let shown = Shown { round: round.unwrap_or_default(), found, look, stood, quarantine, keys };
        self.details.forget_moved(&shown);
        self.shown.try_set(Some(Arc::new(shown)));
        Ok(())
    }

    /// What the worker says of the files: what it said before, if they are the same.
    async fn judge(self, read: Vec<(u32, String, Uint8Array)>) -> Result<Arc<Judged>, WorkerError> {
        let zone = self.zone.try_get_untracked().flatten();
        let ids: Vec<u32> = read.iter().map(|(id, ..)| *id).collect();
        let known = self.judged.try_with_value(|judged| {
            let (known, with, judged) = judged.as_ref()?;
            (*known == ids && *with == zone).then(|| Arc::clone(judged))
        });
        if let Some(known) = known.flatten() {
            return Ok(known);
        }
        self.work.try_set(Work::Judging);
        let files: Vec<_> = read.into_iter().map(|(_, name, bytes)| (name, bytes)).collect();
        let options = ImportOptions { assume_tz: zone.clone(), ..ImportOptions::default() };
        let judged = Arc::new(worker::import_preview(&files, &options).await?);
        self.judged.try_set_value(Some((ids, zone, Arc::clone(&judged))));
        Ok(judged)
    }

    /// Looks at the store again when something is written that the files speak of, and when the server is back.
    pub(super) fn follow(self) {
        let live = live();
        Effect::new(move |first: Option<()>| {
            live.back.track();
            live.epoch.track();
            if first.is_some() {
                untrack(|| self.work_on());
            }
        });
        let due = StoredValue::new(false);
        live.on_events(move |events| {
            let is_ours = |event: &Event| {
                let key = StateKey { state_type: event.state_type.clone(), state_id: event.state_id.clone() };
                let ours = |shown: &Arc<Shown>| shown.keys.contains(&key);
                self.shown.try_with_untracked(|shown| shown.as_ref().is_some_and(ours)) == Some(true)
            };
            let first = || due.try_update_value(|due| !std::mem::replace(due, true)) == Some(true);
            if events.iter().any(is_ours) && first() {
                set_timeout(
                    move || {
                        if due.try_set_value(false).is_none() {
                            self.work_on();
                        }
                    },
                    SETTLE,
                );
            }
        });
    }
}
