//! What wakes the next look: a notice of the system that something has changed, or the time that a look is due at the latest. A notice
//! says only that it is worth looking: it may come twice, late or, on network folders, never.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::found::Place;
use super::mark::identity;
use crate::cli::say::remark;

/// Notices come in runs: the look waits for so much of them.
const GATHERED: Duration = Duration::from_millis(20);

/// Wakes the next look.
pub(super) struct Bell {
    rung: Arc<Notify>,
    watcher: Option<RecommendedWatcher>,
    /// The folders that are watched, and what they were: another folder of the same name must be watched anew.
    followed: BTreeMap<Place, u64>,
    said: bool,
}

impl Bell {
    pub(super) fn new() -> Self {
        let rung = Arc::<Notify>::default();
        let waker = Arc::clone(&rung);
        let watcher = notify::recommended_watcher(move |event| {
            if is_change(&event) {
                waker.notify_one();
            }
        });
        let mut bell = Self { rung, watcher: None, followed: BTreeMap::new(), said: false };
        match watcher {
            Ok(watcher) => bell.watcher = Some(watcher),
            Err(error) => bell.complain(&error),
        }
        bell
    }

    /// Watches these folders, as far as they are there.
    pub(super) fn follow(&mut self, places: &[Place]) {
        for place in places {
            let is = std::fs::metadata(&place.folder).ok().map(|about| identity(&about));
            if self.followed.get(place).copied() == is {
                continue;
            }
            let Some(watcher) = &mut self.watcher else { return };
            if self.followed.remove(place).is_some() {
                // It may be gone already, and the watch with it.
                let _ = watcher.unwatch(&place.folder);
            }
            let Some(is) = is else { continue };
            let mode = if place.deep { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            match watcher.watch(&place.folder, mode) {
                Ok(()) => drop(self.followed.insert(place.clone(), is)),
                Err(error) => self.complain(&error),
            }
        }
    }

    /// Waits until it is worth looking again, or so long.
    pub(super) async fn wait(&self, at_most: Duration) {
        if tokio::time::timeout(at_most, self.rung.notified()).await.is_ok() {
            tokio::time::sleep(GATHERED).await;
        }
    }

    fn complain(&mut self, error: &notify::Error) {
        if !std::mem::replace(&mut self.said, true) {
            remark!(
                "stateloft: the system tells of no changes ({error}); they are looked for from time to time"
            );
        }
    }
}

/// Whether something may have been written. That somebody reads is no change: we do.
fn is_change(event: &notify::Result<Event>) -> bool {
    match event {
        Ok(event) => match event.kind {
            EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
            _ => true,
        },
        Err(_) => true,
    }
}
