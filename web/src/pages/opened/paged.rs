//! A long list that the worker holds: a page is read when the end of what is here comes near.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::DeserializeOwned;

use crate::worker::{Ask, WorkerError};

/// Rows of a page.
const PAGE: usize = 200;

/// What of a list is here.
pub(super) struct Paged<T: Send + Sync + 'static> {
    /// The rows.
    pub(super) rows: RwSignal<Vec<Arc<T>>>,
    /// How many there are; none before the first page.
    pub(super) total: RwSignal<Option<usize>>,
    /// Why there is no more.
    pub(super) fault: RwSignal<Option<WorkerError>>,
    function: &'static str,
    asked: Memo<Ask>,
    /// Counts what was asked, so that a late answer to another question is not taken.
    round: StoredValue<u32>,
    busy: StoredValue<bool>,
}

impl<T: Send + Sync + 'static> Clone for Paged<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Paged<T> {}

impl<T: DeserializeOwned + Send + Sync + 'static> Paged<T> {
    /// Reads the first page, and again whenever something else is asked.
    pub(super) fn new(function: &'static str, asked: Memo<Ask>) -> Self {
        let this = Self {
            rows: RwSignal::new(Vec::new()),
            total: RwSignal::new(None),
            fault: RwSignal::new(None),
            function,
            asked,
            round: StoredValue::new(0),
            busy: StoredValue::new(false),
        };
        Effect::new(move || {
            asked.track();
            this.round.update_value(|round| *round += 1);
            this.read(true);
        });
        this
    }

    /// Reads the next page, unless that is happening already or all is here.
    pub(super) fn more(self) {
        let here = self.rows.with_untracked(Vec::len);
        let all = self.total.get_untracked().is_none_or(|total| here >= total);
        if !all && !self.busy.get_value() {
            self.read(false);
        }
    }

    fn read(self, first: bool) {
        let (ask, round) = (self.asked.get_untracked(), self.round.get_value());
        let offset = if first { 0 } else { self.rows.with_untracked(Vec::len) };
        self.busy.set_value(true);
        spawn_local(async move {
            let page = ask.page::<T>(self.function, offset, PAGE).await;
            if self.round.try_get_value() != Some(round) {
                return;
            }
            self.busy.set_value(false);
            match page {
                Ok(page) => {
                    let items = page.items.into_iter().map(Arc::new);
                    self.rows.update(|rows| {
                        rows.truncate(offset);
                        rows.extend(items);
                    });
                    self.total.set(Some(page.total));
                    self.fault.set(None);
                }
                Err(error) => self.fault.set(Some(error)),
            }
        });
    }
}
