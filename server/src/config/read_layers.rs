//! The settings of what stands around the store, understood: time-outs, retries, circuit breaker, cache, fallback journal.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::StoreConfig;
use super::read::{FLAG_WORDS, Values, flag};
use super::settings::{
    CACHE_CLEANUP_INTERVAL, CACHE_ENABLED, CACHE_MAX_SIZE, CACHE_TTL, CIRCUIT_FAILURE_THRESHOLD,
    CIRCUIT_RECOVERY_TIMEOUT, CONNECTION_TIMEOUT, ENABLE_FILE_FALLBACK, FALLBACK_DIR, RETRY_ATTEMPTS,
    RETRY_DELAY,
};
use crate::store::Layers;
use crate::store::cached::{CacheSettings, Ownership};
use crate::store::fallback::FallbackSettings;
use crate::store::guarded::GuardSettings;

const DEFAULT_FALLBACK_DIR: &str = "./state_fallback";
const RETRIES: u64 = 100;
const SHORTEST: f64 = 0.001;
const DAY: f64 = 86_400.0;

impl Values {
    /// What is put around the store.
    pub(super) fn layers(&mut self, store: Option<&StoreConfig>, folder: &Path) -> Layers {
        // Clients must know what a 202 means before they are answered one.
        let fallback = self.enabled(ENABLE_FILE_FALLBACK, false).then(|| FallbackSettings::in_folder(folder));
        let usual = GuardSettings::default();
        let retries = self.whole(RETRY_ATTEMPTS, 0, RETRIES).and_then(|retries| u32::try_from(retries).ok());
        let attempts = retries.map_or(usual.attempts, |retries| retries + 1);
        let mut guard = GuardSettings {
            timeout: self.seconds(CONNECTION_TIMEOUT, 0.1).unwrap_or(usual.timeout),
            attempts,
            // PostgreSQL's own writer tries again, on another connection or another server; and with a journal no write
            // need wait for the store to come back.
            commit_attempts: if matches!(store, Some(StoreConfig::Postgres(_))) || fallback.is_some() {
                1
            } else {
                attempts
            },
            delay: self.seconds(RETRY_DELAY, 0.0).unwrap_or(usual.delay),
            bridge: usual.bridge,
            failure_threshold: self.number(CIRCUIT_FAILURE_THRESHOLD, usual.failure_threshold, 1_000_000),
            recovery_timeout: self.period(CIRCUIT_RECOVERY_TIMEOUT, usual.recovery_timeout),
        };
        if fallback.is_none() {
            guard.bridge = guard.bridged_by(attempts);
        }
        let usual = CacheSettings::default();
        let cache = CacheSettings {
            max_size: self.number(CACHE_MAX_SIZE, usual.max_size, 10_000_000),
            ttl: self.period(CACHE_TTL, usual.ttl),
            cleanup_interval: self.period(CACHE_CLEANUP_INTERVAL, usual.cleanup_interval),
        };
        let ownership = match store {
            Some(StoreConfig::Sqlite { .. }) | None => Some(Ownership::Sole),
            Some(StoreConfig::Postgres(_)) => Some(Ownership::Shared),
            // It has every head in memory anyway.
            Some(StoreConfig::Influx(_)) => None,
        };
        let cached = self.enabled(CACHE_ENABLED, true);
        Layers {
            guard: Some(guard),
            cache: ownership.filter(|_| cached).map(|ownership| (cache, ownership)),
            fallback,
        }
    }

    /// Where a fallback journal is.
    pub(super) fn fallback_folder(&mut self) -> PathBuf {
        let folder = self.text(FALLBACK_DIR).unwrap_or_else(|| DEFAULT_FALLBACK_DIR.to_owned());
        if folder.trim().is_empty() {
            self.wrong(FALLBACK_DIR, "is empty", "the path of a folder");
        }
        folder.into()
    }

    fn enabled(&mut self, name: &'static str, usual: bool) -> bool {
        let Some(text) = self.text(name) else { return usual };
        flag(&text).unwrap_or_else(|| {
            self.wrong(name, format!("{text:?} is neither true nor false"), FLAG_WORDS);
            usual
        })
    }

    fn number<T: TryFrom<u64>>(&mut self, name: &'static str, usual: T, most: u64) -> T {
        self.whole(name, 1, most).and_then(|number| T::try_from(number).ok()).unwrap_or(usual)
    }

    fn period(&mut self, name: &'static str, usual: Duration) -> Duration {
        let Some(text) = self.text(name) else { return usual };
        match text.trim().parse::<f64>() {
            Ok(seconds) if (SHORTEST..=DAY).contains(&seconds) => Duration::from_secs_f64(seconds),
            _ => {
                let allowed = format!("seconds, from {SHORTEST} to {DAY}");
                self.wrong(name, format!("{text:?} is wrong"), allowed);
                usual
            }
        }
    }
}
