//! What the tests share: a browser under a driver, and where artifacts go.

pub mod artifacts;
pub mod browser;
