//! `influxdb2` is built on reqwest 0.11, whose HTTP and TLS nobody mends any more. What it uses of it, reqwest 0.12 offers
//! under the same names: `[patch.crates-io]` in the workspace's `Cargo.toml` puts this in its place.

pub use maintained::*;
