//! The settings of the HTTP side, understood.

use std::net::{SocketAddr, ToSocketAddrs};

use super::given::Raw;
use super::read::Values;
use super::settings::{API_CORS_ORIGINS, API_HOST, API_KEY, API_PORT, SESSION_LIMIT, SNAPSHOT_LIMIT};
use super::{ApiConfig, ApiKey, Origins, Quotas, Source};

const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_PORT: u16 = 8000;
const WEAK_KEY: usize = 20;
/// Characters of a key at least where other machines can try one.
const KEY_MIN: usize = 16;

impl Values {
    pub(super) fn api(&mut self) -> Option<ApiConfig> {
        let listen = self.listen();
        let key = self.key();
        let origins = self.origins();
        if origins == Origins::Any && key.is_none() {
            self.wrong(
                API_CORS_ORIGINS,
                "* lets every web page use the API, which needs an API key",
                format!("a list of origins, or * together with TRADING_STATE_{API_KEY}"),
            );
        }
        let quotas = self.quotas();
        let api = ApiConfig { listen: listen?, origins, key, quotas };
        if api.key.is_some() && !api.is_loopback() && self.key_text().is_some_and(|key| key.len() < KEY_MIN) {
            self.wrong(
                API_KEY,
                "other machines can reach this server and try keys, and the key is too short for that",
                format!("{KEY_MIN} random characters or more, such as `openssl rand -hex 16` makes; or an address of this machine"),
            );
        }
        if api.key.is_none() && !api.is_loopback() && !self.given.values.contains_key(API_KEY) {
            let source = self.listen_source();
            self.given.wrong(
                source,
                "other machines could reach this address, which needs an API key",
                format!("127.0.0.1, ::1 or localhost; or any address together with TRADING_STATE_{API_KEY}"),
            );
        }
        Some(api)
    }

    fn listen_source(&self) -> Source {
        if self.given.listen.is_some() { Source::Flag("--listen") } else { self.source(API_HOST) }
    }

    fn listen(&mut self) -> Option<Vec<SocketAddr>> {
        if let Some(listen) = self.given.listen.clone() {
            let allowed = "HOST:PORT such as 127.0.0.1:8000 or [::1]:8000; port 0 takes a free one";
            return match listen.to_socket_addrs().map(Iterator::collect::<Vec<_>>) {
                Ok(addresses) if !addresses.is_empty() => Some(addresses),
                _ => {
                    self.given.wrong(
                        Source::Flag("--listen"),
                        format!("{listen:?} is not an address"),
                        allowed,
                    );
                    None
                }
            };
        }
        let port = self.port();
        let host = self.text(API_HOST).unwrap_or_else(|| DEFAULT_HOST.to_owned());
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&host);
        match (bare, port?).to_socket_addrs().map(Iterator::collect::<Vec<_>>) {
            Ok(addresses) if !addresses.is_empty() && !bare.is_empty() => Some(addresses),
            _ => {
                self.wrong(
                    API_HOST,
                    format!("{host:?} is not an address of this machine"),
                    "an IP address or a host name",
                );
                None
            }
        }
    }

    fn port(&mut self) -> Option<u16> {
        let Some(text) = self.text(API_PORT) else { return Some(DEFAULT_PORT) };
        let port = text.trim().parse().ok().filter(|port| *port > 0);
        if port.is_none() {
            self.wrong(API_PORT, format!("{text:?} is not a port"), "a whole number from 1 to 65535");
        }
        port
    }

    fn quotas(&mut self) -> Quotas {
        let usual = Quotas::default();
        Quotas {
            snapshots: self.whole(SNAPSHOT_LIMIT, 1, 10_000_000).unwrap_or(usual.snapshots),
            sessions: self.whole(SESSION_LIMIT, 1, 1_000_000).unwrap_or(usual.sessions),
        }
    }

    /// The key without white space around it, which is not part of it.
    fn key_text(&self) -> Option<String> {
        self.text(API_KEY).map(|key| key.trim_ascii().to_owned())
    }

    fn key(&mut self) -> Option<ApiKey> {
        let key = self.key_text()?;
        let printable = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || !printable || key.starts_with("${") {
            self.wrong(
                API_KEY,
                "the key is empty, has characters that a header cannot carry, or is a placeholder that nobody filled in",
                "visible ASCII characters without spaces",
            );
            return None;
        }
        if key.len() < WEAK_KEY {
            let source = self.source(API_KEY);
            self.given
                .warnings
                .push(format!("{source} is short; {WEAK_KEY} random characters or more are better"));
        }
        Some(ApiKey::new(&key))
    }

    fn origins(&mut self) -> Origins {
        let list: Vec<String> = match self.given.values.get(API_CORS_ORIGINS) {
            None => return Origins::SameOnly,
            Some((Raw::List(list), _)) => list.clone(),
            Some((Raw::Text(text), _)) => text.split(',').map(str::to_owned).collect(),
            Some((Raw::Map(_), _)) => Vec::new(),
        };
        let list: Vec<String> =
            list.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect();
        if list.iter().any(|item| item == "*") {
            return Origins::Any;
        }
        for origin in list.iter().filter(|origin| !is_origin(origin)) {
            let allowed =
                "origins as browsers send them, such as https://console.example.com or http://localhost:3000";
            self.wrong(API_CORS_ORIGINS, format!("{origin:?} is not an origin"), allowed);
        }
        if list.is_empty() { Origins::SameOnly } else { Origins::List(list) }
    }
}

fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '?', '#', ' ', '@'])
}
