//! What the tests share: servers to talk to, a browser under a driver, and where artifacts go.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on says so by panicking"
)]

pub mod accessible;
pub mod artifacts;
pub mod bot;
pub mod bots;
pub mod broker;
pub mod browser;
pub mod busy;
pub mod client;
pub mod cut;
pub mod damage;
pub mod faulty;
pub mod files;
pub mod gate;
mod guardian;
pub mod hand;
pub mod importing;
pub mod influx;
pub mod local;
pub mod older;
pub mod postgres;
pub mod rewriting;
pub mod server;
pub mod socket;
