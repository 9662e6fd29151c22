//! Asking a server that runs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stateloft_core::api::Problem;
use tokio::net::TcpStream;

use crate::config::Config;

/// How long the server may take to answer: longer than it waits for its store.
const PATIENCE: Duration = Duration::from_mins(2);

/// Which server is asked.
#[derive(Args)]
pub(super) struct Running {
    /// Where it listens, such as 127.0.0.1:8000. Without it the configuration's host and port.
    #[arg(long, value_name = "ADDR", global = true)]
    server: Option<String>,
    /// The API key; without it the configuration's, if that comes from the environment.
    #[arg(long, value_name = "KEY", env = "TRADING_STATE_API_KEY", hide_env_values = true, global = true)]
    key: Option<String>,
}

/// The key is nobody's business.
impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Running {
    /// Where that server is.
    ///
    /// # Errors
    /// When an address is none, or there is none.
    pub(super) fn found(&self, config: &Config) -> Result<Found<'_>, String> {
        let address = match &self.server {
            Some(text) => address_of(text)?,
            None => *config.api.listen.first().ok_or("the configuration names no address")?,
        };
        Ok(Found { address, key: self.key.as_deref() })
    }
}

/// A server that can be asked. What goes wrong is said in words.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    address: SocketAddr,
    key: Option<&'a str>,
}

impl Found<'_> {
    /// What it answers to `GET` of an address of the API.
    pub(super) async fn get(self, path: &str) -> Result<(StatusCode, Bytes), String> {
        self.asked(Method::GET, path, None).await
    }

    /// The same, where only an answer will do.
    pub(super) async fn read<T: DeserializeOwned>(self, path: &str) -> Result<T, String> {
        self.understood(self.get(path).await?)
    }

    /// What it answers to `POST`.
    pub(super) async fn post<T: DeserializeOwned>(
        self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, String> {
        let body = serde_json::to_vec(body).map_err(|error| error.to_string())?;
        self.understood(self.asked(Method::POST, path, Some(body.into())).await?)
    }

    fn understood<T: DeserializeOwned>(self, (code, body): (StatusCode, Bytes)) -> Result<T, String> {
        if code != StatusCode::OK {
            let problem = serde_json::from_slice::<Problem>(&body);
            let detail = problem.map_or_else(|_| code.to_string(), |problem| problem.detail);
            return Err(format!("the server at {} answers: {detail}", self.address));
        }
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    }

    async fn asked(
        self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<(StatusCode, Bytes), String> {
        let answer = tokio::time::timeout(PATIENCE, self.ask(method, path, body)).await;
        answer
            .map_err(|_| format!("the server at {} does not answer", self.address))?
            .map_err(|error| format!("the server at {} cannot be asked: {error}", self.address))
    }

    async fn ask(self, method: Method, path: &str, body: Option<Bytes>) -> Asked {
        let address = reachable(self.address);
        let stream = TcpStream::connect(address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let mut request =
            Request::builder().method(method).uri(format!("/api/v1{path}")).header(HOST, address.to_string());
        if let Some(key) = self.key {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let answer = sender.send_request(request.body(Full::new(body.unwrap_or_default()))?).await?;
        let code = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        connection.abort();
        Ok((code, body))
    }
}

type Asked = Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>>;

fn address_of(text: &str) -> Result<SocketAddr, String> {
    let bare = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    let found = bare.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| format!("{text:?} is not an address; allowed: HOST:PORT such as 127.0.0.1:8000"))
}

/// A server that listens on every address is asked on this machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}
