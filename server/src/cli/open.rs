//! From a configuration to a running service.

use std::fmt::Display;
use std::sync::Arc;

use futures::FutureExt as _;

use crate::budget::Budget;
use crate::clock::Clock;
use crate::config::{Config, StoreConfig};
use crate::mirror::Mirror;
use crate::service::{Service, Settings};
use crate::store::memory::MemoryStore;
use crate::store::sqlite::{OnLoss, SqliteStore};
use crate::store::{
    Awaited, AwaitedStore, Layered, Opening, Resilience, StateStore, StoreError, influx, postgres,
};

/// Opens the store that a configuration names with everything around it, to serve it. One on the network may be away: then
/// it is used from when it comes, and the second one of these waits for it. By the clock is recorded what is written.
pub(super) async fn store(
    config: &Config,
    on_loss: OnLoss,
    clock: &Arc<dyn Clock>,
) -> Result<(Layered, Option<Arc<AwaitedStore>>), String> {
    if on_loss == OnLoss::Accept && !matches!(config.store, StoreConfig::Sqlite { .. }) {
        return Err("--accept-loss is for a SQLite store only".to_owned());
    }
    let awaited = match &config.store {
        StoreConfig::Sqlite { path } => {
            let store = SqliteStore::open_with(path, on_loss).await;
            Awaited::Here(Arc::new(store.map_err(|error| at(path.display(), &error))?))
        }
        StoreConfig::Postgres(settings) => {
            let given = settings.clone();
            let open = move || postgres::open(given.clone()).boxed();
            let opening =
                Opening { kind: "postgresql", engine: "PostgreSQL", shared: true, open: Box::new(open) };
            AwaitedStore::start(opening).await.map_err(|error| at(settings, &error))?
        }
        StoreConfig::Influx(options) => {
            let given = options.clone();
            let open = move || influx::open(given.clone()).boxed();
            let opening =
                Opening { kind: "influxdb", engine: "InfluxDB", shared: false, open: Box::new(open) };
            AwaitedStore::start(opening).await.map_err(|error| at(options, &error))?
        }
    };
    let (store, later): (Arc<dyn StateStore>, _) = match awaited {
        Awaited::Here(store) => (store, None),
        Awaited::Later(store) => (Arc::<AwaitedStore>::clone(&store), Some(store)),
    };
    let layered = config.layers.clone().around(store, Arc::clone(clock)).await;
    let layered = layered.map_err(|error| error.to_string())?;
    Ok((layered, later))
}

/// Waits until a store that was away says why it will never let us in, in words.
pub(super) async fn refusal(config: &Config, later: &AwaitedStore) -> String {
    let error = later.refusal().await;
    match &config.store {
        StoreConfig::Sqlite { path } => at(path.display(), &error),
        StoreConfig::Postgres(settings) => at(settings, &error),
        StoreConfig::Influx(options) => at(options, &error),
    }
}

/// Opens the store that a configuration names with nothing around it: what is written is in it, or is not written.
pub(super) async fn bare_store(config: &Config) -> Result<Arc<dyn StateStore>, String> {
    Ok(match &config.store {
        StoreConfig::Sqlite { path } => {
            Arc::new(SqliteStore::open(path).await.map_err(|error| at(path.display(), &error))?)
        }
        StoreConfig::Postgres(settings) => {
            postgres::open(settings.clone()).await.map_err(|error| at(settings, &error))?
        }
        StoreConfig::Influx(options) => {
            influx::open(options.clone()).await.map_err(|error| at(options, &error))?
        }
    })
}

/// Opens the store for reading only: a server may have it open, and none is made where there is none.
pub(super) async fn store_to_read(config: &Config) -> Result<Arc<dyn StateStore>, String> {
    let path = match &config.store {
        StoreConfig::Sqlite { path } => path,
        StoreConfig::Postgres(settings) => {
            let store = postgres::open_read_only(settings.clone()).await;
            return store.map_err(|error| at(settings, &error));
        }
        StoreConfig::Influx(options) => {
            let store = influx::open_read_only(options).await;
            return store.map_err(|error| at(options, &error));
        }
    };
    if !path.is_file() {
        return Err(format!("there is no store at {} yet; `stateloft serve` makes it", path.display()));
    }
    let store = SqliteStore::open_read_only(path).await.map_err(|error| at(path.display(), &error))?;
    Ok(Arc::new(store))
}

/// Opens the store for reading only; where there is none yet, one without versions that is kept nowhere.
pub(super) async fn store_to_try(config: &Config) -> Result<Arc<dyn StateStore>, String> {
    let is_absent = match &config.store {
        StoreConfig::Sqlite { path } => !path.is_file(),
        StoreConfig::Postgres(settings) => {
            postgres::is_absent(settings).await.map_err(|error| at(settings, &error))?
        }
        // A bucket without a store reads as an empty one.
        StoreConfig::Influx(_) => false,
    };
    if is_absent { Ok(Arc::new(MemoryStore::new())) } else { store_to_read(config).await }
}

pub(super) fn at(place: impl Display, error: &StoreError) -> String {
    format!("{place}: {error}")
}

/// The mirror, if one is configured.
pub(super) fn mirror(config: &Config) -> Result<Option<Arc<Mirror>>, String> {
    let Some(settings) = config.mirror.clone() else { return Ok(None) };
    let place = settings.bucket.to_string();
    let mirror = Mirror::new(settings).map_err(|error| format!("the mirror: {}", at(place, &error)))?;
    Ok(Some(Arc::new(mirror)))
}

/// Starts the service over a store.
pub(super) async fn service(
    config: &Config,
    store: Arc<dyn StateStore>,
    resilience: Resilience,
    mirror: Option<Arc<Mirror>>,
    clock: Arc<dyn Clock>,
) -> Result<Arc<Service>, String> {
    let settings = Settings {
        clock,
        modes: config.validation.clone(),
        types: config.types.clone(),
        key_required: config.api.key.is_some(),
        snapshots_max: config.api.quotas.snapshots,
        sessions_max: config.api.quotas.sessions,
        resilience,
        mirror,
        budget: Arc::new(Budget::of(config.memory_limit)),
        ..Settings::default()
    };
    Service::start(store, settings).await.map_err(|error| error.to_string())
}
