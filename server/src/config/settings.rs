//! Every setting by name. The names, units and places in `config.json` are those of the older systems, so that an
//! existing file goes on working.

/// What every environment variable of ours begins with.
pub const ENV_PREFIX: &str = "TRADING_STATE_";

/// What a setting may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// Any text, never shown.
    Secret,
    /// True or false.
    Flag,
    /// A whole number in this range.
    Whole(u64, u64),
    /// A decimal number of zero or more.
    Decimal,
    /// A list of texts: an array, or separated by commas.
    List,
    /// A mode per type: an object, or `type=mode` separated by commas.
    Modes,
    /// JSON pointers per type: an object of arrays, or `type=/pointer,/pointer` separated by commas.
    Pointers,
}

/// Whether this version acts on a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It does.
    Used,
    /// It is read, checked and has none; the text says why.
    None(&'static str),
}

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Setting {
    /// Its environment variable without [`ENV_PREFIX`].
    pub(super) name: &'static str,
    /// Its place in `config.json` (RFC 6901).
    pub(super) pointer: &'static str,
    /// What it may hold.
    pub(super) kind: Kind,
    /// What it does.
    pub(super) effect: Effect,
}

const LATER: Effect = Effect::None("it belongs to a store or service that this version does not have");
const SERVE: Effect = Effect::None("`stateloft serve` always serves the API");
const KEPT: Effect = Effect::None("every version is kept");

const fn used(name: &'static str, pointer: &'static str, kind: Kind) -> Setting {
    Setting { name, pointer, kind, effect: Effect::Used }
}

const fn without(name: &'static str, pointer: &'static str, kind: Kind, effect: Effect) -> Setting {
    Setting { name, pointer, kind, effect }
}

pub(super) const DB_TYPE: &str = "DB_TYPE";
pub(super) const SQLITE_PATH: &str = "SQLITE_PATH";
pub(super) const INFLUXDB_URL: &str = "INFLUXDB_URL";
pub(super) const INFLUXDB_TOKEN: &str = "INFLUXDB_TOKEN";
pub(super) const INFLUXDB_ORG: &str = "INFLUXDB_ORG";
pub(super) const INFLUXDB_BUCKET: &str = "INFLUXDB_BUCKET";
pub(super) const INFLUXDB_SSLROOTCERT: &str = "INFLUXDB_SSLROOTCERT";
pub(super) const POSTGRES_URL: &str = "POSTGRES_URL";
pub(super) const POSTGRES_HOST: &str = "POSTGRES_HOST";
pub(super) const POSTGRES_PORT: &str = "POSTGRES_PORT";
pub(super) const POSTGRES_DB: &str = "POSTGRES_DB";
pub(super) const POSTGRES_USER: &str = "POSTGRES_USER";
pub(super) const POSTGRES_PASSWORD: &str = "POSTGRES_PASSWORD";
pub(super) const POSTGRES_SSLMODE: &str = "POSTGRES_SSLMODE";
pub(super) const POSTGRES_SSLROOTCERT: &str = "POSTGRES_SSLROOTCERT";
pub(super) const POSTGRES_POOL_SIZE: &str = "POSTGRES_POOL_SIZE";
pub(super) const CONNECTION_TIMEOUT: &str = "CONNECTION_TIMEOUT";
pub(super) const RETRY_ATTEMPTS: &str = "RETRY_ATTEMPTS";
pub(super) const RETRY_DELAY: &str = "RETRY_DELAY";
pub(super) const CIRCUIT_FAILURE_THRESHOLD: &str = "CIRCUIT_FAILURE_THRESHOLD";
pub(super) const CIRCUIT_RECOVERY_TIMEOUT: &str = "CIRCUIT_RECOVERY_TIMEOUT";
pub(super) const CACHE_ENABLED: &str = "CACHE_ENABLED";
pub(super) const CACHE_TTL: &str = "CACHE_TTL";
pub(super) const CACHE_MAX_SIZE: &str = "CACHE_MAX_SIZE";
pub(super) const CACHE_CLEANUP_INTERVAL: &str = "CACHE_CLEANUP_INTERVAL";
pub(super) const ENABLE_FILE_FALLBACK: &str = "ENABLE_FILE_FALLBACK";
pub(super) const FALLBACK_DIR: &str = "FALLBACK_DIR";
pub(super) const LEGACY_STATE_PATH: &str = "LEGACY_STATE_PATH";
pub(super) const LEGACY_ASSUME_TZ: &str = "LEGACY_ASSUME_TZ";
pub(super) const API_HOST: &str = "API_HOST";
pub(super) const API_PORT: &str = "API_PORT";
pub(super) const API_CORS_ORIGINS: &str = "API_CORS_ORIGINS";
pub(super) const API_KEY: &str = "API_KEY";
pub(super) const SNAPSHOT_LIMIT: &str = "SNAPSHOT_LIMIT";
pub(super) const SESSION_LIMIT: &str = "SESSION_LIMIT";
pub(super) const ENABLE_VALIDATION: &str = "ENABLE_VALIDATION";
pub(super) const VALIDATION_MODES: &str = "VALIDATION_MODES";
pub(super) const UNKNOWN_TYPES: &str = "UNKNOWN_TYPES";
pub(super) const STATE_TYPES: &str = "STATE_TYPES";
pub(super) const LOG_LEVEL: &str = "LOG_LEVEL";
pub(super) const LOG_FORMAT: &str = "LOG_FORMAT";
pub(super) const MEMORY_LIMIT: &str = "MEMORY_LIMIT";
pub(super) const MIRROR_FIELDS: &str = "MIRROR_FIELDS";
pub(super) const MIRROR_URL: &str = "MIRROR_INFLUXDB_URL";
pub(super) const MIRROR_TOKEN: &str = "MIRROR_INFLUXDB_TOKEN";
pub(super) const MIRROR_ORG: &str = "MIRROR_INFLUXDB_ORG";
pub(super) const MIRROR_BUCKET: &str = "MIRROR_INFLUXDB_BUCKET";
pub(super) const MIRROR_SSLROOTCERT: &str = "MIRROR_INFLUXDB_SSLROOTCERT";
pub(super) const MIRROR_QUEUE_SIZE: &str = "MIRROR_QUEUE_SIZE";

/// All of them.
pub(super) const SETTINGS: &[Setting] = &[
    used(DB_TYPE, "/database/database_type", Kind::Text),
    used(SQLITE_PATH, "/database/sqlite_path", Kind::Text),
    used(INFLUXDB_URL, "/database/influxdb_url", Kind::Text),
    used(INFLUXDB_TOKEN, "/database/influxdb_token", Kind::Secret),
    used(INFLUXDB_ORG, "/database/influxdb_org", Kind::Text),
    used(INFLUXDB_BUCKET, "/database/influxdb_bucket", Kind::Text),
    used(INFLUXDB_SSLROOTCERT, "/database/influxdb_sslrootcert", Kind::Text),
    used(POSTGRES_URL, "/database/postgresql_url", Kind::Secret),
    used(POSTGRES_HOST, "/database/postgresql_host", Kind::List),
    used(POSTGRES_PORT, "/database/postgresql_port", Kind::List),
    used(POSTGRES_DB, "/database/postgresql_database", Kind::Text),
    used(POSTGRES_USER, "/database/postgresql_username", Kind::Text),
    used(POSTGRES_PASSWORD, "/database/postgresql_password", Kind::Secret),
    used(POSTGRES_SSLMODE, "/database/postgresql_sslmode", Kind::Text),
    used(POSTGRES_SSLROOTCERT, "/database/postgresql_sslrootcert", Kind::Text),
    used(POSTGRES_POOL_SIZE, "/database/postgresql_pool_size", Kind::Whole(1, 1_000)),
    used(CONNECTION_TIMEOUT, "/database/connection_timeout", Kind::Decimal),
    used(RETRY_ATTEMPTS, "/database/retry_attempts", Kind::Whole(0, 100)),
    used(RETRY_DELAY, "/database/retry_delay", Kind::Decimal),
    used(CIRCUIT_FAILURE_THRESHOLD, "/circuit_breaker/failure_threshold", Kind::Whole(1, 1_000_000)),
    used(CIRCUIT_RECOVERY_TIMEOUT, "/circuit_breaker/recovery_timeout", Kind::Decimal),
    without("API_ENABLED", "/api/enabled", Kind::Flag, SERVE),
    used(API_HOST, "/api/host", Kind::Text),
    used(API_PORT, "/api/port", Kind::Whole(1, 65_535)),
    used(API_CORS_ORIGINS, "/api/cors_origins", Kind::List),
    used(API_KEY, "/api/api_key", Kind::Secret),
    without("API_RATE_LIMIT", "/api/rate_limit_per_minute", Kind::Whole(1, u64::MAX), LATER),
    used(SNAPSHOT_LIMIT, "/limits/snapshots", Kind::Whole(1, 10_000_000)),
    used(SESSION_LIMIT, "/limits/sessions", Kind::Whole(1, 1_000_000)),
    used(CACHE_ENABLED, "/cache/enabled", Kind::Flag),
    used(CACHE_TTL, "/cache/ttl_seconds", Kind::Decimal),
    used(CACHE_MAX_SIZE, "/cache/max_size", Kind::Whole(1, 10_000_000)),
    used(CACHE_CLEANUP_INTERVAL, "/cache/cleanup_interval", Kind::Decimal),
    used(ENABLE_VALIDATION, "/enable_validation", Kind::Flag),
    used(VALIDATION_MODES, "/validation_modes", Kind::Modes),
    used(UNKNOWN_TYPES, "/unknown_types", Kind::Text),
    used(STATE_TYPES, "/state_types", Kind::List),
    used(ENABLE_FILE_FALLBACK, "/enable_file_fallback", Kind::Flag),
    used(FALLBACK_DIR, "/fallback_directory", Kind::Text),
    used(LEGACY_STATE_PATH, "/legacy_state_path", Kind::Text),
    used(LEGACY_ASSUME_TZ, "/legacy_assume_tz", Kind::Text),
    used(MIRROR_FIELDS, "/mirror/fields", Kind::Pointers),
    used(MIRROR_URL, "/mirror/influxdb_url", Kind::Text),
    used(MIRROR_TOKEN, "/mirror/influxdb_token", Kind::Secret),
    used(MIRROR_ORG, "/mirror/influxdb_org", Kind::Text),
    used(MIRROR_BUCKET, "/mirror/influxdb_bucket", Kind::Text),
    used(MIRROR_SSLROOTCERT, "/mirror/influxdb_sslrootcert", Kind::Text),
    used(MIRROR_QUEUE_SIZE, "/mirror/queue_size", Kind::Whole(1, 1_000_000_000)),
    used(LOG_LEVEL, "/log_level", Kind::Text),
    used(LOG_FORMAT, "/log_format", Kind::Text),
    used(MEMORY_LIMIT, "/memory_limit", Kind::Whole(64, 1 << 20)),
    without("BACKUP_RETENTION_DAYS", "/backup_retention_days", Kind::Whole(1, u64::MAX), KEPT),
    without("MIGRATION_BATCH_SIZE", "/migration_batch_size", Kind::Whole(1, u64::MAX), LATER),
    without("MIGRATION_USER_ID", "/migration_user_id", Kind::Text, LATER),
];

/// The setting of that name.
pub(super) fn by_name(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The setting at that place of the file.
pub(super) fn by_pointer(pointer: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.pointer == pointer)
}

/// The known name nearest to a mistyped one, if one is near enough to be meant.
pub(super) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 5)
        .map(|(_, name)| name)
}
