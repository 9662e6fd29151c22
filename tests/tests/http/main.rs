//! The API through its public door: a real server, real requests.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod bodies;
mod breaker;
mod busy;
mod cache;
mod clock;
mod cures;
mod damage;
mod encoded;
mod events;
mod exact;
mod exclusion;
mod fallback;
mod frozen;
mod handles;
mod ids;
mod journal_damage;
mod keys;
mod lists;
mod memory;
mod metrics;
mod openapi;
mod outage;
mod pending;
mod quotas;
mod raw;
mod reading;
mod restores;
mod safety;
mod saving;
mod snapshots;
mod stopping;
mod strict;
mod vitals;
mod waiting;
