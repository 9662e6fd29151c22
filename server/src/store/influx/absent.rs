//! In place of InfluxDB, in a program that is built without what goes over the network: its settings are read, and whoever wants to
//! use it is told what to do.

#![expect(clippy::unused_async, reason = "these stand for functions that wait")]

mod options;

use std::convert::Infallible;
use std::sync::Arc;

use super::older::OlderRows;
use super::{Result, StateStore, StoreError};

pub use options::{DEFAULT_TIMEOUT, InfluxOptions, LeaseTimes, Token};

fn absent<T>() -> Result<T> {
    Err(StoreError::absent("InfluxDB"))
}

/// Opens the bucket for a server.
pub(crate) async fn open(_: InfluxOptions) -> Result<Arc<dyn StateStore>> {
    absent()
}

/// Opens the bucket for reading only.
pub(crate) async fn open_read_only(_: &InfluxOptions) -> Result<Arc<dyn StateStore>> {
    absent()
}

/// Opens a bucket that an older system wrote.
pub(crate) async fn older(_: &InfluxOptions) -> Result<Box<dyn OlderRows>> {
    absent()
}

/// There is none.
#[derive(Debug, Clone)]
pub struct SeriesBucket(Infallible);

/// Points that InfluxDB will never take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// How many; all of them if it does not say.
    pub points: Option<u64>,
    /// Why.
    pub why: String,
}

impl SeriesBucket {
    /// Says that there is none.
    ///
    /// # Errors
    /// [`StoreError::Refused`], always.
    pub fn new(_: &InfluxOptions) -> Result<Self> {
        absent()
    }

    pub(crate) async fn write(&self, _: String) -> Result<Option<Refused>> {
        match self.0 {}
    }

    pub(crate) async fn mark(&self) -> Result<Option<String>> {
        match self.0 {}
    }
}

/// Nothing is written, so it needs no line of its own.
pub(crate) fn mark_line(_: &str, _: i64) -> String {
    String::new()
}

/// What the series of a type would be named.
#[must_use]
pub fn series_name(state_type: &str) -> String {
    state_type.to_owned()
}
