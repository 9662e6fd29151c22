//! From a configuration to a running service.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, StoreConfig};
use crate::service::{Service, Settings};
use crate::store::sqlite::SqliteStore;
use crate::store::{StateStore, StoreError};

/// Opens the store that a configuration names, to serve it.
pub(super) async fn store(config: &Config) -> Result<Arc<dyn StateStore>, String> {
    let StoreConfig::Sqlite { path } = &config.store;
    let store = SqliteStore::open(path).await.map_err(|error| at(path, &error))?;
    Ok(Arc::new(store))
}

/// Opens the store for reading only: a server may have it open, and none is made where there is none.
pub(super) async fn store_to_read(config: &Config) -> Result<Arc<dyn StateStore>, String> {
    let StoreConfig::Sqlite { path } = &config.store;
    if !path.is_file() {
        return Err(format!("there is no store at {} yet; `statehouse serve` makes it", path.display()));
    }
    let store = SqliteStore::open_read_only(path).await.map_err(|error| at(path, &error))?;
    Ok(Arc::new(store))
}

fn at(path: &Path, error: &StoreError) -> String {
    format!("{}: {error}", path.display())
}

/// Starts the service over a store.
pub(super) async fn service(config: &Config, store: Arc<dyn StateStore>) -> Result<Arc<Service>, String> {
    let settings = Settings {
        modes: config.validation.clone(),
        key_required: config.api.key.is_some(),
        ..Settings::default()
    };
    Service::start(store, settings).await.map_err(|error| error.to_string())
}
