//! The settings of the HTTP side.

use std::fmt;
use std::net::SocketAddr;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How the API is served.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// The addresses to listen on; the first that can be bound is used.
    pub listen: Vec<SocketAddr>,
    /// Pages of other origins that may use the API from a browser.
    pub origins: Origins,
    /// What requests must present; `None` only on the loopback interface.
    pub key: Option<ApiKey>,
    /// How much there may be of what grows.
    pub quotas: Quotas,
}

/// How much there may be of what grows with each request that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Snapshots. Those that restores take count, but are never refused.
    pub snapshots: u64,
    /// WebSocket and SSE sessions at a time.
    pub sessions: u64,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { snapshots: 10_000, sessions: 5_000 }
    }
}

impl ApiConfig {
    /// Whether only this machine can reach the addresses.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.listen.iter().all(|address| address.ip().is_loopback())
    }
}

/// Origins that may use the API besides the console's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origins {
    /// None.
    #[default]
    SameOnly,
    /// These, as browsers spell them: scheme, host and port, lower case.
    List(Vec<String>),
    /// Every origin; allowed only with a key.
    Any,
}

impl Origins {
    /// Whether a page of this origin may use the API.
    #[must_use]
    pub fn allow(&self, origin: &str) -> bool {
        match self {
            Self::SameOnly => false,
            Self::List(list) => list.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)),
            Self::Any => true,
        }
    }
}

/// The API key. Only its hash is kept, and comparing takes the same time whatever is presented. White space around a key
/// is not part of it, wherever it comes from: a header cannot carry it, a file ends with it.
#[derive(Clone)]
pub struct ApiKey([u8; 32]);

impl ApiKey {
    /// Keeps a key's hash.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self(Sha256::digest(key.trim_ascii().as_bytes()).into())
    }

    /// Whether this is the key.
    #[must_use]
    pub fn matches(&self, presented: &[u8]) -> bool {
        let hash: [u8; 32] = Sha256::digest(presented.trim_ascii()).into();
        self.0.ct_eq(&hash).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}
