//! The console's files, embedded in the binary.
//!
//! Every address that the console draws by itself (`/` and `/view/...`) answers its page. Files with a hash in their name
//! never change; the page is asked for each time. Where the build left only a compressed file, clients that cannot take it
//! get it unpacked.

use std::borrow::Cow;
use std::io::Read;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};

use super::app::App;
use super::failure::Failure;
use super::routes::fallback;

const PAGE: &str = "index.html";
const EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const NOT_BUILT: &str = "<!doctype html><meta charset=\"utf-8\"><title>Statehouse</title>\
    <p>This server was built without its console. The API is at <a href=\"/api/v1/openapi.json\">/api/v1</a>.\
    <p>To build both and start: <code>cargo xtask run</code>";

#[derive(RustEmbed)]
#[folder = "../dist"]
#[allow_missing = true]
struct Files;

/// The console's addresses.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(page))
        .route("/view/{*rest}", get(page))
        .route("/{*file}", get(file))
        .method_not_allowed_fallback(fallback::not_found)
}

async fn page(request: Request) -> Response {
    send(PAGE, request.headers()).unwrap_or_else(|| Html(NOT_BUILT).into_response())
}

async fn file(request: Request) -> Result<Response, Failure> {
    let path = request.uri().path().trim_start_matches('/');
    match send(path, request.headers()) {
        Some(response) => Ok(response),
        None => fallback::not_found(request.uri().clone()).await.map(IntoResponse::into_response),
    }
}

fn send(path: &str, headers: &HeaderMap) -> Option<Response> {
    let compressed = Files::get(&format!("{path}.br"));
    let takes_brotli = accepts_brotli(headers);
    let (content, entity_tag, encoded) = match (compressed, takes_brotli) {
        (Some(file), true) => (file.data.clone(), entity_tag(&file, "br"), true),
        (compressed, _) => match (Files::get(path), compressed) {
            (Some(file), _) => (file.data.clone(), entity_tag(&file, "id"), false),
            (None, Some(file)) => (Cow::Owned(unpack(&file.data)?), entity_tag(&file, "id"), false),
            (None, None) => return None,
        },
    };
    let mut response = if headers.get(IF_NONE_MATCH) == Some(&entity_tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        content.into_response()
    };
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let out = response.headers_mut();
    let mut put = |name: HeaderName, value: HeaderValue| out.insert(name, value);
    put(CONTENT_TYPE, HeaderValue::from_str(&with_charset(kind.as_ref())).ok()?);
    put(CACHE_CONTROL, if has_hash(path) { FOR_EVER } else { EACH_TIME });
    put(ETAG, entity_tag);
    put(VARY, HeaderValue::from_static("accept-encoding"));
    if encoded {
        put(CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    Some(response)
}

fn entity_tag(file: &EmbeddedFile, form: &str) -> HeaderValue {
    let hash = URL_SAFE_NO_PAD.encode(&file.metadata.sha256_hash()[..12]);
    HeaderValue::from_str(&format!("\"{hash}-{form}\"")).unwrap_or(HeaderValue::from_static("\"?\""))
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("br")
            && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn unpack(compressed: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    brotli_decompressor::Decompressor::new(compressed, 4096).read_to_end(&mut content).ok()?;
    Some(content)
}

fn with_charset(kind: &str) -> String {
    let is_text = kind.starts_with("text/") || matches!(kind, "application/javascript" | "application/json");
    if is_text { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}

/// Whether a name holds a hash of its content, as the build puts it there: 16 hexadecimal digits, between `-` and `_` or `.`.
fn has_hash(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(['-', '_', '.'])
        .any(|part| part.len() >= 12 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// What pages may load and run: our own files, our own WebAssembly, and the page's own inline scripts by their hashes.
pub(super) fn content_security_policy() -> HeaderValue {
    static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
        let page = Files::get(PAGE).map(|file| file.data).or_else(|| {
            Files::get(&format!("{PAGE}.br")).and_then(|file| unpack(&file.data)).map(Cow::Owned)
        });
        let page = page.map(|page| String::from_utf8_lossy(&page).into_owned()).unwrap_or_default();
        let scripts: String = inline_scripts(&page)
            .flat_map(|script| {
                [" 'sha256-".to_owned(), STANDARD.encode(Sha256::digest(script.as_bytes())), "'".to_owned()]
            })
            .collect();
        let policy = format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; worker-src 'self'; \
             connect-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; manifest-src 'self'; \
             base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
        );
        HeaderValue::from_str(&policy)
            .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
    });
    POLICY.clone()
}

/// The texts between `<script ...>` and `</script>` where the tag names no `src`.
fn inline_scripts(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script").skip(1).filter_map(|rest| {
        let (tag, rest) = rest.split_once('>')?;
        let (script, _) = rest.split_once("</script>")?;
        (!tag.contains("src=") && !script.is_empty()).then_some(script)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_found_and_linked_ones_are_not() {
        let page =
            "<script type=\"module\">import a;</script><script src=\"/x.js\"></script><script>\n1\n</script>";
        assert_eq!(inline_scripts(page).collect::<Vec<_>>(), ["import a;", "\n1\n"]);
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        for hashed in [
            "statehouse-web-1a2b3c4d5e6f7081_bg.wasm",
            "style-0123456789abcdef.css",
            "snippets/x-0123456789abcdef/y.js.0123456789abcdef",
        ] {
            assert!(has_hash(hashed), "{hashed}");
        }
        for plain in ["index.html", "favicon.svg", "worker.js", "statehouse-web.js"] {
            assert!(!has_hash(plain), "{plain}");
        }
    }

    #[test]
    fn brotli_is_sent_only_to_those_who_take_it() {
        let accepts =
            |text: &str| accepts_brotli(&HeaderMap::from_iter([(ACCEPT_ENCODING, text.parse().unwrap())]));
        assert!(accepts("gzip, deflate, br"));
        assert!(accepts("br;q=0.5"));
        assert!(!accepts("gzip"));
        assert!(!accepts("br;q=0"));
    }
}
