//! The versions of a state as the page reads them: page by page, kept up to date.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::History;
use stateloft_core::model::StateKey;

use crate::api::{self, ApiError};
use crate::live::{Remote, live, remote};
use crate::model::address::Query;
use crate::model::history::RailVersion;
use crate::model::inbox::Event;
use crate::pages::compare::Side;

/// Versions on one page.
const PAGE: usize = 200;
/// Versions kept with everything the API says of them; of the others the rail's part is enough.
const WHOLE: usize = 2_000;

/// Versions read so far, newest first.
#[derive(Clone, Default)]
pub(crate) struct Versions {
    /// What the rail shows.
    pub(crate) rail: Arc<Vec<RailVersion>>,
    /// Everything the API says of the newest ones.
    whole: Arc<HashMap<u64, Side>>,
    /// How many there are in all.
    pub(crate) total: u64,
    cursor: Option<String>,
    /// Every event of the store up to this seq is in it.
    seen: u64,
}

impl Versions {
    fn of(history: History, seen: u64) -> Self {
        let mut this = Self { total: history.total_count, seen, ..Self::default() };
        this.append(history);
        this
    }

    fn append(&mut self, page: History) {
        let rail = Arc::make_mut(&mut self.rail);
        let whole = Arc::make_mut(&mut self.whole);
        for row in page.versions {
            // A page read while versions arrived may overlap the one before.
            if rail.last().is_none_or(|last| row.version.version.0 < last.version) {
                rail.push(RailVersion::of(&row.version));
                if whole.len() < WHOLE {
                    whole.insert(row.version.version.0, Arc::new(row.version));
                }
            }
        }
        self.cursor = page.next_cursor;
    }

    fn take(&mut self, key: &StateKey, events: &[Event]) {
        let mut fresh: Vec<&Event> = Vec::new();
        for event in events {
            self.seen = self.seen.max(event.seq.0);
            let newest = fresh.last().map(|event| event.version.0).or(self.newest());
            if event.state_id == key.state_id
                && event.state_type == key.state_type
                && newest.is_none_or(|newest| event.version.0 > newest)
            {
                fresh.push(event);
            }
        }
        if fresh.is_empty() {
            return;
        }
        self.total += fresh.len() as u64;
        let whole = Arc::make_mut(&mut self.whole);
        whole.extend(fresh.iter().map(|event| (event.version.0, Arc::clone(event))));
        let rail = Arc::make_mut(&mut self.rail);
        rail.splice(0..0, fresh.iter().rev().map(|event| RailVersion::of(event)));
    }

    /// The newest version's number.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.rail.first().map(|version| version.version)
    }

    /// A version with everything the API says of it, if it is at hand.
    pub(crate) fn whole(&self, number: u64) -> Option<Side> {
        self.whole.get(&number).cloned()
    }

    /// Whether older versions remain to be read.
    pub(crate) fn has_more(&self) -> bool {
        self.cursor.is_some()
    }
}

/// A stretch of time, as the address has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Stretch {
    /// From this time on.
    pub(crate) from: Option<String>,
    /// Up to this time.
    pub(crate) to: Option<String>,
}

impl Stretch {
    fn query(&self, cursor: Option<&str>) -> Query {
        Query::default()
            .with("data", Some("false"))
            .with("limit", Some(&PAGE.to_string()))
            .with("start_time", self.from.as_deref())
            .with("end_time", self.to.as_deref())
            .with("cursor", cursor)
    }
}

/// Versions of a state, read as they are needed.
#[derive(Clone, Copy)]
pub(crate) struct Reader {
    key: StoredValue<StateKey>,
    stretch: Signal<Option<Stretch>>,
    /// What was read.
    pub(crate) versions: Remote<Versions>,
    /// Whether another page is on its way.
    pub(crate) more: RwSignal<bool>,
    /// Why the last page did not come.
    pub(crate) more_fault: RwSignal<Option<ApiError>>,
}

impl Reader {
    /// Reads the versions within `stretch`; nothing while that is `None`.
    pub(crate) fn new(key: StateKey, stretch: Signal<Option<Stretch>>) -> Self {
        Self::beginning_with(key, stretch, None)
    }

    /// The same, beginning with what was read before.
    pub(crate) fn beginning_with(
        key: StateKey,
        stretch: Signal<Option<Stretch>>,
        known: Option<Versions>,
    ) -> Self {
        let known = StoredValue::new(known);
        let fetch_key = key.clone();
        let live = live();
        let versions = remote(
            move || stretch.get(),
            move |stretch: Stretch| {
                let key = fetch_key.clone();
                // What the connection knew before the request was sent is surely in the answer.
                let seen = live.seq.get_untracked();
                let known = known.try_update_value(Option::take).flatten();
                async move {
                    match known {
                        Some(known) => Ok(known),
                        None => Ok(Versions::of(page(&key, &stretch.query(None)).await?, seen)),
                    }
                }
            },
        );
        let follow_key = Rc::new(key.clone());
        versions.follow(
            |versions| versions.seen,
            move |versions, events| {
                // A stretch that has an end gets no later versions.
                if stretch
                    .with_untracked(|stretch| stretch.as_ref().is_some_and(|within| within.to.is_none()))
                {
                    versions.take(&follow_key, events);
                } else {
                    versions.seen = events.last().map_or(versions.seen, |event| event.seq.0);
                }
            },
        );
        Self {
            key: StoredValue::new(key),
            stretch,
            versions,
            more: RwSignal::new(false),
            more_fault: RwSignal::new(None),
        }
    }

    /// Reads the next page of older versions, unless that is happening already.
    pub(crate) fn read_more(self) {
        let asked = (self.stretch.get_untracked(), self.key.try_get_value());
        let (Some(stretch), Some(key)) = asked else { return };
        let cursor = self.versions.value.with_untracked(|versions| versions.as_ref()?.cursor.clone());
        let Some(cursor) = cursor.filter(|_| !self.more.get_untracked()) else { return };
        self.more.set(true);
        spawn_local(async move {
            let read = page(&key, &stretch.query(Some(&cursor))).await;
            // The list may have been read afresh meanwhile, or the page left.
            self.versions.value.try_update(|versions| {
                let present = versions.as_mut().filter(|v| v.cursor.as_deref() == Some(cursor.as_str()));
                match (present, read) {
                    (Some(versions), Ok(page)) => {
                        versions.append(page);
                        self.more_fault.try_set(None);
                    }
                    (_, Err(error)) => {
                        self.more_fault.try_set(Some(error));
                    }
                    (None, Ok(_)) => {}
                }
            });
            self.more.try_set(false);
        });
    }
}

async fn page(key: &StateKey, query: &Query) -> Result<History, ApiError> {
    api::get_of(key, "/history", query).await
}
