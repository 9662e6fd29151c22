//! How each backend is opened, empty, for one case.

use std::sync::Arc;

use stateloft_server::clock::SystemClock;
use stateloft_server::store::Layers;
use stateloft_server::store::cached::{CacheSettings, Ownership};
use stateloft_server::store::fallback::FallbackSettings;
use stateloft_server::store::guarded::GuardSettings;
use stateloft_server::store::influx::InfluxStore;
use stateloft_server::store::memory::MemoryStore;
use stateloft_server::store::postgres::PostgresStore;
use stateloft_server::store::sqlite::SqliteStore;
use stateloft_tests::influx;
use stateloft_tests::postgres::Postgres;
use tempfile::TempDir;

use crate::fixture::Fixture;

/// The reference.
#[allow(clippy::unused_async, reason = "every backend is opened alike")]
pub async fn memory() -> Fixture {
    Fixture::new(Arc::new(MemoryStore::new()), None)
}

/// A file of its own.
pub async fn sqlite() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("stateloft.db")).await.unwrap();
    Fixture::new(Arc::new(store), Some(folder))
}

/// A database of its own on a server that all cases share.
pub async fn postgresql() -> Fixture {
    let store = PostgresStore::open(Postgres::shared().database()).await.unwrap();
    Fixture::new(Arc::new(store), None)
}

/// Layers around the reference, with a folder for those that need one.
async fn layered(layers: Layers, folder: Option<TempDir>) -> Fixture {
    let layered =
        layers.around(Arc::new(MemoryStore::new()), Arc::new(SystemClock::default())).await.unwrap();
    Fixture::new(layered.store, folder)
}

/// Time-outs, retries and the circuit breaker.
pub async fn guarded() -> Fixture {
    layered(Layers { guard: Some(GuardSettings::default()), ..Layers::default() }, None).await
}

/// A cache so small that it is always full.
fn small() -> CacheSettings {
    CacheSettings { max_size: 3, ..CacheSettings::default() }
}

/// The cache of a store that nobody else writes to.
pub async fn cached() -> Fixture {
    layered(Layers { cache: Some((small(), Ownership::Sole)), ..Layers::default() }, None).await
}

/// The cache of a store that others write to.
pub async fn cached_shared() -> Fixture {
    layered(Layers { cache: Some((small(), Ownership::Shared)), ..Layers::default() }, None).await
}

/// The fallback journal, which has nothing to do.
pub async fn fallback() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let fallback = Some(FallbackSettings::in_folder(folder.path()));
    layered(Layers { fallback, ..Layers::default() }, Some(folder)).await
}

/// All of them, as a server has them.
fn layers(folder: &TempDir) -> Layers {
    Layers {
        guard: Some(GuardSettings::default()),
        cache: Some((small(), Ownership::Shared)),
        fallback: Some(FallbackSettings::in_folder(folder.path())),
    }
}

/// All of them around the reference.
pub async fn every_layer() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    layered(layers(&folder), Some(folder)).await
}

/// All of them around PostgreSQL.
pub async fn postgresql_layers() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = PostgresStore::open(Postgres::shared().database()).await.unwrap();
    let layered = layers(&folder).around(Arc::new(store), Arc::new(SystemClock::default())).await.unwrap();
    Fixture::new(layered.store, Some(folder))
}

/// A bucket of its own.
pub async fn influxdb() -> Fixture {
    let store = InfluxStore::open(&influx::bucket().await).await.unwrap();
    Fixture::new(Arc::new(store), None)
}
