//! From a configuration to a running service.

use std::sync::Arc;

use crate::config::{Config, StoreConfig};
use crate::service::{Service, Settings};
use crate::store::StateStore;
use crate::store::memory::MemoryStore;

/// Opens the store that a configuration names.
pub(super) async fn store(config: &Config) -> Result<Arc<dyn StateStore>, String> {
    let StoreConfig::Sqlite { path } = &config.store;
    tracing::warn!(path = %path.display(), "kept in memory: the SQLite store is not built in");
    Ok(Arc::new(MemoryStore::new()))
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

/// Commands that only look do not make a store.
pub(super) fn must_exist(config: &Config) -> Result<(), String> {
    let StoreConfig::Sqlite { path } = &config.store;
    if path.is_file() {
        return Ok(());
    }
    Err(format!("there is no store at {} yet; `statehouse serve` makes it", path.display()))
}
