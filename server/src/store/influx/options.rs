//! Which bucket, and how patiently.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What opens a bucket. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(...)")
    }
}

/// How long it takes at most to agree on who owns the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseTimes {
    /// How long a lease is good that nobody renews.
    pub good: Duration,
    /// How long a new owner waits before it believes that it is one.
    pub settle: Duration,
}

impl Default for LeaseTimes {
    fn default() -> Self {
        Self { good: Duration::from_secs(10), settle: Duration::from_secs(1) }
    }
}

/// Which bucket, and how patiently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InfluxOptions {
    /// Such as `http://localhost:8086`.
    pub url: String,
    /// The organisation's name.
    pub org: String,
    /// The bucket's name. It must keep its data for ever.
    pub bucket: String,
    /// A token that may read and write the bucket.
    pub token: Token,
    /// Certificates (PEM) that an `https://` server's must be signed by, instead of the system's.
    pub root_certificate: Option<PathBuf>,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How ownership is agreed on.
    pub lease: LeaseTimes,
}

impl fmt::Display for InfluxOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, organisation {:?}, bucket {:?}", self.url, self.org, self.bucket)
    }
}

/// How long an answer of InfluxDB may take unless somebody says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
