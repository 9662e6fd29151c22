//! What the health page shows besides the status.

use std::path::Path;
use std::time::Duration;

use stateloft_core::api::{ListenerStatus, PoolStatus, SessionCounts, SlowestRead, StatusDetails, Versions};
use stateloft_core::model::{Seq, Timestamp};

use super::{before, lock};
use crate::events::{Introduction, SessionView};
use crate::service::Service;
use crate::store::PoolFacts;

/// Sessions listed at most: those furthest behind.
const LISTED: usize = 200;

impl Service {
    /// What `status` leaves out: incidents, sizes, connections, who listens. Answers also while the store is away.
    pub async fn details(&self) -> StatusDetails {
        let facts = self.store.facts().await;
        self.look();
        let now = self.now();
        let guard = self.settings.resilience.guard.as_ref();
        let (listeners, listeners_total) = self.listeners(now);
        let incidents = lock(&self.vitals.incidents);
        StatusDetails {
            now,
            known_since: self.started_at,
            working_since: incidents.working_since(self.vitals.started),
            incident: incidents.last().cloned(),
            incidents: incidents.count(),
            versions: Versions {
                program: self.settings.version.clone(),
                engine: lock(&self.vitals.engine).clone(),
                layout: facts.layout,
                console: None,
                api: "v1".to_owned(),
            },
            sizes: facts.sizes,
            pool: facts.pool.map(|pool| pool_status(pool, now)),
            slowest_read: guard.and_then(|guard| guard.slowest_read()).map(|(what, took, ago)| SlowestRead {
                what: what.to_owned(),
                took_ms: milliseconds(took),
                at: before(now, ago),
            }),
            journal_disk_free_bytes: self
                .settings
                .resilience
                .fallback
                .as_ref()
                .and_then(|fallback| free_bytes(&fallback.folder())),
            listeners,
            listeners_total,
            sessions: self.session_counts(),
        }
    }

    fn listeners(&self, now: Timestamp) -> (Vec<ListenerStatus>, u64) {
        let last = self.events.last_seq();
        let mut all: Vec<_> =
            self.events.listeners().sessions().into_iter().map(|s| listener(s, last, now)).collect();
        let total = all.len() as u64;
        all.sort_by(|a, b| b.behind.cmp(&a.behind).then(a.connected_at.cmp(&b.connected_at)));
        all.truncate(LISTED);
        (all, total)
    }

    fn session_counts(&self) -> SessionCounts {
        let today = lock(&self.vitals.series).came(self.totals());
        let last = self.events.listeners().totals().last_too_slow;
        SessionCounts {
            too_slow: today.too_slow,
            last_too_slow: last.filter(|_| today.too_slow > 0).map(called),
            replays: today.replays,
            impossible: today.impossible,
        }
    }
}

fn listener(session: SessionView, last: Seq, now: Timestamp) -> ListenerStatus {
    let listens = !session.topics.is_empty();
    ListenerStatus {
        kind: session.who.kind.to_owned(),
        client: session.who.client,
        address: session.who.address,
        topics: session.topics,
        seq: session.seq,
        behind: if listens { last.0.saturating_sub(session.seq.0) } else { 0 },
        sent_last_hour: session.sent_last_hour,
        connected_at: before(now, session.age),
    }
}

fn called(who: Introduction) -> String {
    who.client.or(who.address).unwrap_or_else(|| "not named".to_owned())
}

fn pool_status(pool: PoolFacts, now: Timestamp) -> PoolStatus {
    PoolStatus {
        busy: pool.busy,
        idle: pool.idle,
        max: pool.max,
        longest_wait_ms: pool.longest_wait.map(|(took, _)| milliseconds(took)),
        longest_wait_at: pool.longest_wait.map(|(_, ago)| before(now, ago)),
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}
