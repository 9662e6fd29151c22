//! What the tests share: a browser under a driver, and where artifacts go.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on says so by panicking"
)]

pub mod artifacts;
pub mod browser;
pub mod server;
