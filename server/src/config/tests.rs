use std::path::PathBuf;

use stateloft_core::model::{Mode, StateType};
use tracing::level_filters::LevelFilter;

use super::*;
use crate::store::cached::Ownership;
use crate::store::postgres::Tls;

fn env(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A configuration file with this text, and sources that name it.
struct File {
    path: PathBuf,
}

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("stateloft-config-{}-{name}.json", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self { path }
    }

    fn load(&self, variables: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
        load(&Sources { file: Some(self.path.clone()), env: env(variables), ..Sources::default() })
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn with_env(variables: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
    load(&Sources { env: env(variables), ..Sources::default() })
}

fn errors(result: Result<Loaded, ConfigErrors>) -> Vec<String> {
    result.unwrap_err().0.iter().map(ToString::to_string).collect()
}

#[test]
fn defaults_are_sqlite_on_the_loopback_interface() {
    let loaded = with_env(&[]).unwrap();
    assert_eq!(loaded.config.store, StoreConfig::Sqlite { path: "./data/stateloft.db".into() });
    assert_eq!(loaded.config.api.listen, ["127.0.0.1:8000".parse().unwrap()]);
    assert!(loaded.config.api.key.is_none());
    assert_eq!(loaded.config.log.level, LevelFilter::INFO);
    assert_eq!(loaded.config.validation, Modes::default());
    assert_eq!(loaded.warnings, [""; 0]);
}

#[test]
fn an_address_in_place_of_a_file_is_refused_wherever_it_stands() {
    let url = "postgresql://bot@db/states";
    let flag = load(&Sources { db: Some(url.into()), ..Sources::default() });
    for loaded in [flag, with_env(&[("TRADING_STATE_SQLITE_PATH", url)])] {
        let errors = errors(loaded);
        assert!(errors[0].contains("is an address") && errors[0].contains("POSTGRES_URL"), "{errors:?}");
    }
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = File::new(
        "precedence",
        r#"{"database": {"database_type": "sqlite", "sqlite_path": "from-file.db"},
            "api": {"host": "127.0.0.2", "port": 8001}, "limits": {"snapshots": 7}, "log_level": "ERROR", "log_format": "json"}"#,
    );
    let loaded = file.load(&[("TRADING_STATE_API_PORT", "8002")]).unwrap();
    assert_eq!(loaded.config.api.listen, ["127.0.0.2:8002".parse().unwrap()]);
    let errors_as_json = LogSettings { level: LevelFilter::ERROR, format: LogFormat::Json };
    assert_eq!((loaded.config.log, loaded.config.api.quotas.snapshots), (errors_as_json, 7));
    let sources = Sources {
        file: Some(file.path.clone()),
        listen: Some("[::1]:8003".into()),
        db: Some("from-flag.db".into()),
        env: env(&[("TRADING_STATE_API_PORT", "8002"), ("TRADING_STATE_SQLITE_PATH", "from-env.db")]),
        ..Sources::default()
    };
    let config = load(&sources).unwrap().config;
    assert_eq!(config.api.listen, ["[::1]:8003".parse().unwrap()]);
    assert_eq!(config.store, StoreConfig::Sqlite { path: "from-flag.db".into() });
}

#[test]
fn d_058_every_wrong_value_stops_the_start_with_name_source_and_what_is_allowed() {
    let file =
        File::new("wrong", r#"{"database": {"database_type": "mysql"}, "api": {"host": ""}, "cache": 1}"#);
    let errors = errors(file.load(&[
        ("TRADING_STATE_API_PORT", "abc"),
        ("TRADING_STATE_LOG_LEVEL", "loud"),
        ("TRADING_STATE_ENABLE_VALIDATION", "maybe"),
        ("TRADING_STATE_CACHE_TTL", "-1"),
        ("TRADING_STATE_CACHE_MAX_SIZE", "0"),
        ("TRADING_STATE_CIRCUIT_FAILURE_THRESHOLD", "few"),
        ("TRADING_STATE_RETRY_DELAY", "1e9"),
        ("TRADING_STATE_ENABLE_FILE_FALLBACK", "si"),
        ("TRADING_STATE_VALIDATION_MODES", "position=sometimes"),
        ("TRADING_STATE_API_CORS_ORIGINS", "example.com"),
        ("TRADING_STATE_UNKNOWN_TYPES", "ask"),
        ("TRADING_STATE_STATE_TYPES", "risk,Bot"),
    ]));
    let path = file.path.display();
    let has = |part: &str| assert!(errors.iter().any(|error| error.contains(part)), "{part} in {errors:#?}");
    has(&format!(
        "{path}, /database/database_type: \"mysql\" is not a store; allowed: sqlite, postgresql or influxdb"
    ));
    has(&format!("{path}, /cache: is not an object"));
    has(
        "environment variable TRADING_STATE_API_PORT: \"abc\" is not a port; allowed: a whole number from 1 to 65535",
    );
    has("TRADING_STATE_LOG_LEVEL: \"loud\" is not a level; allowed: TRACE");
    has("TRADING_STATE_ENABLE_VALIDATION: \"maybe\"");
    has("TRADING_STATE_CACHE_TTL: \"-1\" is wrong; allowed: seconds, from 0.001 to 86400");
    has("TRADING_STATE_CACHE_MAX_SIZE: \"0\" is wrong; allowed: a whole number from 1 to 10000000");
    has("TRADING_STATE_CIRCUIT_FAILURE_THRESHOLD: \"few\" is wrong");
    has("TRADING_STATE_RETRY_DELAY: \"1e9\" is wrong; allowed: seconds, from 0 to 3600");
    has("TRADING_STATE_ENABLE_FILE_FALLBACK: \"si\" is neither true nor false");
    has("TRADING_STATE_VALIDATION_MODES: \"position\"");
    has("TRADING_STATE_API_CORS_ORIGINS: \"example.com\" is not an origin");
    has("TRADING_STATE_UNKNOWN_TYPES: \"ask\" is not known; allowed: accept, warn or refuse");
    has("TRADING_STATE_STATE_TYPES: state_type must be");
}

#[test]
fn d_058_a_missing_or_broken_file_stops_the_start() {
    let missing = load(&Sources { file: Some("no/such/file.json".into()), ..Sources::default() });
    assert!(errors(missing)[0].starts_with("flag --config: no/such/file.json is not a file"));
    let broken = File::new("broken", "{\"api\": {\"port\": 1,\n\"port\": 2}}");
    let error = errors(broken.load(&[])).join("\n");
    assert!(error.contains("duplicate key") && error.contains("at line 2"), "{error}");
}

#[test]
fn unknown_names_are_warned_about_with_the_nearest_known_one() {
    let file = File::new("unknown", r#"{"api": {"prot": 1}, "log_levle": "INFO", "colour": "green"}"#);
    let loaded = file
        .load(&[
            ("TRADING_STATE_API_PROT", "1"),
            ("TRADING_STATE_XYZZY", "1"),
            ("STATE_DB_TYPE", "sqlite"),
            ("STATE_DIRECTORY", "/var"),
        ])
        .unwrap();
    let warnings = loaded.warnings.join("\n");
    for part in [
        "/api/prot is not known and has no effect; did you mean /api/port?",
        "/log_levle is not known and has no effect; did you mean /log_level?",
        "/colour is not known and has no effect",
        "TRADING_STATE_API_PROT is not known and has no effect; did you mean TRADING_STATE_API_PORT?",
        "TRADING_STATE_XYZZY is not known and has no effect",
        "STATE_DB_TYPE is not read; its name is TRADING_STATE_DB_TYPE",
    ] {
        assert!(warnings.contains(part), "{part} in {warnings}");
    }
    assert_eq!(loaded.warnings.len(), 6, "{warnings}");
}

#[test]
fn settings_without_effect_are_said_to_have_none() {
    let loaded =
        with_env(&[("TRADING_STATE_BACKUP_RETENTION_DAYS", "30"), ("TRADING_STATE_API_ENABLED", "false")])
            .unwrap();
    let warnings = loaded.warnings.join("\n");
    assert!(warnings.contains("TRADING_STATE_BACKUP_RETENTION_DAYS has no effect"), "{warnings}");
    assert!(
        warnings.contains("TRADING_STATE_API_ENABLED has no effect: `stateloft serve` always"),
        "{warnings}"
    );
}

#[test]
fn placeholders_are_filled_in_or_an_error() {
    let file = File::new("placeholders", r#"{"api": {"port": "${PORT}", "api_key": "${WORD}-${WORD}"}}"#);
    let loaded = file.load(&[("PORT", "9000"), ("WORD", "a-long-secret")]).unwrap();
    assert_eq!(loaded.config.api.listen[0].port(), 9000);
    assert!(loaded.config.api.key.unwrap().matches(b"a-long-secret-a-long-secret"));
    let errors = errors(file.load(&[("PORT", "9000"), ("WORD", "")]));
    assert!(
        errors[0].contains("/api/api_key: names the environment variable \"WORD\", which is not set"),
        "{errors:?}"
    );
}

#[test]
fn d_080_other_machines_may_connect_only_with_a_key() {
    for host in ["0.0.0.0", "::", "192.0.2.1"] {
        let errors = errors(with_env(&[("TRADING_STATE_API_HOST", host)]));
        assert!(errors[0].contains("needs an API key"), "{errors:?}");
        let key = ("TRADING_STATE_API_KEY", "0123456789abcdefghij");
        assert!(with_env(&[("TRADING_STATE_API_HOST", host), key]).is_ok());
    }
    for (key, enough) in
        [("0123456789abcde", false), (" 0123456789abcde\n", false), ("0123456789abcdef\n", true)]
    {
        let loaded = with_env(&[("TRADING_STATE_API_HOST", "0.0.0.0"), ("TRADING_STATE_API_KEY", key)]);
        assert_eq!(loaded.is_ok(), enough, "{key:?}");
        if !enough {
            let errors = errors(loaded);
            assert!(
                errors[0].contains("too short") && errors[0].contains("openssl rand -hex 16"),
                "{errors:?}"
            );
            assert!(!errors[0].contains("0123456789"), "{errors:?}");
        }
        assert!(with_env(&[("TRADING_STATE_API_KEY", key)]).is_ok(), "on the loopback");
    }
    for host in ["localhost", "127.0.0.9", "::1", "[::1]"] {
        assert!(with_env(&[("TRADING_STATE_API_HOST", host)]).is_ok(), "{host}");
    }
    let flag = load(&Sources { listen: Some("0.0.0.0:80".into()), ..Sources::default() });
    assert!(errors(flag)[0].starts_with("flag --listen: "));
    let any_page = errors(with_env(&[("TRADING_STATE_API_CORS_ORIGINS", "*")]));
    assert!(any_page[0].contains("needs an API key"), "{any_page:?}");
}

#[test]
fn a_key_is_never_shown() {
    let bad_key = errors(with_env(&[("TRADING_STATE_API_KEY", "secret with spaces")])).join("\n");
    assert!(bad_key.contains("TRADING_STATE_API_KEY") && !bad_key.contains("secret"), "{bad_key}");
    let loaded = with_env(&[
        ("TRADING_STATE_API_KEY", "short-secret"),
        ("TRADING_STATE_INFLUXDB_TOKEN", "token-secret"),
    ])
    .unwrap();
    assert!(!format!("{loaded:?}").contains("secret"), "{loaded:?}");
    assert!(loaded.warnings.iter().any(|warning| warning.contains("is short")));
}

#[test]
fn validation_is_off_warned_or_strict_by_type() {
    let file =
        File::new("modes", r#"{"enable_validation": false, "validation_modes": {"position": "strict"}}"#);
    let strict = (StateType::new("position").unwrap(), Mode::Strict);
    let from_file = file.load(&[]).unwrap().config.validation;
    assert_eq!(from_file, Modes { default: Mode::Off, types: [strict.clone()].into() });
    let from_env =
        with_env(&[("TRADING_STATE_VALIDATION_MODES", "position=strict, portfolio = off")]).unwrap();
    let off = (StateType::new("portfolio").unwrap(), Mode::Off);
    assert_eq!(from_env.config.validation, Modes { default: Mode::Warn, types: [strict, off].into() });
}

fn postgres(variables: &[(&str, &str)]) -> Result<PostgresSettings, Vec<String>> {
    let mut all = vec![("TRADING_STATE_DB_TYPE", "postgresql")];
    all.extend_from_slice(variables);
    match with_env(&all) {
        Ok(Loaded { config: Config { store: StoreConfig::Postgres(settings), .. }, .. }) => Ok(settings),
        Ok(other) => panic!("{other:?}"),
        Err(wrong) => Err(wrong.0.iter().map(ToString::to_string).collect()),
    }
}

#[test]
fn postgresql_is_found_by_the_names_of_the_older_systems() {
    assert_eq!(postgres(&[]).unwrap(), PostgresSettings::default());
    let found = postgres(&[
        ("TRADING_STATE_POSTGRES_HOST", "db1, db2"),
        ("TRADING_STATE_POSTGRES_PORT", "6000,6001"),
        ("TRADING_STATE_POSTGRES_DB", "states"),
        ("TRADING_STATE_POSTGRES_USER", "bot"),
        ("TRADING_STATE_POSTGRES_PASSWORD", "hunter2"),
        ("TRADING_STATE_POSTGRES_SSLMODE", "require"),
        ("TRADING_STATE_POSTGRES_POOL_SIZE", "20"),
        ("TRADING_STATE_CONNECTION_TIMEOUT", "2.5"),
        ("TRADING_STATE_RETRY_ATTEMPTS", "0"),
        ("TRADING_STATE_RETRY_DELAY", "0.5"),
    ])
    .unwrap();
    assert_eq!(found.to_string(), "bot@db1:6000,db2:6001/states");
    assert_eq!((found.connections, found.retries, found.tls), (20, 0, Some(Tls::Require)));
    assert_eq!((found.patience.as_millis(), found.retry_delay.as_millis()), (2_500, 500));
    assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
    let one_port = postgres(&[("TRADING_STATE_POSTGRES_HOST", "a,b")]).unwrap();
    assert_eq!(one_port.to_string(), "postgres@a:5432,b:5432/trading_states");
    let file = File::new(
        "postgres",
        r#"{"database": {"database_type": "postgresql", "postgresql_host": ["a", "b"], "postgresql_port": 5433}}"#,
    );
    let StoreConfig::Postgres(from_file) = file.load(&[]).unwrap().config.store else {
        panic!("not PostgreSQL")
    };
    assert_eq!(from_file.to_string(), "postgres@a:5433,b:5433/trading_states");
}

#[test]
fn one_url_says_it_all_but_the_password_may_come_apart() {
    let url = ("TRADING_STATE_POSTGRES_URL", "postgres://bot@db/states?sslmode=require");
    let found = postgres(&[url, ("TRADING_STATE_POSTGRES_PASSWORD", "hunter2")]).unwrap();
    assert_eq!((found.to_string().as_str(), found.password.is_some()), ("bot@db:5432/states", true));
    let both = with_env(&[("TRADING_STATE_DB_TYPE", "postgres"), url, ("TRADING_STATE_POSTGRES_HOST", "x")])
        .unwrap();
    assert!(both.warnings[0].contains("TRADING_STATE_POSTGRES_HOST has no effect"), "{:?}", both.warnings);
    let other = with_env(&[url]).unwrap();
    assert!(
        other.warnings[0].contains("POSTGRES_URL has no effect: the store is sqlite"),
        "{:?}",
        other.warnings
    );
}

#[test]
fn wrong_settings_of_postgresql_are_named() {
    for (name, value, words) in [
        ("POSTGRES_PORT", "0", "a whole number from 1 to 65535"),
        ("POSTGRES_PORT", "1,2", "one for each host"),
        ("POSTGRES_HOST", "a,,b", "names no host"),
        ("POSTGRES_DB", " ", "the name of a database"),
        ("POSTGRES_PASSWORD", "${POSTGRES_PASSWORD}", "placeholder"),
        ("POSTGRES_SSLMODE", "maybe", "verify-full"),
        ("POSTGRES_SSLROOTCERT", "/no/such/file", "PEM"),
        ("POSTGRES_POOL_SIZE", "0", "from 1 to 1000"),
        ("POSTGRES_URL", "http://me:hunter2@x", "does not begin with postgresql://"),
        ("CONNECTION_TIMEOUT", "0", "seconds, from 0.1 to 3600"),
        ("RETRY_ATTEMPTS", "-1", "from 0 to 100"),
        ("RETRY_DELAY", "NaN", "seconds, from 0 to 3600"),
    ] {
        let name = format!("TRADING_STATE_{name}");
        let wrong = postgres(&[(&name, value)]).unwrap_err().join("\n");
        assert!(
            wrong.contains(&format!("environment variable {name}: ")) && wrong.contains(words),
            "{wrong}"
        );
        assert!(!wrong.contains("hunter2"), "{wrong}");
    }
    let sources = Sources {
        db: Some("x.db".into()),
        env: env(&[("TRADING_STATE_DB_TYPE", "postgresql")]),
        ..Sources::default()
    };
    assert!(errors(load(&sources))[0].starts_with("flag --db: names a SQLite file"));
}

#[test]
fn what_stands_around_the_store_is_configured_by_the_older_names() {
    let usual = with_env(&[]).unwrap().config.layers;
    let guard = usual.guard.unwrap();
    assert_eq!((guard.timeout.as_secs(), guard.attempts, guard.delay.as_secs()), (30, 4, 1));
    assert_eq!((guard.failure_threshold, guard.recovery_timeout.as_secs()), (5, 60));
    let (cache, _) = usual.cache.unwrap();
    assert_eq!((cache.max_size, cache.ttl.as_secs(), cache.cleanup_interval.as_secs()), (1000, 300, 60));
    assert_eq!(usual.fallback, None, "nobody is answered 202 who did not ask for it");
    let file = File::new(
        "layers",
        r#"{"database": {"connection_timeout": 2.5, "retry_attempts": 1, "retry_delay": 0},
            "circuit_breaker": {"failure_threshold": 9, "recovery_timeout": 7},
            "cache": {"enabled": false}, "enable_file_fallback": true}"#,
    );
    let layers = file.load(&[("TRADING_STATE_FALLBACK_DIR", "/var/lib/kept")]).unwrap().config.layers;
    let guard = layers.guard.unwrap();
    assert_eq!(
        (guard.timeout.as_millis(), guard.attempts, guard.commit_attempts, guard.delay.as_secs()),
        (2_500, 2, 1, 0)
    );
    assert_eq!((guard.failure_threshold, guard.recovery_timeout.as_secs()), (9, 7));
    assert_eq!(layers.cache, None);
    assert_eq!(layers.fallback.unwrap().folder, std::path::Path::new("/var/lib/kept"));
    let shared = with_env(&[("TRADING_STATE_DB_TYPE", "postgresql")]).unwrap().config.layers;
    assert_eq!((shared.guard.unwrap().commit_attempts, shared.cache.unwrap().1), (1, Ownership::Shared));
    let wrong = with_env(&[("TRADING_STATE_DB_TYPE", "postgresql"), ("TRADING_STATE_RETRY_ATTEMPTS", "-1")]);
    assert_eq!(errors(wrong).len(), 1, "what two parts read is wrong once");
}

const INFLUX: (&str, &str) = ("TRADING_STATE_DB_TYPE", "influxdb");

#[test]
fn influxdb_is_found_by_the_names_of_the_older_systems() {
    let loaded = with_env(&[INFLUX, ("TRADING_STATE_INFLUXDB_TOKEN", "t0ken==")]).unwrap();
    let StoreConfig::Influx(options) = &loaded.config.store else { panic!("{:?}", loaded.config.store) };
    assert_eq!(options.url, "http://localhost:8086");
    assert_eq!((options.org.as_str(), options.bucket.as_str()), ("trading-org", "trading-states"));
    assert_eq!(loaded.warnings, [""; 0]);
    assert!(!format!("{:?}", loaded.config).contains("t0ken"), "{:?}", loaded.config);
    let file = File::new(
        "influx",
        r#"{"database": {"database_type": "influxdb", "influxdb_url": "https://influx.example.com:8086/",
            "influxdb_token": "${MY_TOKEN}", "influxdb_org": "desk 1", "influxdb_bucket": "états"}}"#,
    );
    let loaded = file.load(&[("MY_TOKEN", "abc")]).unwrap();
    let StoreConfig::Influx(options) = &loaded.config.store else { panic!("{:?}", loaded.config.store) };
    assert_eq!(options.url, "https://influx.example.com:8086");
    assert_eq!((options.org.as_str(), options.bucket.as_str()), ("desk 1", "états"));
    assert_eq!(options.token, crate::store::influx::Token::new("abc"));
}

#[test]
fn d_058_wrong_settings_of_influxdb_stop_the_start_and_secrets_are_not_shown() {
    let errors = errors(load(&Sources {
        db: Some("x.db".into()),
        env: env(&[
            INFLUX,
            ("TRADING_STATE_INFLUXDB_URL", "http://me:hunter2@localhost:8086"),
            ("TRADING_STATE_INFLUXDB_TOKEN", "hunter2 hunter2"),
            ("TRADING_STATE_INFLUXDB_ORG", " "),
            ("TRADING_STATE_INFLUXDB_BUCKET", "a\nb"),
        ]),
        ..Sources::default()
    }));
    let has = |part: &str| assert!(errors.iter().any(|error| error.contains(part)), "{part} in {errors:#?}");
    has("flag --db: names a SQLite file, but the store is influxdb");
    has("TRADING_STATE_INFLUXDB_URL: is not the address of a server; allowed: http://");
    has("TRADING_STATE_INFLUXDB_TOKEN: the token is missing, has characters");
    has("TRADING_STATE_INFLUXDB_ORG: \" \" is not a name");
    has("TRADING_STATE_INFLUXDB_BUCKET: ");
    assert_eq!(errors.len(), 5, "{errors:#?}");
    assert!(!errors.concat().contains("hunter2"), "{errors:#?}");
    let missing = with_env(&[INFLUX]).unwrap_err().to_string();
    assert!(missing.contains("TRADING_STATE_INFLUXDB_TOKEN (default): the token is missing"), "{missing}");
}

#[test]
fn settings_of_influxdb_without_effect_are_said() {
    let loaded = with_env(&[("TRADING_STATE_INFLUXDB_BUCKET", "b")]).unwrap();
    let warning = "environment variable TRADING_STATE_INFLUXDB_BUCKET has no effect: the store is sqlite";
    assert_eq!(loaded.warnings, [warning]);
}

const MIRROR_TOKEN: (&str, &str) = ("TRADING_STATE_MIRROR_INFLUXDB_TOKEN", "t0ken");

#[test]
fn the_mirror_is_read_from_the_file_and_from_the_environment() {
    assert!(with_env(&[]).unwrap().config.mirror.is_none());
    let fields = ("TRADING_STATE_MIRROR_FIELDS", "position=/total_pnl, /z_score,portfolio=/a=b");
    let mirror = with_env(&[MIRROR_TOKEN, fields]).unwrap().config.mirror.unwrap();
    assert_eq!(mirror.fields.counts(), (2, 3));
    assert_eq!(
        mirror.bucket.to_string(),
        r#"http://localhost:8086, organisation "trading-org", bucket "trading-series""#
    );
    assert_eq!(mirror.queue_size, 100_000);
    let file = File::new(
        "mirror",
        r#"{"mirror": {"fields": {"portfolio": "/a=b", "position": ["/total_pnl", "/z_score"]}, "queue_size": 7,
            "influxdb_url": "https://series.example.com", "influxdb_org": "desk", "influxdb_bucket": "b"}}"#,
    );
    let from_file = file.load(&[MIRROR_TOKEN]).unwrap().config.mirror.unwrap();
    assert_eq!((from_file.fields, from_file.queue_size), (mirror.fields, 7));
    assert_eq!(
        from_file.bucket.to_string(),
        r#"https://series.example.com, organisation "desk", bucket "b""#
    );
}

#[test]
fn where_the_store_is_influxdb_the_series_are_in_another_bucket_of_it() {
    let store = [INFLUX, ("TRADING_STATE_INFLUXDB_TOKEN", "abc"), ("TRADING_STATE_INFLUXDB_ORG", "desk")];
    let fields = ("TRADING_STATE_MIRROR_FIELDS", "position=/n");
    let mirror = with_env(&[&store[..], &[fields]].concat()).unwrap().config.mirror.unwrap();
    assert_eq!(mirror.bucket.token, crate::store::influx::Token::new("abc"));
    assert_eq!((mirror.bucket.org.as_str(), mirror.bucket.bucket.as_str()), ("desk", "trading-series"));
    let same = ("TRADING_STATE_MIRROR_INFLUXDB_BUCKET", "trading-states");
    let errors = errors(with_env(&[&store[..], &[fields, same]].concat()));
    assert!(
        errors[0].contains("MIRROR_INFLUXDB_BUCKET: \"trading-states\" is the bucket of the store"),
        "{errors:?}"
    );
}

#[test]
fn wrong_settings_of_the_mirror_stop_the_start() {
    let fields = "position=/a,position=/a,Bad=/n,position=n,portfolio=/a~2,strategy=";
    let errors = errors(with_env(&[
        ("TRADING_STATE_MIRROR_FIELDS", fields),
        ("TRADING_STATE_MIRROR_INFLUXDB_URL", "localhost"),
        ("TRADING_STATE_MIRROR_QUEUE_SIZE", "0"),
    ]));
    let has = |part: &str| assert!(errors.iter().any(|error| error.contains(part)), "{part} in {errors:#?}");
    has(
        r#"TRADING_STATE_MIRROR_FIELDS: "/a" of "position" is named twice; allowed: state types with JSON pointers"#,
    );
    has(r#""/n" of "Bad": "#);
    has(r#""n" of "position": a JSON pointer starts with "/""#);
    has(r#""/a~2" of "portfolio": "~" in a JSON pointer"#);
    has(r#""" of "strategy" is the whole document"#);
    has("TRADING_STATE_MIRROR_INFLUXDB_URL: is not the address of a server");
    has("TRADING_STATE_MIRROR_INFLUXDB_TOKEN (default): the token is missing");
    has("TRADING_STATE_MIRROR_QUEUE_SIZE: \"0\" is wrong; allowed: a whole number from 1");
    assert_eq!(errors.len(), 8, "{errors:#?}");
    let unused = with_env(&[("TRADING_STATE_MIRROR_QUEUE_SIZE", "5")]).unwrap().warnings;
    let expected =
        "environment variable TRADING_STATE_MIRROR_QUEUE_SIZE has no effect: no fields are mirrored";
    assert_eq!(unused, [expected]);
}
