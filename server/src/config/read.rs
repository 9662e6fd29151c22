//! From what the sources say to a configuration.

use std::path::PathBuf;
use std::time::Duration;

use stateloft_core::model::{Mode, StateType};
use stateloft_core::schema::Modes;

use super::given::{Given, Raw};
use super::settings::{
    DB_TYPE, ENABLE_VALIDATION, Effect, Kind, LEGACY_ASSUME_TZ, LEGACY_STATE_PATH, MEMORY_LIMIT, SETTINGS,
    SQLITE_PATH, VALIDATION_MODES,
};
use super::{Config, ConfigErrors, LegacyFiles, Loaded, Source, StoreConfig};
use crate::budget;

const IN_ITS_PLACE: &str =
    "the path of a file; a database: TRADING_STATE_DB_TYPE=postgresql and TRADING_STATE_POSTGRES_URL";
const STORES: &str = "sqlite, postgresql or influxdb";
/// The pause before a write is tried again where a journal takes it otherwise.
const RETRY_BEFORE_THE_JOURNAL: Duration = Duration::from_millis(100);
const DEFAULT_SQLITE_PATH: &str = "./data/stateloft.db";

/// Understands every value, collecting what is wrong.
pub(super) fn config(given: Given, file: Option<PathBuf>) -> Result<Loaded, ConfigErrors> {
    let mut reader = Values { given };
    reader.check_unused();
    let mut store = reader.store();
    let fallback_folder = reader.fallback_folder();
    let mut layers = reader.layers(store.as_ref(), &fallback_folder);
    if let (Some(StoreConfig::Postgres(settings)), Some(_)) = (&mut store, &layers.fallback) {
        // A write need not wait for the store to come back: the journal takes it.
        settings.retries = settings.retries.min(1);
        settings.retry_delay = settings.retry_delay.min(RETRY_BEFORE_THE_JOURNAL);
    }
    let mirror = reader.mirror(store.as_ref());
    let api = reader.api();
    let log = reader.log();
    let memory_limit = reader.memory_limit();
    if let Some(fallback) = &mut layers.fallback {
        fallback.bytes_max = memory_limit as u64;
    }
    let validation = reader.validation();
    let types = reader.types(validation.types.keys().cloned());
    let legacy = reader.legacy();
    let Given { warnings, errors, .. } = reader.given;
    match (store, api, errors.is_empty()) {
        (Some(store), Some(api), true) => Ok(Loaded {
            config: Config {
                store,
                layers,
                fallback_folder,
                mirror,
                api,
                log,
                memory_limit,
                validation,
                types,
                legacy,
                file,
            },
            warnings,
        }),
        _ => Err(ConfigErrors(errors)),
    }
}

/// The values, while they are being understood.
pub(super) struct Values {
    pub(super) given: Given,
}

impl Values {
    /// The files of an older program that are taken in at the start.
    fn legacy(&mut self) -> Option<LegacyFiles> {
        let assume_tz = self.text(LEGACY_ASSUME_TZ);
        if let Some(zone) = &assume_tz
            && let Err(error) = stateloft_core::import::check_zone(zone)
        {
            self.wrong(LEGACY_ASSUME_TZ, error.why, "UTC, or an offset such as +03:00");
        }
        let path = self.text(LEGACY_STATE_PATH)?;
        if path.trim().is_empty() {
            self.wrong(LEGACY_STATE_PATH, "is empty", "the path of a file or folder");
        }
        Some(LegacyFiles { path: path.into(), assume_tz })
    }

    pub(super) fn source(&self, name: &'static str) -> Source {
        self.given.values.get(name).map_or(Source::Default(name), |(_, source)| source.clone())
    }

    pub(super) fn wrong(
        &mut self,
        name: &'static str,
        problem: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        let source = self.source(name);
        self.given.wrong(source, problem, allowed);
    }

    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        match self.given.values.get(name) {
            Some((Raw::Text(text), _)) => Some(text.clone()),
            _ => None,
        }
    }

    /// Settings without effect are checked like the others, and said to have none.
    fn check_unused(&mut self) {
        for setting in SETTINGS {
            let Effect::None(why) = setting.effect else { continue };
            let Some((Raw::Text(text), source)) = self.given.values.get(setting.name).cloned() else {
                continue;
            };
            if let Some(allowed) = wrong_for(setting.kind, &text) {
                self.wrong(setting.name, format!("{text:?} is wrong"), allowed);
            } else {
                self.given.warnings.push(format!("{source} has no effect: {why}"));
            }
        }
    }

    /// Settings that only matter with another store are said to have no effect.
    pub(super) fn warn_of(&mut self, names: &[&str], store: &str) {
        for name in names {
            if let Some((_, source)) = self.given.values.get(name) {
                self.given.warnings.push(format!("{source} has no effect: the store is {store}"));
            }
        }
    }

    fn store(&mut self) -> Option<StoreConfig> {
        let kind = self.text(DB_TYPE).unwrap_or_else(|| "sqlite".to_owned());
        let path = self.text(SQLITE_PATH).unwrap_or_else(|| DEFAULT_SQLITE_PATH.to_owned());
        let kind = kind.to_ascii_lowercase();
        match kind.as_str() {
            "postgresql" | "postgres" => {
                self.warn_of_influx("postgresql");
                return self.postgres().map(StoreConfig::Postgres);
            }
            "sqlite" if path.trim().is_empty() => self.wrong(SQLITE_PATH, "is empty", "the path of a file"),
            // A store would come into being in a folder named `postgresql:`.
            "sqlite" if path.contains("://") => {
                self.wrong(SQLITE_PATH, "is an address, and SQLite's store is a file", IN_ITS_PLACE);
            }
            "sqlite" => {
                self.warn_of_postgres("sqlite");
                self.warn_of_influx("sqlite");
                return Some(StoreConfig::Sqlite { path: path.into() });
            }
            "influxdb" => {
                self.warn_of_postgres("influxdb");
                return self.influx().map(StoreConfig::Influx);
            }
            _ => self.wrong(DB_TYPE, format!("{kind:?} is not a store"), STORES),
        }
        None
    }

    /// Said in MiB.
    fn memory_limit(&mut self) -> usize {
        let given = self.whole(MEMORY_LIMIT, (budget::LEAST >> 20) as u64, 1 << 20);
        given.and_then(|mib| usize::try_from(mib << 20).ok()).unwrap_or(budget::USUAL)
    }

    fn validation(&mut self) -> Modes {
        let enabled = match self.text(ENABLE_VALIDATION) {
            None => true,
            Some(text) => flag(&text).unwrap_or_else(|| {
                self.wrong(ENABLE_VALIDATION, format!("{text:?} is neither true nor false"), FLAG_WORDS);
                true
            }),
        };
        let default = if enabled { Mode::Warn } else { Mode::Off };
        Modes { default, types: self.modes().into_iter().collect() }
    }

    fn modes(&mut self) -> Vec<(StateType, Mode)> {
        let pairs: Vec<(String, String)> = match self.given.values.get(VALIDATION_MODES) {
            None | Some((Raw::List(_), _)) => Vec::new(),
            Some((Raw::Map(pairs), _)) => pairs.clone(),
            Some((Raw::Text(text), _)) => text
                .split(',')
                .filter(|item| !item.trim().is_empty())
                .map(|item| item.split_once('=').unwrap_or((item, "")))
                .map(|(name, mode)| (name.trim().to_owned(), mode.trim().to_owned()))
                .collect(),
        };
        pairs.iter().filter_map(|(name, mode)| self.mode(name, mode)).collect()
    }

    fn mode(&mut self, name: &str, mode: &str) -> Option<(StateType, Mode)> {
        let mode = match mode.to_ascii_lowercase().as_str() {
            "off" => Some(Mode::Off),
            "warn" => Some(Mode::Warn),
            "strict" => Some(Mode::Strict),
            _ => None,
        };
        if let (Ok(state_type), Some(mode)) = (StateType::new(name), mode) {
            return Some((state_type, mode));
        }
        let allowed = "a state type and off, warn or strict, such as position=strict";
        self.wrong(VALIDATION_MODES, format!("{name:?} has no mode that is known"), allowed);
        None
    }
}

pub(super) const FLAG_WORDS: &str = "true, false, yes, no, on, off, 1 or 0";

pub(super) fn flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// What is allowed, if the text is wrong for the kind.
fn wrong_for(kind: Kind, text: &str) -> Option<String> {
    match kind {
        Kind::Text | Kind::Secret | Kind::List | Kind::Modes | Kind::Pointers => None,
        Kind::Flag => flag(text).is_none().then(|| FLAG_WORDS.to_owned()),
        Kind::Whole(least, most) => {
            let fits = text.trim().parse().is_ok_and(|number: u64| (least..=most).contains(&number));
            let range = if most == u64::MAX {
                format!("of {least} or more")
            } else {
                format!("from {least} to {most}")
            };
            (!fits).then(|| format!("a whole number {range}"))
        }
        Kind::Decimal => {
            let fits = text.trim().parse().is_ok_and(|number: f64| number.is_finite() && number >= 0.0);
            (!fits).then(|| "a number of 0 or more".to_owned())
        }
    }
}
