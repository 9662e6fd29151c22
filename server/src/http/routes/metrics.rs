//! `GET /metrics`: what `GET /status` says, for Prometheus.
//!
//! The text is Prometheus' exposition format 0.0.4 (<https://prometheus.io/docs/instrumenting/exposition_formats/>). What is
//! not known is left out: a figure that is absent is not zero.

use std::fmt::{Display, Write as _};

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use stateloft_core::api::{BreakerState, LatencyStatus, MirrorState, Status, StatusDetails};

use crate::http::app::App;
use crate::http::failure::Answer;
use crate::http::openapi::Always;

const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Figures for Prometheus: seq, states, latencies, connections, cache, breaker, journal, mirror, sizes.
#[utoipa::path(get, path = "/metrics", tag = "server",
    responses((status = 200, body = String, content_type = "text/plain"), Always))]
pub(crate) async fn metrics(State(app): State<App>) -> Answer {
    let (status, details) = (app.service.status().await?, app.service.details().await);
    Ok(([(CONTENT_TYPE, FORMAT)], text(&status, &details)).into_response())
}

/// The figures, family by family.
#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a text cannot fail.
        let _ = write!(self.0, "# HELP stateloft_{name} {help}\n# TYPE stateloft_{name} {kind}\n");
    }

    /// One figure; `labels` are `name="value"` pairs without the braces, of words that need no escaping.
    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let (open, close) = if labels.is_empty() { ("", "") } else { ("{", "}") };
        let _ = writeln!(self.0, "stateloft_{name}{open}{labels}{close} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, "", value);
    }

    fn labelled(&mut self, name: &str, kind: &str, help: &str, values: &[(&str, u64)]) {
        self.family(name, kind, help);
        for (labels, value) in values {
            self.sample(name, labels, value);
        }
    }

    fn latency(&mut self, name: &str, help: &str, measured: &LatencyStatus) {
        self.family(name, "gauge", help);
        for (quantile, ms) in [("0.5", measured.p50_ms), ("0.99", measured.p99_ms), ("1", measured.max_ms)] {
            // Nothing measured is not a latency of nothing.
            let seconds = if measured.count == 0 { f64::NAN } else { ms / 1e3 };
            self.sample(name, &format!("quantile=\"{quantile}\""), seconds);
        }
    }
}

fn text(status: &Status, details: &StatusDetails) -> String {
    let mut page = Page::default();
    let version = format!("version=\"{}\",store=\"{}\"", status.version, status.store.kind);
    page.family("info", "gauge", "The program and its kind of store.");
    page.sample("info", &version, 1);
    let started = status.started_at.micros().div_euclid(1_000_000);
    page.one("start_time_seconds", "gauge", "When the server started, in seconds since 1970.", started);
    page.one("store_up", "gauge", "Whether the store answered just now.", u8::from(status.store.up));
    counts(&mut page, status);
    let broken = u8::from(status.chain_fault.is_some());
    page.one("chain_broken", "gauge", "Whether a version was found that does not verify.", broken);
    page.latency("commit_seconds", "Commits as callers saw them, over the last 5 minutes.", &status.commit);
    page.latency(
        "event_lag_seconds",
        "Commit to message sent live, without replays, over the last 5 minutes.",
        &status.event_lag,
    );
    page.one("listeners", "gauge", "Open WebSocket and SSE sessions.", status.listeners);
    memory(&mut page, status);
    caches(&mut page, status);
    outages(&mut page, status);
    store(&mut page, details);
    page.0
}

/// As long as the store was never reached nothing is known to count.
fn counts(page: &mut Page, status: &Status) {
    if let Some(seq) = status.seq {
        page.one("seq", "gauge", "The last seq.", seq);
    }
    if let (Some(live), Some(deleted), Some(invalid)) =
        (status.states_live, status.states_deleted, status.states_invalid)
    {
        let counted =
            [("state=\"live\"", live), ("state=\"deleted\"", deleted), ("state=\"invalid\"", invalid)];
        page.labelled("states", "gauge", "States; the invalid ones are among the live ones.", &counted);
    }
    if let Some(snapshots) = status.snapshots {
        page.one("snapshots", "gauge", "Snapshots.", snapshots);
    }
}

fn memory(page: &mut Page, status: &Status) {
    let Some(memory) = &status.memory else { return };
    let help = "Bytes that may be held for requests and sessions.";
    page.one("memory_limit_bytes", "gauge", help, memory.limit);
    page.family("memory_held_bytes", "gauge", "Bytes held for requests and sessions, by what for.");
    page.sample("memory_held_bytes", "class=\"small\"", memory.small_held);
    for class in &memory.classes {
        page.sample("memory_held_bytes", &format!("class=\"{}\"", class.name), class.held);
    }
    page.family("memory_refused_total", "counter", "Requests refused because there was no room.");
    for class in &memory.classes {
        page.sample("memory_refused_total", &format!("class=\"{}\"", class.name), class.refused);
    }
}

fn caches(page: &mut Page, status: &Status) {
    if status.caches.is_empty() {
        return;
    }
    let mut family = |name: &str, kind: &str, help: &str, value: fn(&_) -> u64| {
        page.family(name, kind, help);
        for cache in &status.caches {
            page.sample(name, &format!("cache=\"{}\"", cache.name), value(cache));
        }
    };
    family("cache_hits_total", "counter", "Reads answered from the cache.", |cache| cache.hits);
    family("cache_misses_total", "counter", "Reads that went to the store.", |cache| cache.misses);
    family("cache_evictions_total", "counter", "Entries that made room for others.", |cache| cache.evictions);
    family("cache_entries", "gauge", "Entries.", |cache| cache.size);
}

fn outages(page: &mut Page, status: &Status) {
    if let Some(breaker) = &status.breaker {
        let is = |state| u64::from(breaker.state == state);
        let is_now = [
            ("state=\"closed\"", is(BreakerState::Closed)),
            ("state=\"open\"", is(BreakerState::Open)),
            ("state=\"half_open\"", is(BreakerState::HalfOpen)),
        ];
        page.labelled(
            "breaker_state",
            "gauge",
            "The circuit breaker: 1 for the state that it is in.",
            &is_now,
        );
        page.one("breaker_opened_total", "counter", "How often it has opened.", breaker.opened);
        page.one("breaker_refused_total", "counter", "Calls that it has refused.", breaker.refused);
    }
    if let Some(journal) = &status.fallback {
        page.one("fallback_pending", "gauge", "Writes that wait in the fallback journal.", journal.pending);
        page.one("fallback_conflicts", "gauge", "Writes set aside in conflict.", journal.conflicts);
        page.one("fallback_replayed_total", "counter", "Writes that were replayed.", journal.replayed);
        page.one("fallback_bytes", "gauge", "Bytes of the journal.", journal.size_bytes);
    }
    if let Some(mirror) = &status.mirror {
        let away = u8::from(mirror.state == MirrorState::Away);
        page.one("mirror_away", "gauge", "Whether the mirror cannot write or read.", away);
        page.one("mirror_behind", "gauge", "Versions that the mirror has not dealt with.", mirror.behind);
        page.one("mirror_points_total", "counter", "Points that InfluxDB has stored.", mirror.points);
        page.one("mirror_lost_total", "counter", "Points that are missing.", mirror.lost);
    }
}

fn store(page: &mut Page, details: &StatusDetails) {
    if let Some(pool) = &details.pool {
        let connections = [
            ("state=\"busy\"", u64::from(pool.busy)),
            ("state=\"idle\"", u64::from(pool.idle)),
            ("state=\"max\"", u64::from(pool.max)),
        ];
        page.labelled(
            "store_connections",
            "gauge",
            "Connections to the store, and how many at most.",
            &connections,
        );
    }
    if let Some(sizes) = &details.sizes {
        let bytes = [
            ("part=\"heads\"", sizes.heads_bytes),
            ("part=\"history\"", sizes.history_bytes),
            ("part=\"other\"", sizes.other_bytes),
        ];
        page.labelled("store_bytes", "gauge", "Bytes on disk, indexes included.", &bytes);
    }
    page.one("incidents_total", "counter", "How often the store was away.", details.incidents);
}
