//! Whom a command asks: a server, or a store that it opens itself.

mod opened;
mod profile;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use tracing::level_filters::LevelFilter;

use super::client::{Client, Remote, Transport};
use super::failure::Failure;
use super::{Source, load, logging};
use crate::config::{Config, Loaded, LogSettings};
use profile::Profile;

/// The variables that say which server is meant, and its key; the last one is the server's own setting.
const SERVER: &str = "STATELOFT_SERVER";
const KEY: &str = "STATELOFT_KEY";
const SERVERS_KEY: &str = "TRADING_STATE_API_KEY";

/// Which server is asked. Without any of these the one in `STATELOFT_SERVER`, else the profile `default`, else the server that the
/// configuration describes.
#[derive(Args)]
pub(super) struct Reach {
    /// The server's address, such as <http://127.0.0.1:8000> or <https://desk.example>. Also in `STATELOFT_SERVER`.
    #[arg(long, value_name = "URL", global = true, conflicts_with = "profile")]
    server: Option<String>,
    /// Its API key. Better in `STATELOFT_KEY` or a profile, where others on this machine do not see it.
    #[arg(long, value_name = "KEY", global = true)]
    key: Option<String>,
    /// Certificates (PEM) that an https:// server's may be signed by, besides the system's.
    #[arg(long, value_name = "FILE", global = true)]
    ca: Option<PathBuf>,
    /// A name in ~/.config/stateloft/profiles.toml (another file: `STATELOFT_PROFILES`).
    #[arg(long, value_name = "NAME", global = true)]
    profile: Option<String>,
    #[command(flatten)]
    source: Source,
}

/// The key is nobody's business.
impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reach").field("server", &self.server).finish_non_exhaustive()
    }
}

/// Which server, or which store, is asked.
#[derive(Debug, Args)]
pub(super) struct ReachOrStore {
    #[command(flatten)]
    reach: Reach,
    /// Open a store, in place of asking a server: a SQLite file, postgresql://..., or `configured`, the one that the
    /// configuration names. One that is only read may be served meanwhile.
    #[arg(long, value_name = "STORE", global = true, conflicts_with_all = ["server", "profile", "db"])]
    store: Option<String>,
}

/// What a command does to what it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// It only reads.
    Read,
    /// It writes to what is there.
    Write,
    /// It writes, also the first state of a store.
    Begin,
}

impl ReachOrStore {
    /// Whoever is to be asked.
    pub(super) async fn client(self, intent: Intent) -> Result<Client, Failure> {
        if let Some(server) = self.server()? {
            return Ok(server);
        }
        if self.is_store() {
            let config = self.configured_store()?.config;
            quietly(&config);
            return opened::open(config, intent).await;
        }
        self.reach.configured().map(Client::new)
    }

    /// The server, if one is named, else the store that the configuration or a flag names.
    pub(super) async fn server_or_store(self, intent: Intent) -> Result<Client, Failure> {
        if let Some(server) = self.server()? {
            return Ok(server);
        }
        let config = self.configured_store()?.config;
        quietly(&config);
        opened::open(config, intent).await.map_err(|failure| Failure {
            message: format!("{}\n  A server that has it is asked with --server URL", failure.message),
            ..failure
        })
    }

    /// The server, if one is named.
    pub(super) fn server(&self) -> Result<Option<Client>, Failure> {
        if self.is_store() {
            return Ok(None);
        }
        Ok(self.reach.named()?.map(Client::new))
    }

    /// The configuration of the store that is named, else of the usual one.
    pub(super) fn configured_store(self) -> Result<Loaded, Failure> {
        opened::configured(self.store.as_deref(), self.reach.source)
    }

    fn is_store(&self) -> bool {
        self.store.is_some() || self.reach.source.db.is_some()
    }
}

/// Begins to log, without what a server logs of each request: that is none of the answer.
fn quietly(config: &Config) {
    logging::start(LogSettings { level: config.log.level.min(LevelFilter::WARN), ..config.log });
}

/// Opens the store of a configuration to read it.
pub(super) async fn read(config: Config) -> Result<Client, Failure> {
    opened::open(config, Intent::Read).await
}

impl Reach {
    /// The server.
    pub(super) fn client(self) -> Result<Client, Failure> {
        match self.named()? {
            Some(remote) => Ok(Client::new(remote)),
            None => self.configured().map(Client::new),
        }
    }

    /// The server, or the store of a profile, that a flag, the environment or the profiles name.
    fn named(&self) -> Result<Option<Transport>, Failure> {
        if let Some(address) = &self.server {
            return self.remote(address, None, None).map(Some);
        }
        if let Some(name) = &self.profile {
            let found = profile::find(name)?;
            let Some(profile) = found else {
                return Err(Failure::usage(format!(
                    "there is no profile {name:?} in {}",
                    profile::file_words()
                )));
            };
            return self.profiled(profile).map(Some);
        }
        // Whoever names a configuration means the server that it describes.
        if self.source.config.is_some() {
            return Ok(None);
        }
        if let Some(address) = variable(SERVER) {
            return self.remote(&address, None, None).map(Some);
        }
        match profile::find(profile::DEFAULT)? {
            Some(profile) => self.profiled(profile).map(Some),
            None => Ok(None),
        }
    }

    fn profiled(&self, profile: Profile) -> Result<Transport, Failure> {
        let key = profile.key()?;
        self.remote(&profile.server, key, profile.ca)
    }

    fn remote(&self, address: &str, key: Option<String>, ca: Option<PathBuf>) -> Result<Transport, Failure> {
        let key = self.key.clone().or(key).or_else(|| variable(KEY)).or_else(|| variable(SERVERS_KEY));
        let roots = self.ca.clone().or(ca);
        let remote = Remote::new(address, key.as_deref(), roots.as_deref()).map_err(Failure::usage)?;
        Ok(Transport::Remote(remote))
    }

    /// The server that the configuration describes.
    fn configured(&self) -> Result<Transport, Failure> {
        let config = load(self.source.clone())?.config;
        self.remote(&address_of(&config)?, None, None)
    }
}

/// Where a server with this configuration is asked from this machine.
fn address_of(config: &Config) -> Result<String, Failure> {
    let address = config.api.listen.first().ok_or_else(|| "the configuration names no address".to_owned())?;
    Ok(format!("http://{}", reachable(*address)))
}

/// A server that listens on every address is asked on this machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}

/// A variable that is set to something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}
