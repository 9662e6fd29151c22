//! From a configuration to a running service.

use std::fmt::Display;
use std::sync::Arc;

use crate::config::{Config, StoreConfig};
use crate::service::{Service, Settings};
use crate::store::influx::InfluxStore;
use crate::store::postgres::PostgresStore;
use crate::store::sqlite::SqliteStore;
use crate::store::{Layered, Resilience, StateStore, StoreError};

/// Opens the store that a configuration names with everything around it, to serve it.
pub(super) async fn store(config: &Config) -> Result<Layered, String> {
    let store: Arc<dyn StateStore> = match &config.store {
        StoreConfig::Sqlite { path } => {
            Arc::new(SqliteStore::open(path).await.map_err(|error| at(path.display(), &error))?)
        }
        StoreConfig::Postgres(settings) => {
            Arc::new(PostgresStore::open(settings.clone()).await.map_err(|error| at(settings, &error))?)
        }
        StoreConfig::Influx(options) => {
            Arc::new(InfluxStore::open(options).await.map_err(|error| at(options, &error))?)
        }
    };
    config.layers.clone().around(store).await.map_err(|error| error.to_string())
}

/// Opens the store for reading only: a server may have it open, and none is made where there is none.
pub(super) async fn store_to_read(config: &Config) -> Result<Arc<dyn StateStore>, String> {
    let path = match &config.store {
        StoreConfig::Sqlite { path } => path,
        StoreConfig::Postgres(settings) => {
            let store = PostgresStore::open_read_only(settings.clone()).await;
            return Ok(Arc::new(store.map_err(|error| at(settings, &error))?));
        }
        StoreConfig::Influx(options) => {
            let store = InfluxStore::open_read_only(options).await;
            return Ok(Arc::new(store.map_err(|error| at(options, &error))?));
        }
    };
    if !path.is_file() {
        return Err(format!("there is no store at {} yet; `statehouse serve` makes it", path.display()));
    }
    let store = SqliteStore::open_read_only(path).await.map_err(|error| at(path.display(), &error))?;
    Ok(Arc::new(store))
}

fn at(place: impl Display, error: &StoreError) -> String {
    format!("{place}: {error}")
}

/// Starts the service over a store.
pub(super) async fn service(
    config: &Config,
    store: Arc<dyn StateStore>,
    resilience: Resilience,
) -> Result<Arc<Service>, String> {
    let settings = Settings {
        modes: config.validation.clone(),
        key_required: config.api.key.is_some(),
        resilience,
        ..Settings::default()
    };
    Service::start(store, settings).await.map_err(|error| error.to_string())
}
