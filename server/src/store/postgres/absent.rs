//! In place of PostgreSQL, in a program that is built without what goes over the network: its settings are read, and whoever wants
//! to use it is told what to do.

#![expect(clippy::unused_async, reason = "these stand for functions that wait")]

mod settings;

use std::sync::Arc;

use super::older::OlderRows;
use super::{Result, StateStore, StoreError};

pub use settings::{Password, PostgresHost, PostgresSettings, Tls};

fn absent<T>() -> Result<T> {
    Err(StoreError::absent("PostgreSQL"))
}

/// Connects for a server.
pub(crate) async fn open(_: PostgresSettings) -> Result<Arc<dyn StateStore>> {
    absent()
}

/// Connects for reading only.
pub(crate) async fn open_read_only(_: PostgresSettings) -> Result<Arc<dyn StateStore>> {
    absent()
}

/// Whether there are no tables yet.
pub(crate) async fn is_absent(_: &PostgresSettings) -> Result<bool> {
    absent()
}

/// A table, and its rows as JSON.
pub(crate) type SessionTable = (&'static str, Vec<String>);

/// Reads the tables of sessions that an older system keeps.
pub(crate) async fn session_tables(_: &PostgresSettings, _: u64) -> Result<Vec<SessionTable>> {
    absent()
}

/// Opens a table that an older system wrote.
pub(crate) async fn older(_: &PostgresSettings) -> Result<Box<dyn OlderRows>> {
    absent()
}
