//! The settings of InfluxDB, understood.

use std::path::PathBuf;

use super::Source;
use super::read::Values;
use super::settings::{
    CONNECTION_TIMEOUT, INFLUXDB_BUCKET, INFLUXDB_ORG, INFLUXDB_SSLROOTCERT, INFLUXDB_TOKEN, INFLUXDB_URL,
    SQLITE_PATH,
};
use crate::store::influx::{DEFAULT_TIMEOUT, InfluxOptions, LeaseTimes, Token};

/// What only matters with InfluxDB.
const ALL: [&str; 5] = [INFLUXDB_URL, INFLUXDB_TOKEN, INFLUXDB_ORG, INFLUXDB_BUCKET, INFLUXDB_SSLROOTCERT];
pub(super) const DEFAULT_URL: &str = "http://localhost:8086";
pub(super) const DEFAULT_ORG: &str = "trading-org";
const DEFAULT_BUCKET: &str = "trading-states";

impl Values {
    /// Settings of InfluxDB where another store is used are said to have no effect.
    pub(super) fn warn_of_influx(&mut self, store: &str) {
        self.warn_of(&ALL, store);
    }

    pub(super) fn influx(&mut self) -> Option<InfluxOptions> {
        let errors = self.given.errors.len();
        if let Source::Flag(flag) = self.source(SQLITE_PATH) {
            let allowed = "no such flag with influxdb, or TRADING_STATE_DB_TYPE=sqlite";
            self.given.wrong(Source::Flag(flag), "names a SQLite file, but the store is influxdb", allowed);
        }
        let url = self.influx_url(INFLUXDB_URL, DEFAULT_URL);
        let token = self.text(INFLUXDB_TOKEN).unwrap_or_default();
        let token = self.influx_token(INFLUXDB_TOKEN, token);
        let org = self.influx_name(INFLUXDB_ORG, DEFAULT_ORG);
        let bucket = self.influx_name(INFLUXDB_BUCKET, DEFAULT_BUCKET);
        let root_certificate = self.influx_certificate(INFLUXDB_SSLROOTCERT);
        let timeout = self.seconds(CONNECTION_TIMEOUT, 0.1).unwrap_or(DEFAULT_TIMEOUT);
        (self.given.errors.len() == errors).then_some(InfluxOptions {
            url,
            org,
            bucket,
            token,
            root_certificate,
            timeout,
            lease: LeaseTimes::default(),
        })
    }

    pub(super) fn influx_url(&mut self, name: &'static str, default: &str) -> String {
        let url = self.text(name).unwrap_or_else(|| default.to_owned());
        let url = url.trim().trim_end_matches('/').to_owned();
        if !is_server(&url) {
            // The address is not shown: people put passwords into addresses.
            let allowed = "http:// or https://, a host and perhaps a port, such as http://localhost:8086; \
                           nothing else (the token has a setting of its own)";
            self.wrong(name, "is not the address of a server", allowed);
        }
        url
    }

    pub(super) fn influx_token(&mut self, name: &'static str, token: String) -> Token {
        if token.is_empty() || token.starts_with("${") || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            self.wrong(
                name,
                "the token is missing, has characters that a header cannot carry, or is a placeholder that nobody \
                 filled in",
                "a token of InfluxDB that may read and write the bucket",
            );
        }
        Token::new(token)
    }

    pub(super) fn influx_certificate(&mut self, name: &'static str) -> Option<PathBuf> {
        let path = PathBuf::from(self.text(name)?);
        if !path.is_file() {
            self.wrong(name, "is not a file that can be read", "the path of a PEM file");
        }
        Some(path)
    }

    pub(super) fn influx_name(&mut self, name: &'static str, default: &str) -> String {
        let text = self.text(name).unwrap_or_else(|| default.to_owned());
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            self.wrong(name, format!("{text:?} is not a name"), "the name as InfluxDB shows it");
        }
        text
    }
}

/// The bucket that a command names.
pub(super) fn named(url: &str, org: &str, bucket: &str, token: &str) -> Result<InfluxOptions, String> {
    let url = url.trim().trim_end_matches('/');
    if !is_server(url) {
        return Err("the address is not that of a server, such as http://localhost:8086".into());
    }
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the token is missing, or has characters that a header cannot carry".into());
    }
    if [org, bucket].iter().any(|name| name.trim().is_empty() || name.chars().any(char::is_control)) {
        return Err("the organisation or the bucket has no name".into());
    }
    Ok(InfluxOptions {
        url: url.to_owned(),
        org: org.to_owned(),
        bucket: bucket.to_owned(),
        token: Token::new(token),
        root_certificate: None,
        timeout: DEFAULT_TIMEOUT,
        lease: LeaseTimes::default(),
    })
}

/// `http://host:port` and nothing else.
fn is_server(url: &str) -> bool {
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let Some(host) = host else { return false };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, "80"),
    };
    let is_name = if let Some(inner) = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        inner.parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    is_name && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::is_server;

    #[test]
    fn addresses_of_servers_are_told_from_others() {
        for good in
            ["http://localhost:8086", "https://eu-1.example.com", "http://[::1]:8086", "http://10.0.0.1"]
        {
            assert!(is_server(good), "{good}");
        }
        for bad in [
            "",
            "localhost:8086",
            "http://",
            "ftp://h",
            "http://u:p@h",
            "http://h/p",
            "http://h:0",
            "http://h:x",
            "http://h?x=1",
        ] {
            assert!(!is_server(bad), "{bad}");
        }
    }
}
