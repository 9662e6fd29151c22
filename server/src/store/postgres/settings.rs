//! Where the database is and how long it may take.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A PostgreSQL database: one server, or several of which one accepts writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresSettings {
    /// Where to look for the server that accepts writes, in this order.
    pub hosts: Vec<PostgresHost>,
    /// The database.
    pub database: String,
    /// Who connects.
    pub user: String,
    /// The password, if the server wants one.
    pub password: Option<Password>,
    /// How the connection is protected; `None` is [`Tls::VerifyFull`], but [`Tls::Prefer`] on this machine.
    pub tls: Option<Tls>,
    /// A file with the certificates that the server's must be signed by, besides those the system trusts.
    pub root_certificate: Option<PathBuf>,
    /// Connections that read, at most.
    pub connections: u32,
    /// How long a connection or an answer may take.
    pub patience: Duration,
    /// How often a group of writes is tried again when the connection is lost.
    pub retries: u32,
    /// How long to wait before that, doubled each time.
    pub retry_delay: Duration,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            hosts: vec![PostgresHost { host: "localhost".to_owned(), port: 5432 }],
            database: "trading_states".to_owned(),
            user: "postgres".to_owned(),
            password: None,
            tls: None,
            root_certificate: None,
            connections: 10,
            patience: Duration::from_secs(30),
            retries: 3,
            retry_delay: Duration::from_secs(1),
        }
    }
}

impl PostgresSettings {
    /// How the connection to one of the hosts is protected.
    pub(super) fn tls_to(&self, host: &PostgresHost) -> Tls {
        self.tls.unwrap_or(if host.is_here() { Tls::Prefer } else { Tls::VerifyFull })
    }
}

/// Where it is, without the password.
impl fmt::Display for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@", self.user)?;
        for (index, PostgresHost { host, port }) in self.hosts.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            if host.contains(':') {
                write!(f, "{comma}[{host}]:{port}")
            } else {
                write!(f, "{comma}{host}:{port}")
            }?;
        }
        write!(f, "/{}", self.database)
    }
}

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresHost {
    /// A name, an address, or the folder of a Unix socket (begins with `/`).
    pub host: String,
    /// The port.
    pub port: u16,
}

impl PostgresHost {
    /// Whether the way there does not leave this machine.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.host.starts_with('/')
            || self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }
}

/// How a connection is protected, as `sslmode` of PostgreSQL's own programs says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Never.
    Disable,
    /// If the server offers it, without looking whose certificate it shows.
    Prefer,
    /// Always, without looking whose certificate the server shows.
    Require,
    /// Always, with a certificate signed by somebody trusted.
    VerifyCa,
    /// Always, with a certificate for the server's name, signed by somebody trusted.
    VerifyFull,
}

impl Tls {
    /// The mode of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "disable" => Some(Self::Disable),
            "prefer" => Some(Self::Prefer),
            "require" => Some(Self::Require),
            "verify-ca" => Some(Self::VerifyCa),
            "verify-full" => Some(Self::VerifyFull),
            _ => None,
        }
    }
}

/// A password: never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Keeps a password.
    #[must_use]
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(host: &str) -> PostgresSettings {
        let hosts = vec![PostgresHost { host: host.to_owned(), port: 5432 }];
        PostgresSettings { hosts, password: Some(Password::new("hunter2")), ..PostgresSettings::default() }
    }

    #[test]
    fn certificates_are_verified_unless_the_server_is_on_this_machine() {
        for (host, tls) in [
            ("localhost", Tls::Prefer),
            ("127.0.0.9", Tls::Prefer),
            ("::1", Tls::Prefer),
            ("/run/postgresql", Tls::Prefer),
            ("db.example.com", Tls::VerifyFull),
            ("192.0.2.1", Tls::VerifyFull),
        ] {
            let settings = to(host);
            assert_eq!(settings.tls_to(&settings.hosts[0]), tls, "{host}");
        }
    }

    #[test]
    fn the_password_is_never_shown() {
        let settings = to("::1");
        assert_eq!(settings.to_string(), "postgres@[::1]:5432/trading_states");
        assert!(!format!("{settings:?}{settings}").contains("hunter2"));
    }
}
