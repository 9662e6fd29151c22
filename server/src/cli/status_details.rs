//! The second half of `stateloft status`: sizes, connections, incidents, who listens.

use stateloft_core::api::{Incident, ListenerStatus, StatusDetails};
use stateloft_core::model::Timestamp;

use super::figures::{age, bytes};
use super::say::answer;

/// Listeners named at most.
const NAMED: usize = 10;

pub(super) fn print(details: &StatusDetails) {
    let now = details.now;
    if let Some(sizes) = &details.sizes {
        answer!(
            "On disk         {} heads, {} history, {} other",
            bytes(sizes.heads_bytes),
            bytes(sizes.history_bytes),
            bytes(sizes.other_bytes)
        );
    }
    if let Some(pool) = &details.pool {
        let wait = match (pool.longest_wait_ms, pool.longest_wait_at) {
            (Some(wait), Some(at)) => format!(", longest wait {wait:.1} ms, {} ago", age(at, now)),
            _ => String::new(),
        };
        answer!("Connections     {} busy, {} idle, at most {}{wait}", pool.busy, pool.idle, pool.max);
    }
    if let Some(read) = &details.slowest_read {
        answer!(
            "Slowest read    {:.1} ms in the last hour: {}, {} ago",
            read.took_ms,
            read.what,
            age(read.at, now)
        );
    }
    if let Some(free) = details.journal_disk_free_bytes {
        answer!("Journal's disk  {} free", bytes(free));
    }
    let versions = &details.versions;
    let layout = versions.layout.map_or("unknown".to_owned(), |layout| layout.to_string());
    let console = versions.console.as_deref().unwrap_or("none");
    answer!("Formats         API {}, layout {layout} of the store, console {console}", versions.api);
    match &details.incident {
        None => answer!("Incidents       none since the start, {} ago", age(details.known_since, now)),
        Some(incident) => print_incident(incident, details.incidents, now),
    }
    let sessions = &details.sessions;
    answer!(
        "Sessions        {} closed as too slow, {} replays after a reconnect, {} that could not",
        sessions.too_slow,
        sessions.replays,
        sessions.impossible
    );
    details.listeners.iter().take(NAMED).for_each(|listener| print_listener(listener, now));
    let more = details.listeners_total.saturating_sub(NAMED as u64);
    if more > 0 {
        answer!("  ... and {more} more");
    }
}

fn print_incident(incident: &Incident, all: u64, now: Timestamp) {
    let what = if incident.by_hand { "the breaker was opened by hand" } else { "the store was away" };
    let ended = incident.ended_at.map_or("NOT OVER".to_owned(), |end| format!("over {} ago", age(end, now)));
    answer!("Incidents       {all}; the last: {what}, from {}, {ended}", incident.began_at);
    answer!(
        "                {} writes journaled, {} replayed, {} conflicts, {} refused, {} of unknown outcome",
        incident.journaled,
        incident.replayed,
        incident.conflicts,
        incident.refused,
        incident.unknown
    );
}

fn print_listener(listener: &ListenerStatus, now: Timestamp) {
    let name = listener.client.as_deref().unwrap_or("not named");
    let address = listener.address.as_deref().unwrap_or("address unknown");
    answer!(
        "  {name} ({}, {address}): {}, at seq {}, {} behind, {} sent in an hour, connected for {}",
        listener.kind,
        if listener.topics.is_empty() { "no topic".to_owned() } else { listener.topics.join(", ") },
        listener.seq,
        listener.behind,
        listener.sent_last_hour,
        age(listener.connected_at, now)
    );
}
