//! Journeys through the console: a real Chromium, the real server, what a person does and sees.
//!
//! Each leaves pictures in `artifacts/journeys`.
#![allow(clippy::unwrap_used, reason = "a journey that cannot go on says so by panicking")]

mod accessible;
mod addresses;
mod ask_again;
mod broken;
mod busy;
mod by_hand;
mod comparing;
mod disguised;
mod exact;
mod example;
mod eyes;
mod first_visit;
mod handshake;
mod handshake_again;
mod health;
mod imported;
mod importing;
mod importing_beside;
mod large;
mod leaving;
mod live;
mod low;
mod night;
mod opened;
mod origins;
mod outage;
mod pages;
mod reconcile;
mod reconcile_asks;
mod restoring;
mod rewriting;
mod runs;
mod silence;
mod still;
mod unanswered;
mod worker;
