//! Which server a request means.
//!
//! Without a key the server trusts whoever reaches the loopback interface. A page elsewhere could reach it through a
//! name that resolves to 127.0.0.1 (DNS rebinding); its requests carry that name, so only our own names are answered.

use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, Uri, Version};
use stateloft_core::api::Code;

use crate::http::app::App;
use crate::http::failure::{Answer, Failure};

/// What of a request says which server it means.
pub(super) struct Target<'a> {
    pub(super) version: Version,
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
}

pub(super) fn check(app: &App, target: &Target<'_>) -> Answer<()> {
    let host = named(target)?;
    if app.options.key.is_some() || host.is_some_and(is_loopback) {
        return Ok(());
    }
    let detail = "without an API key this server answers to localhost, 127.0.0.1 and [::1] only; the Host header says otherwise";
    Err(Failure::new(Code::ForbiddenOrigin, detail))
}

/// The host that a request names; of what it says in two places, both must say the same (RFC 9112 3.2).
fn named<'a>(target: &Target<'a>) -> Answer<Option<&'a str>> {
    let header = match target.headers.get(HOST) {
        None if target.version >= Version::HTTP_11 => {
            return Err(Failure::parameter("the header Host is missing"));
        }
        None => None,
        Some(value) => Some(value.to_str().ok().filter(|host| is_host(host)).ok_or_else(|| {
            Failure::parameter("the header Host must be a name and, where it is not the usual one, a port")
        })?),
    };
    if target.method == Method::CONNECT {
        return Err(Failure::new(Code::MethodNotAllowed, "this server is no proxy"));
    }
    let Some(authority) = target.uri.authority().map(Authority::as_str) else { return Ok(header) };
    let is_http = target.uri.scheme_str().is_some_and(|scheme| matches!(scheme, "http" | "https"));
    if !is_http || !is_host(authority) {
        return Err(Failure::parameter("a whole address begins with http:// or https:// and a host"));
    }
    match header {
        Some(host) if !host.eq_ignore_ascii_case(authority) => {
            Err(Failure::parameter("the address of the request and its header Host name different servers"))
        }
        _ => Ok(Some(authority)),
    }
}

/// Whether this is a host with or without a port, or nothing, as RFC 9110 7.2 allows where an address names no host.
fn is_host(text: &str) -> bool {
    let Ok(authority) = text.parse::<Authority>() else { return text.is_empty() };
    let port = text.strip_prefix(authority.host()).unwrap_or("?");
    let is_port = |port: &str| port.bytes().all(|digit| digit.is_ascii_digit());
    !text.contains('@') && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|ours| name.eq_ignore_ascii_case(ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_pass() {
        for ours in ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]", "[::1]:8000"] {
            assert!(is_loopback(ours) && is_host(ours), "{ours}");
        }
        for other in [
            "",
            "example.com",
            "localhost.example.com",
            "127.0.0.1.nip.io:8000",
            "::1",
            "[::2]:80",
            "evil:localhost",
        ] {
            assert!(!is_loopback(other), "{other}");
        }
    }

    #[test]
    fn a_host_is_a_name_and_a_port() {
        for host in ["", "a", "a:", "a:8000", "xn--bcher-kva.example:443", "[2001:db8::1]:80", "10.0.0.1"] {
            assert!(is_host(host), "{host}");
        }
        for other in ["a b", "a/b", "user@a", "a:b", "a:80:81", "a?b", "http://a", "[::1", "a,b:1 "] {
            assert!(!is_host(other), "{other}");
        }
    }
}
