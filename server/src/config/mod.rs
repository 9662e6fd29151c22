//! Configuration: `config.json` with the keys of the older systems, environment variables `TRADING_STATE_*` over it,
//! flags over both. Everything wrong is reported at once, by name and place; nothing wrong is replaced by a default.

mod about;
mod api;
mod described;
mod error;
mod file;
mod given;
mod log;
mod postgres_url;
mod read;
mod read_api;
mod read_influx;
mod read_layers;
mod read_mirror;
mod read_postgres;
mod read_types;
mod settings;

use std::path::PathBuf;

use stateloft_core::schema::Modes;

use crate::mirror::MirrorSettings;
use crate::service::TypeNames;
use crate::store::influx::InfluxOptions;
use crate::store::postgres::PostgresSettings;

pub use api::{ApiConfig, ApiKey, Origins, Quotas};
pub use described::{Described, described};
pub use error::{ConfigError, ConfigErrors};
pub use given::Source;
pub use log::{LogFormat, LogSettings};
pub use settings::ENV_PREFIX;

use crate::store::Layers;

/// Where to look for settings.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `--config`; without it `config.json` in the working directory is read if it is there.
    pub file: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--db`.
    pub db: Option<PathBuf>,
    /// `--log-format`.
    pub log_format: Option<String>,
    /// The environment, usually [`std::env::vars_os`] read as text.
    pub env: Vec<(String, String)>,
}

/// What the program runs with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where states are kept.
    pub store: StoreConfig,
    /// What is put around the store: time-outs, retries, circuit breaker, cache, fallback journal.
    pub layers: Layers,
    /// The folder of the fallback journal, whether or not one is kept: one that was may still hold writes.
    pub fallback_folder: PathBuf,
    /// Numbers of states that also become series in an InfluxDB, if any are named.
    pub mirror: Option<MirrorSettings>,
    /// The HTTP side.
    pub api: ApiConfig,
    /// How much is logged, and how.
    pub log: LogSettings,
    /// Bytes that are held in memory for requests and sessions at most.
    pub memory_limit: usize,
    /// How strictly each type is validated.
    pub validation: Modes,
    /// Which types are known, and what happens to others.
    pub types: TypeNames,
    /// Files of an older program that are taken in when the server starts.
    pub legacy: Option<LegacyFiles>,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
}

/// Files of an older program that are taken in when the server starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyFiles {
    /// A file, or a folder of them.
    pub path: PathBuf,
    /// The zone of times in them that have none.
    pub assume_tz: Option<String>,
}

/// Where states are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreConfig {
    /// One SQLite file.
    Sqlite {
        /// The file; made when it does not exist.
        path: PathBuf,
    },
    /// A PostgreSQL database.
    Postgres(PostgresSettings),
    /// A bucket of InfluxDB 2.
    Influx(InfluxOptions),
}

/// A configuration that can be started with, and what its author should know.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// Unknown names, settings without effect, weak keys.
    pub warnings: Vec<String>,
}

/// Reads every source.
///
/// # Errors
/// Everything that is wrong, in one list.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigErrors> {
    let mut given = given::Given::default();
    let file = file::find(sources, &mut given);
    if let Some(path) = &file {
        file::read(path, &sources.env, &mut given);
    }
    given.take_env(&sources.env);
    given.take_flags(sources);
    read::config(given, file)
}

/// Reads the address of a PostgreSQL database.
///
/// # Errors
/// What is wrong and what is allowed, without the address, which may hold a password.
pub fn postgres_address(url: &str) -> Result<PostgresSettings, String> {
    let mut settings = PostgresSettings::default();
    match postgres_url::read(url, &mut settings) {
        Ok(()) => Ok(settings),
        Err(problem) => Err(format!("{problem}; allowed: {}", postgres_url::SHAPE)),
    }
}

/// Names a bucket of InfluxDB.
///
/// # Errors
/// What is wrong, without the address and the token.
pub fn influx_bucket(url: &str, org: &str, bucket: &str, token: &str) -> Result<InfluxOptions, String> {
    read_influx::named(url, org, bucket, token)
}

#[cfg(test)]
mod tests;
