//! A server somewhere, over HTTP.

use std::path::Path;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::http::uri::Authority;
use hyper::{Request, Response};
// The same that asks InfluxDB: one HTTP client, one TLS, in the program.
use influxdb2_reqwest as reqwest;

use super::transport::{Body, Payload, Unreached};

/// How long a connection may take.
const CONNECTING: Duration = Duration::from_secs(10);

/// What is said in a program that is built without TLS.
const NO_TLS: &str =
    "this program was built for a first start and has no TLS. `cargo xtask build` builds the whole one";

/// A server somewhere.
#[derive(Debug)]
pub(in crate::cli) struct Remote {
    client: reqwest::Client,
    /// Scheme, authority, and where a proxy puts it a path; without a slash at its end.
    base: String,
    key: Option<HeaderValue>,
}

impl Remote {
    /// A server at this address: `http://HOST:PORT`, `https://HOST/PATH`, or without a scheme, which means `http`. `roots` is
    /// a file of certificates (PEM) that are trusted besides the system's.
    ///
    /// # Errors
    /// What is wrong, without the key.
    pub(in crate::cli) fn new(
        address: &str,
        key: Option<&str>,
        roots: Option<&Path>,
    ) -> Result<Self, String> {
        let base = base_of(address)?;
        if base.starts_with("https:") && !cfg!(feature = "network") {
            return Err(NO_TLS.to_owned());
        }
        let key = key.map(str::trim).filter(|key| !key.is_empty());
        let key = key.map(|key| {
            let mut value = HeaderValue::from_str(&format!("Bearer {key}"))
                .map_err(|_| "the API key has a character that no header can carry".to_owned())?;
            value.set_sensitive(true);
            Ok::<_, String>(value)
        });
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECTING)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("stateloft/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = roots {
            builder = trusting(builder, path)?;
        }
        let client = builder.build().map_err(|error| words(&error))?;
        Ok(Self { client, base, key: key.transpose()? })
    }

    pub(super) fn place(&self) -> String {
        format!("the server at {}", self.base)
    }

    pub(super) async fn send(&self, mut request: Request<Payload>) -> Result<Response<Body>, Unreached> {
        let address = format!("{}{}", self.base, request.uri());
        *request.uri_mut() =
            address.parse().map_err(|_| Unreached::never(format!("{address} is no address")))?;
        if let Some(key) = &self.key {
            request.headers_mut().insert(AUTHORIZATION, key.clone());
        }
        let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap));
        let request = request.map_err(|error| Unreached::never(words(&error)))?;
        match self.client.execute(request).await {
            Ok(response) => Ok(Response::from(response).map(|body| body.map_err(Into::into).boxed_unsync())),
            Err(error) => Err(Unreached { sent: !error.is_connect(), why: words(&error) }),
        }
    }
}

/// A client that trusts a file of certificates (PEM) besides the system's.
#[cfg(feature = "network")]
fn trusting(mut builder: reqwest::ClientBuilder, roots: &Path) -> Result<reqwest::ClientBuilder, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", roots.display());
    let pem = std::fs::read(roots).map_err(|error| wrong(&error))?;
    for root in reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| wrong(&error))? {
        builder = builder.add_root_certificate(root);
    }
    Ok(builder)
}

#[cfg(not(feature = "network"))]
fn trusting(_: reqwest::ClientBuilder, _: &Path) -> Result<reqwest::ClientBuilder, String> {
    Err(NO_TLS.to_owned())
}

/// What went wrong and why, without the address, which the caller names.
fn words(error: &reqwest::Error) -> String {
    let mut source: Option<&dyn std::error::Error> = std::error::Error::source(error);
    let mut last = None;
    while let Some(cause) = source {
        last = Some(cause.to_string());
        source = cause.source();
    }
    last.unwrap_or_else(|| error.to_string())
}

fn base_of(address: &str) -> Result<String, String> {
    let wrong = || {
        format!(
            "{address:?} is not an address of a server; allowed: http://HOST:PORT or https://HOST, such as http://127.0.0.1:8000"
        )
    };
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
        Some(_) => return Err(wrong()),
        None => ("http", address),
    };
    let rest = rest.trim_end_matches('/');
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~%".contains(c);
    let parsed: Authority = authority.parse().map_err(|_| wrong())?;
    if authority.contains('@') || parsed.host().is_empty() || !path.chars().all(is_plain) {
        return Err(wrong());
    }
    Ok(format!("{scheme}://{authority}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_a_host_and_perhaps_a_path() {
        for (address, base) in [
            ("127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("http://localhost:8000/", "http://localhost:8000"),
            ("https://desk.example/stateloft/", "https://desk.example/stateloft"),
            ("[::1]:8000", "http://[::1]:8000"),
        ] {
            assert_eq!(base_of(address).as_deref(), Ok(base));
        }
        for wrong in
            ["", "ftp://a", "http://", "http://user:secret@a", "http://a/b?c=d", "a b", "postgresql://a"]
        {
            assert!(base_of(wrong).is_err(), "{wrong}");
        }
    }
}
