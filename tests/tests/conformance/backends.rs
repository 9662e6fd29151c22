//! How each backend is opened, empty, for one case.

use std::sync::Arc;

use statehouse_server::store::memory::MemoryStore;
use statehouse_server::store::postgres::PostgresStore;
use statehouse_server::store::sqlite::SqliteStore;
use statehouse_tests::postgres::Postgres;

use crate::fixture::Fixture;

/// The reference.
#[allow(clippy::unused_async, reason = "every backend is opened alike")]
pub async fn memory() -> Fixture {
    Fixture::new(Arc::new(MemoryStore::new()), None)
}

/// A file of its own.
pub async fn sqlite() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("statehouse.db")).await.unwrap();
    Fixture::new(Arc::new(store), Some(folder))
}

/// A database of its own on a server that all cases share.
pub async fn postgresql() -> Fixture {
    let store = PostgresStore::open(Postgres::shared().database()).await.unwrap();
    Fixture::new(Arc::new(store), None)
}
