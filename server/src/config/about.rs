//! What each setting is for, and what holds without it: the words of `stateloft config print` and of the table in the README,
//! which a test compares with these.

/// Of each setting that has an effect: its name, its default and what it is for, in Markdown.
pub(super) const ABOUT: &[(&str, &str, &str)] = &[
    ("DB_TYPE", "`sqlite`", "`sqlite`, `postgresql` or `influxdb`"),
    ("SQLITE_PATH", "`./data/stateloft.db`", "made when it is not there"),
    (
        "POSTGRES_HOST",
        "`localhost`",
        "several, separated by commas: the one that accepts writes is used; a folder of a Unix socket begins with `/`",
    ),
    ("POSTGRES_PORT", "`5432`", "one, or one for each host"),
    ("POSTGRES_DB", "`trading_states`", "encoding UTF8; the tables are made in a schema `stateloft`"),
    ("POSTGRES_USER", "`postgres`", "at the first start it must be allowed to create a schema"),
    ("POSTGRES_PASSWORD", "none", "never shown or logged"),
    (
        "POSTGRES_URL",
        "none",
        "`postgresql://user:password@host:port/database?sslmode=...`, instead of host, port, database and user",
    ),
    (
        "POSTGRES_SSLMODE",
        "`verify-full`; on this machine `prefer`",
        "`disable`, `prefer`, `require`, `verify-ca`, `verify-full`",
    ),
    ("POSTGRES_SSLROOTCERT", "the system's", "certificates (PEM) that the server's must be signed by"),
    (
        "POSTGRES_POOL_SIZE",
        "`10`",
        "connections that read, 1 to 1000, a quarter of them kept for what is read in a moment; three more write, listen and find the server",
    ),
    ("INFLUXDB_URL", "`http://localhost:8086`", "InfluxDB 2; `http://` or `https://`, host and port"),
    ("INFLUXDB_TOKEN", "none, needed", "may read and write the bucket; never shown or logged"),
    ("INFLUXDB_ORG", "`trading-org`", ""),
    (
        "INFLUXDB_BUCKET",
        "`trading-states`",
        "a bucket for Stateloft alone, which keeps its data for ever (retention 0)",
    ),
    (
        "INFLUXDB_SSLROOTCERT",
        "the system's",
        "certificates (PEM) that an `https://` server's must be signed by",
    ),
    (
        "CONNECTION_TIMEOUT",
        "`30`; InfluxDB: `10`",
        "seconds that a call to the store may take, retries included, and the database to connect, to lock and to answer; then the answer is 503, whatever else the request would have asked. A database that refuses connections is known to be away at once",
    ),
    (
        "RETRY_ATTEMPTS",
        "`3`",
        "how often a read, or a write that certainly did not happen, is tried again. Other settings as they are, this bridges a restart of 3 seconds for writes; a read is 503, or what was last known, within one",
    ),
    (
        "RETRY_DELAY",
        "`1.0`",
        "seconds before a write is tried again, doubled each time, more or less by chance; all pauses of a read together are shorter. With the journal on a write is tried twice at most, at once",
    ),
    (
        "CIRCUIT_FAILURE_THRESHOLD",
        "`5`",
        "so many failures, whatever time they took, and the store is left alone; each success takes one away",
    ),
    (
        "CIRCUIT_RECOVERY_TIMEOUT",
        "`60`",
        "seconds until one call tries it again; PostgreSQL also as soon as it answers the server's own look, once a second",
    ),
    (
        "MEMORY_LIMIT",
        "`512`",
        "MiB, 64 or more, that are held for bodies, answers, streams and comparing; what does not fit is answered 503 `overloaded`. Caches come on top, about 250 MiB at most, and as much as the limit for what waits in a fallback journal",
    ),
    ("CACHE_ENABLED", "`true`", "the last version of each state, in memory"),
    ("CACHE_MAX_SIZE", "`1000`", "states at most (and 64 MiB)"),
    ("CACHE_TTL", "`300`", "seconds after which a state is read again"),
    ("CACHE_CLEANUP_INTERVAL", "`60`", "seconds between looks for entries that are too old"),
    ("ENABLE_FILE_FALLBACK", "`false`", "keep writes in a local journal (202) while the store is away"),
    ("FALLBACK_DIR", "`./state_fallback`", "the journal's folder; one server only"),
    ("API_HOST", "`127.0.0.1`", "any other than the loopback needs an API key"),
    ("API_PORT", "`8000`", ""),
    (
        "API_KEY",
        "none",
        "every route but `livez`, `readyz` and the console's files then wants it; 16 characters at least where other machines can reach the server",
    ),
    ("API_CORS_ORIGINS", "none", "pages of these origins may use the API; `*` only with a key"),
    ("SNAPSHOT_LIMIT", "`10000`", "snapshots at most; those that restores take count, but are never refused"),
    ("SESSION_LIMIT", "`5000`", "WebSocket and SSE sessions at a time"),
    ("ENABLE_VALIDATION", "`true`", "`false`: no type is validated unless the next setting says so"),
    ("VALIDATION_MODES", "`warn` for all", "`position=strict,portfolio=off`; in the file an object"),
    (
        "UNKNOWN_TYPES",
        "`warn`",
        "what a save does that would begin a type which nobody has named (`positons`): `accept`, `warn` (stored, and the answer says so), `refuse` (422)",
    ),
    (
        "STATE_TYPES",
        "none",
        "further types that are named, by commas; those with a mode of their own, and those of which there are states, are known anyway",
    ),
    (
        "MIRROR_FIELDS",
        "none",
        "numbers that also become series for Grafana: `position=/total_pnl,/z_score,portfolio=/equity`; in the file an object of arrays",
    ),
    ("MIRROR_INFLUXDB_URL", "the store's, else `http://localhost:8086`", "the InfluxDB 2 of the series"),
    ("MIRROR_INFLUXDB_TOKEN", "the store's", "may read and write their bucket; never shown or logged"),
    ("MIRROR_INFLUXDB_ORG", "the store's, else `trading-org`", ""),
    (
        "MIRROR_INFLUXDB_BUCKET",
        "`trading-series`",
        "must exist, and not be the store's; may forget old points",
    ),
    ("MIRROR_INFLUXDB_SSLROOTCERT", "the store's, else the system's", "as for the store"),
    (
        "MIRROR_QUEUE_SIZE",
        "`100000`",
        "versions that the series may be behind; what is older is left out and counted",
    ),
    ("LEGACY_STATE_PATH", "none", "a file or folder of an older program that is taken in at the start"),
    ("LEGACY_ASSUME_TZ", "none", "the zone of times in it that have none: `UTC` or `+03:00`"),
    ("LOG_LEVEL", "`INFO`", "`TRACE`, `DEBUG`, `INFO`, `WARNING`, `ERROR`, `OFF`"),
    ("LOG_FORMAT", "`text`", "`json`: a line of the log is an object; also `serve --log-format json`"),
];

/// The default of a setting and what it is for.
pub(super) fn about(name: &str) -> Option<(&'static str, &'static str)> {
    ABOUT.iter().find(|(known, _, _)| *known == name).map(|(_, default, about)| (*default, *about))
}
