//! A store that a command opens itself, with the server's own routes over it.

use std::path::PathBuf;
use std::sync::Arc;

use super::Intent;
use crate::cli::client::{Client, Transport};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::say::remark;
use crate::cli::{Source, load, open};
use crate::clock::SystemClock;
use crate::config::{self, Config, Loaded, StoreConfig};
use crate::store::Resilience;
use crate::store::fallback::examine;

/// The word for the store that the configuration names.
pub(super) const CONFIGURED: &str = "configured";

/// The configuration, with the store that is named in place of its own.
pub(super) fn configured(store: Option<&str>, source: Source) -> Result<Loaded, Failure> {
    let mut loaded = load(source)?;
    if let Some(store) = store.filter(|store| *store != CONFIGURED) {
        loaded.config.store = named(store)?;
        // What waits in the journal belongs to the configured store.
        loaded.config.layers.fallback = None;
    }
    Ok(loaded)
}

/// Opens the store of a configuration.
pub(in crate::cli) async fn open(config: Config, intent: Intent) -> Result<Client, Failure> {
    let place = match &config.store {
        StoreConfig::Sqlite { path } => format!("the store {}", path.display()),
        StoreConfig::Postgres(settings) => format!("the store {settings}"),
        StoreConfig::Influx(options) => format!("the store {options}"),
    };
    if config.layers.fallback.is_some() {
        say_what_waits(&config);
    }
    let away = |message| Failure::new(Exit::Unavailable, message);
    let absent = match &config.store {
        StoreConfig::Sqlite { path } => Some(path).filter(|path| !path.is_file()),
        StoreConfig::Postgres(_) | StoreConfig::Influx(_) => None,
    };
    let opened = match (intent, absent) {
        (Intent::Read, _) => open::store_to_read(&config).await,
        (Intent::Write, Some(path)) => Err(format!("there is no store at {} yet", path.display())),
        (Intent::Write | Intent::Begin, None) => open::bare_store(&config).await,
        (Intent::Begin, Some(path)) => {
            remark!("stateloft: there is no store at {} yet; it is made", path.display());
            open::bare_store(&config).await
        }
    };
    let opened = opened.map_err(away)?;
    let clock = Arc::new(SystemClock::default());
    let service = open::service(&config, opened, Resilience::default(), None, clock).await.map_err(away)?;
    Ok(Client::new(Transport::over(service, place)))
}

/// Says that the journal has writes that the store does not have yet. The next server replays them, and what somebody else has moved
/// by then becomes a conflict.
fn say_what_waits(config: &Config) {
    let folder = &config.fallback_folder;
    let waiting = examine(folder).map_or(0, |found| found.waiting.len());
    if waiting > 0 {
        let place = folder.display();
        remark!(
            "stateloft: {waiting} writes wait in the journal {place} and are not in the store yet: serve it to replay them"
        );
    }
}

/// The store of this address.
fn named(store: &str) -> Result<StoreConfig, Failure> {
    match store.split_once("://") {
        Some(("postgresql" | "postgres", _)) => {
            let settings = config::postgres_address(store);
            settings
                .map(StoreConfig::Postgres)
                .map_err(|why| Failure::usage(format!("--store: the address {why}")))
        }
        Some(("sqlite", path)) => Ok(StoreConfig::Sqlite { path: PathBuf::from(path) }),
        Some((scheme, _)) => Err(Failure::usage(format!(
            "--store: {scheme}:// is no store; allowed: a SQLite file, postgresql://..., or {CONFIGURED}"
        ))),
        None => Ok(StoreConfig::Sqlite { path: PathBuf::from(store) }),
    }
}
