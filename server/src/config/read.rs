//! From what the sources say to a configuration.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use statehouse_core::model::{Mode, StateType};
use statehouse_core::schema::Modes;
use tracing::level_filters::LevelFilter;

use super::given::{Given, Raw};
use super::settings::{
    API_CORS_ORIGINS, API_HOST, API_KEY, API_PORT, DB_TYPE, ENABLE_VALIDATION, Effect, Kind, LOG_LEVEL,
    SETTINGS, SQLITE_PATH, VALIDATION_MODES,
};
use super::{ApiConfig, ApiKey, Config, ConfigErrors, Loaded, Origins, Source, StoreConfig};

const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_PORT: u16 = 8000;
const DEFAULT_SQLITE_PATH: &str = "./data/statehouse.db";
const WEAK_KEY: usize = 20;

/// Understands every value, collecting what is wrong.
pub(super) fn config(given: Given, file: Option<PathBuf>) -> Result<Loaded, ConfigErrors> {
    let mut reader = Values { given };
    reader.check_unused();
    let store = reader.store();
    let api = reader.api();
    let log_level = reader.log_level();
    let validation = reader.validation();
    let Given { warnings, errors, .. } = reader.given;
    match (store, api, errors.is_empty()) {
        (Some(store), Some(api), true) => {
            Ok(Loaded { config: Config { store, api, log_level, validation, file }, warnings })
        }
        _ => Err(ConfigErrors(errors)),
    }
}

struct Values {
    given: Given,
}

impl Values {
    fn source(&self, name: &'static str) -> Source {
        self.given.values.get(name).map_or(Source::Default(name), |(_, source)| source.clone())
    }

    fn wrong(&mut self, name: &'static str, problem: impl Into<String>, allowed: impl Into<String>) {
        let source = self.source(name);
        self.given.wrong(source, problem, allowed);
    }

    fn text(&self, name: &'static str) -> Option<String> {
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

    fn store(&mut self) -> Option<StoreConfig> {
        let kind = self.text(DB_TYPE).unwrap_or_else(|| "sqlite".to_owned());
        let path = self.text(SQLITE_PATH).unwrap_or_else(|| DEFAULT_SQLITE_PATH.to_owned());
        match kind.to_ascii_lowercase().as_str() {
            "sqlite" if path.trim().is_empty() => self.wrong(SQLITE_PATH, "is empty", "the path of a file"),
            "sqlite" => return Some(StoreConfig::Sqlite { path: path.into() }),
            known @ ("postgresql" | "postgres" | "influxdb") => {
                self.wrong(DB_TYPE, format!("{known} is not supported by this version yet"), "sqlite");
            }
            _ => self.wrong(DB_TYPE, format!("{kind:?} is not a store"), "sqlite"),
        }
        None
    }

    fn api(&mut self) -> Option<ApiConfig> {
        let listen = self.listen();
        let key = self.key();
        let origins = self.origins();
        if origins == Origins::Any && key.is_none() {
            self.wrong(
                API_CORS_ORIGINS,
                "* lets every web page use the API, which needs an API key",
                format!("a list of origins, or * together with TRADING_STATE_{API_KEY}"),
            );
        }
        let api = ApiConfig { listen: listen?, origins, key };
        if api.key.is_none() && !api.is_loopback() && !self.given.values.contains_key(API_KEY) {
            let source = self.listen_source();
            self.given.wrong(
                source,
                "other machines could reach this address, which needs an API key",
                format!("127.0.0.1, ::1 or localhost; or any address together with TRADING_STATE_{API_KEY}"),
            );
        }
        Some(api)
    }

    fn listen_source(&self) -> Source {
        if self.given.listen.is_some() { Source::Flag("--listen") } else { self.source(API_HOST) }
    }

    fn listen(&mut self) -> Option<Vec<SocketAddr>> {
        if let Some(listen) = self.given.listen.clone() {
            let allowed = "HOST:PORT such as 127.0.0.1:8000 or [::1]:8000; port 0 takes a free one";
            return match listen.to_socket_addrs().map(Iterator::collect::<Vec<_>>) {
                Ok(addresses) if !addresses.is_empty() => Some(addresses),
                _ => {
                    self.given.wrong(
                        Source::Flag("--listen"),
                        format!("{listen:?} is not an address"),
                        allowed,
                    );
                    None
                }
            };
        }
        let port = self.port();
        let host = self.text(API_HOST).unwrap_or_else(|| DEFAULT_HOST.to_owned());
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&host);
        match (bare, port?).to_socket_addrs().map(Iterator::collect::<Vec<_>>) {
            Ok(addresses) if !addresses.is_empty() && !bare.is_empty() => Some(addresses),
            _ => {
                self.wrong(
                    API_HOST,
                    format!("{host:?} is not an address of this machine"),
                    "an IP address or a host name",
                );
                None
            }
        }
    }

    fn port(&mut self) -> Option<u16> {
        let Some(text) = self.text(API_PORT) else { return Some(DEFAULT_PORT) };
        let port = text.trim().parse().ok().filter(|port| *port > 0);
        if port.is_none() {
            self.wrong(API_PORT, format!("{text:?} is not a port"), "a whole number from 1 to 65535");
        }
        port
    }

    fn key(&mut self) -> Option<ApiKey> {
        let key = self.text(API_KEY)?;
        let printable = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || !printable || key.starts_with("${") {
            self.wrong(
                API_KEY,
                "the key is empty, has characters that a header cannot carry, or is a placeholder that nobody filled in",
                "visible ASCII characters without spaces",
            );
            return None;
        }
        if key.len() < WEAK_KEY {
            let source = self.source(API_KEY);
            self.given
                .warnings
                .push(format!("{source} is short; {WEAK_KEY} random characters or more are better"));
        }
        Some(ApiKey::new(&key))
    }

    fn origins(&mut self) -> Origins {
        let list: Vec<String> = match self.given.values.get(API_CORS_ORIGINS) {
            None => return Origins::SameOnly,
            Some((Raw::List(list), _)) => list.clone(),
            Some((Raw::Text(text), _)) => text.split(',').map(str::to_owned).collect(),
            Some((Raw::Map(_), _)) => Vec::new(),
        };
        let list: Vec<String> =
            list.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect();
        if list.iter().any(|item| item == "*") {
            return Origins::Any;
        }
        for origin in list.iter().filter(|origin| !is_origin(origin)) {
            let allowed =
                "origins as browsers send them, such as https://console.example.com or http://localhost:3000";
            self.wrong(API_CORS_ORIGINS, format!("{origin:?} is not an origin"), allowed);
        }
        if list.is_empty() { Origins::SameOnly } else { Origins::List(list) }
    }

    fn log_level(&mut self) -> LevelFilter {
        let Some(text) = self.text(LOG_LEVEL) else { return LevelFilter::INFO };
        match text.to_ascii_lowercase().as_str() {
            "trace" => LevelFilter::TRACE,
            "debug" => LevelFilter::DEBUG,
            "info" => LevelFilter::INFO,
            "warn" | "warning" => LevelFilter::WARN,
            "error" | "critical" | "fatal" => LevelFilter::ERROR,
            "off" => LevelFilter::OFF,
            _ => {
                self.wrong(
                    LOG_LEVEL,
                    format!("{text:?} is not a level"),
                    "TRACE, DEBUG, INFO, WARNING, ERROR or OFF",
                );
                LevelFilter::INFO
            }
        }
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

const FLAG_WORDS: &str = "true, false, yes, no, on, off, 1 or 0";

fn flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// What is allowed, if the text is wrong for the kind.
fn wrong_for(kind: Kind, text: &str) -> Option<String> {
    match kind {
        Kind::Text | Kind::Secret | Kind::List | Kind::Modes => None,
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

fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '?', '#', ' ', '@'])
}
