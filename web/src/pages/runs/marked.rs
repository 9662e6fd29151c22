//! What the marks on the lanes are made of: the newest checkpoints of all runs, the last restores of what they wrote, the last
//! handshakes, the newest snapshots. Each is
//! read with few requests, however many runs there are, and what that does not reach is said.

use leptos::prelude::*;
use stateloft_core::api::{EventPage, HandshakeList, RunRestores, SnapshotList};
use stateloft_core::model::Timestamp;

use crate::api::{self, ApiError};
use crate::live::{Remote, live, remote};
use crate::model::address::Query;
use crate::model::runs::marks::{Marks, Taken, marks};
use crate::model::runs::window::{Asked, Window};
use crate::model::{age, number};
use crate::pages::handshake::last;
use crate::shell::Clock;

/// Pages of the log that are looked through for checkpoints; the server looks at 10,000 versions for each.
const PAGES: usize = 5;
/// Rows of a page.
const ROWS: u32 = 1_000;
/// Restores, handshakes and snapshots that are read.
const NEWEST: &str = "200";

/// Checkpoints, and how far back all of them are known.
#[derive(Debug, Clone, Default)]
struct Found {
    taken: Vec<Taken>,
    /// Before this seq nobody looked, although what is shown begins earlier.
    behind: Option<u64>,
}

/// What is read for the marks.
#[derive(Clone, Copy)]
pub(super) struct Marked {
    checkpoints: Remote<Found>,
    restores: Remote<RunRestores>,
    handshakes: Remote<HandshakeList>,
    snapshots: Remote<SnapshotList>,
}

impl Marked {
    pub(super) fn read(asked: Memo<Asked>, clock: Clock) -> Self {
        let from = Memo::new(move |_| asked.get().stretch(clock.read()).from);
        let checkpoints = remote(move || Some(from.get()), checkpoints);
        let live = live();
        live.on_events(move |events| {
            let taken: Vec<Taken> = events.iter().filter_map(|event| Taken::of(event)).collect();
            if !taken.is_empty() {
                checkpoints.value.try_update(|found| {
                    let Some(found) = found else { return };
                    let known: Vec<Taken> =
                        taken.into_iter().filter(|one| !found.taken.contains(one)).collect();
                    found.taken.extend(known);
                });
            }
        });
        let snapshots = remote(
            move || Some(live.lists.get()),
            |_| async move { api::snapshots(&Query::default().with("limit", Some(NEWEST))).await },
        );
        let restores = remote(
            move || Some((from.get(), live.lists.get())),
            |(from, _): (Timestamp, u64)| async move {
                let query =
                    Query::default().with("from", Some(&from.to_string())).with("limit", Some(NEWEST));
                api::get::<RunRestores>(&format!("/runs/restores{query}")).await
            },
        );
        Self { checkpoints, restores, handshakes: last(NEWEST), snapshots }
    }

    /// The marks of what is shown.
    pub(super) fn within(self, window: Window) -> Marks {
        let (found, restores) = (self.checkpoints.value.read(), self.restores.value.read());
        let (handshakes, snapshots) = (self.handshakes.value.read(), self.snapshots.value.read());
        let taken = found.as_ref().map_or(&[][..], |found| &found.taken);
        let restores = restores.as_ref().map_or(&[][..], |list| &list.restores);
        let handshakes = handshakes.as_ref().map_or(&[][..], |list| &list.handshakes);
        let snapshots = snapshots.as_ref().map_or(&[][..], |list| &list.snapshots);
        marks(window, taken, restores, handshakes, snapshots)
    }

    /// What of the marks is not known, in words.
    pub(super) fn lacking(self, window: Window) -> Option<String> {
        let behind = self.checkpoints.value.with(|found| found.as_ref().and_then(|found| found.behind));
        let checkpoints = match (self.checkpoints.fault.with(Option::is_some), behind) {
            (true, _) => Some("checkpoints could not be read".to_owned()),
            (false, Some(seq)) => {
                Some(format!("checkpoints before seq {} are not shown", number::count(seq)))
            }
            (false, None) => None,
        };
        let restores =
            if self.restores.fault.with(Option::is_some) || self.handshakes.fault.with(Option::is_some) {
                Some("restores could not be read".to_owned())
            } else {
                self.restores.value.with(|list| lacking(list.as_ref()?, window))
            };
        let words: Vec<String> = checkpoints.into_iter().chain(restores).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// Which restores may have touched lanes without a ring, in words.
fn lacking(list: &RunRestores, window: Window) -> Option<String> {
    if let Some(before) = list.before.filter(|before| *before > window.from) {
        return Some(format!("restores before {} are not shown", age::to_second(before)));
    }
    let partly =
        list.restores.iter().any(|restore| restore.not_looked_at > 0 && restore.timestamp >= window.from);
    partly.then(|| "of large restores not all states were looked at".to_owned())
}

/// The checkpoints since then, of all runs, the newest first.
async fn checkpoints(from: Timestamp) -> Result<Found, ApiError> {
    let like = Query::default().with("state_type", Some("checkpoint"));
    let mut found = Found::default();
    let mut before = 0;
    for _ in 0..PAGES {
        let page: EventPage = api::events_before(before, ROWS, like.clone()).await?;
        let done = page.events.iter().any(|event| event.version.timestamp < from) || page.next_after.0 <= 1;
        found.taken.extend(page.events.iter().filter_map(|event| Taken::of(&event.version)));
        if done {
            return Ok(found);
        }
        before = page.next_after.0;
    }
    found.behind = Some(before);
    Ok(found)
}
