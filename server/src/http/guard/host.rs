//! Without a key the server trusts whoever reaches the loopback interface. A page elsewhere could reach it through a
//! name that resolves to 127.0.0.1 (DNS rebinding); its requests carry that name, so only our own names are answered.

use axum::http::HeaderMap;
use axum::http::header::HOST;
use statehouse_core::api::Code;

use crate::http::app::App;
use crate::http::failure::{Answer, Failure};

pub(super) fn check(app: &App, headers: &HeaderMap) -> Answer<()> {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if app.options.key.is_some() || is_loopback(host) {
        return Ok(());
    }
    let detail = "without an API key this server answers to localhost, 127.0.0.1 and [::1] only; the Host header says otherwise";
    Err(Failure::new(Code::ForbiddenOrigin, detail))
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
            assert!(is_loopback(ours), "{ours}");
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
}
