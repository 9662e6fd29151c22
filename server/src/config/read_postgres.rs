//! The settings of PostgreSQL, understood.

use std::time::Duration;

use super::Source;
use super::given::Raw;
use super::postgres_url;
use super::read::Values;
use super::settings::{
    CONNECTION_TIMEOUT, POSTGRES_DB, POSTGRES_HOST, POSTGRES_PASSWORD, POSTGRES_POOL_SIZE, POSTGRES_PORT,
    POSTGRES_SSLMODE, POSTGRES_SSLROOTCERT, POSTGRES_URL, POSTGRES_USER, RETRY_ATTEMPTS, RETRY_DELAY,
    SQLITE_PATH,
};
use crate::store::postgres::{Password, PostgresHost, PostgresSettings, Tls};

/// What only matters with PostgreSQL.
const ALL: [&str; 9] = [
    POSTGRES_URL,
    POSTGRES_HOST,
    POSTGRES_PORT,
    POSTGRES_DB,
    POSTGRES_USER,
    POSTGRES_PASSWORD,
    POSTGRES_SSLMODE,
    POSTGRES_SSLROOTCERT,
    POSTGRES_POOL_SIZE,
];
pub(super) const TLS_MODES: &str = "disable, prefer, require, verify-ca or verify-full";
const PORTS: &str = "a whole number from 1 to 65535, or one for each host, separated by commas";
const CONNECTIONS: u64 = 1_000;
const SECONDS: f64 = 3_600.0;
const RETRIES: u64 = 100;

impl Values {
    /// Settings of PostgreSQL where another store is used are said to have no effect.
    pub(super) fn warn_of_postgres(&mut self, store: &str) {
        self.warn_of(&ALL, store);
    }

    pub(super) fn postgres(&mut self) -> Option<PostgresSettings> {
        let errors = self.given.errors.len();
        if let Source::Flag(flag) = self.source(SQLITE_PATH) {
            let allowed = "no such flag with postgresql, or TRADING_STATE_DB_TYPE=sqlite";
            self.given.wrong(Source::Flag(flag), "names a SQLite file, but the store is postgresql", allowed);
        }
        let mut settings = PostgresSettings::default();
        match self.text(POSTGRES_URL) {
            Some(url) => self.postgres_url(&url, &mut settings),
            None => self.postgres_parts(&mut settings),
        }
        settings.password = self.postgres_password().or(settings.password);
        if let Some(mode) = self.text(POSTGRES_SSLMODE) {
            settings.tls = Tls::from_name(&mode.to_ascii_lowercase());
            if settings.tls.is_none() {
                self.wrong(POSTGRES_SSLMODE, format!("{mode:?} is not a mode"), TLS_MODES);
            }
        }
        if let Some(path) = self.text(POSTGRES_SSLROOTCERT) {
            settings.root_certificate = Some(path.into());
        }
        if settings.root_certificate.as_ref().is_some_and(|path| !path.is_file()) {
            self.wrong(POSTGRES_SSLROOTCERT, "is not a file that can be read", "the path of a PEM file");
        }
        if let Some(number) = self.whole(POSTGRES_POOL_SIZE, 1, CONNECTIONS) {
            settings.connections = u32::try_from(number).unwrap_or(settings.connections);
        }
        if let Some(number) = self.whole(RETRY_ATTEMPTS, 0, RETRIES) {
            settings.retries = u32::try_from(number).unwrap_or(settings.retries);
        }
        settings.patience = self.seconds(CONNECTION_TIMEOUT, 0.1).unwrap_or(settings.patience);
        settings.retry_delay = self.seconds(RETRY_DELAY, 0.0).unwrap_or(settings.retry_delay);
        (self.given.errors.len() == errors).then_some(settings)
    }

    fn postgres_url(&mut self, url: &str, settings: &mut PostgresSettings) {
        for name in [POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER] {
            if let Some((_, source)) = self.given.values.get(name) {
                let url = self.source(POSTGRES_URL);
                self.given.warnings.push(format!("{source} has no effect: {url} says it all"));
            }
        }
        // Its text is never shown, because it may hold the password.
        if let Err(problem) = postgres_url::read(url, settings) {
            self.wrong(POSTGRES_URL, problem, postgres_url::SHAPE);
        }
    }

    fn postgres_parts(&mut self, settings: &mut PostgresSettings) {
        if let Some(database) = self.named(POSTGRES_DB, "the name of a database") {
            settings.database = database;
        }
        if let Some(user) = self.named(POSTGRES_USER, "the name of a user") {
            settings.user = user;
        }
        let hosts = self.items(POSTGRES_HOST).unwrap_or_else(|| vec!["localhost".to_owned()]);
        if hosts.iter().any(String::is_empty) {
            self.wrong(POSTGRES_HOST, "names no host", "host names or addresses, separated by commas");
        }
        let texts = self.items(POSTGRES_PORT).unwrap_or_else(|| vec!["5432".to_owned()]);
        let ports: Vec<u16> =
            texts.iter().filter_map(|text| text.parse().ok().filter(|port| *port > 0)).collect();
        if ports.len() != texts.len() || (ports.len() != 1 && ports.len() != hosts.len()) {
            self.wrong(POSTGRES_PORT, format!("{:?} is not right", texts.join(",")), PORTS);
            return;
        }
        let ports = ports.iter().cycle();
        settings.hosts =
            hosts.into_iter().zip(ports).map(|(host, port)| PostgresHost { host, port: *port }).collect();
    }

    fn postgres_password(&mut self) -> Option<Password> {
        let password = self.text(POSTGRES_PASSWORD)?;
        if password.starts_with("${") || password.contains('\0') {
            let allowed = "the password itself";
            self.wrong(POSTGRES_PASSWORD, "is a placeholder that nobody filled in, or holds a NUL", allowed);
        }
        (!password.is_empty()).then(|| Password::new(password))
    }

    fn named(&mut self, name: &'static str, allowed: &str) -> Option<String> {
        let text = self.text(name)?;
        if text.trim().is_empty() || text.contains('\0') {
            self.wrong(name, "is empty", allowed);
        }
        Some(text)
    }

    fn items(&self, name: &'static str) -> Option<Vec<String>> {
        match self.given.values.get(name)? {
            (Raw::Text(text), _) => Some(text.split(',').map(|item| item.trim().to_owned()).collect()),
            (Raw::List(list), _) => Some(list.iter().map(|item| item.trim().to_owned()).collect()),
            (Raw::Map(_), _) => None,
        }
    }

    pub(super) fn whole(&mut self, name: &'static str, least: u64, most: u64) -> Option<u64> {
        let text = self.text(name)?;
        let number = text.trim().parse().ok().filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.wrong(name, format!("{text:?} is wrong"), format!("a whole number from {least} to {most}"));
        }
        number
    }

    pub(super) fn seconds(&mut self, name: &'static str, least: f64) -> Option<Duration> {
        let text = self.text(name)?;
        let number = text.trim().parse().ok().filter(|number: &f64| (least..=SECONDS).contains(number));
        if number.is_none() {
            self.wrong(name, format!("{text:?} is wrong"), format!("seconds, from {least} to {SECONDS}"));
        }
        number.map(Duration::from_secs_f64)
    }
}
