//! The console's files, which are within the program, or beside it in the one of a first start.
//!
//! Every address that the console draws by itself (`/` and `/view/...`) answers its page. Files with a hash in their name
//! never change; the page is asked for each time. Where the build left only a compressed file, clients that cannot take it
//! get it unpacked.

#[cfg(feature = "console")]
mod embedded;
#[cfg(any(test, not(feature = "console")))]
mod folder;

use std::borrow::Cow;
use std::io::Read;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

#[cfg(feature = "console")]
use embedded::stored;
#[cfg(not(feature = "console"))]
use folder::stored;

use super::app::App;
use super::entity_tag::is_held;
use super::extract::tokens;
use super::failure::Failure;
use super::routes::fallback;

const PAGE: &str = "index.html";
const EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const NOT_BUILT: &str = "<!doctype html><meta charset=\"utf-8\"><title>Stateloft</title>\
    <p>This server was built without its console. The API is at <a href=\"/api/v1/openapi.json\">/api/v1</a>.\
    <p>To build both and start: <code>cargo xtask run</code>";

/// The console's addresses.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(page))
        .route("/view/{*rest}", get(page))
        .route("/{*file}", get(file))
        .method_not_allowed_fallback(fallback::not_found)
}

async fn page(request: Request) -> Response {
    send(&stored, PAGE, request.headers()).unwrap_or_else(|| Html(NOT_BUILT).into_response())
}

async fn file(request: Request) -> Result<Response, Failure> {
    let path = request.uri().path().trim_start_matches('/');
    match send(&stored, path, request.headers()) {
        Some(response) => Ok(response),
        None => fallback::not_found(request.uri().clone()).await,
    }
}

/// Which console is in the program: the first digits of its page's hash. The page names every other file by its hash.
pub(super) fn version() -> Option<String> {
    let page = stored(PAGE).or_else(|| stored(&format!("{PAGE}.br")))?;
    Some(page.hash.iter().take(6).fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}

/// A file and the hash of its content.
struct Stored {
    data: Cow<'static, [u8]>,
    hash: [u8; 32],
}

fn send(files: &dyn Fn(&str) -> Option<Stored>, path: &str, headers: &HeaderMap) -> Option<Response> {
    // What begins with a dot is the build's own.
    if path.split('/').any(|name| name.starts_with('.')) {
        return None;
    }
    let compressed = files(&format!("{path}.br"));
    let encoded = compressed.is_some() && accepts_brotli(headers);
    let (content, hash) = match (compressed, encoded) {
        (Some(file), true) => (file.data, file.hash),
        (compressed, _) => match (files(path), compressed) {
            (Some(file), _) => (file.data, file.hash),
            (None, Some(file)) => (Cow::Owned(unpack(&file.data)?), file.hash),
            (None, None) => return None,
        },
    };
    let entity_tag = entity_tag(&hash, if encoded { "br" } else { "id" });
    let mut response = if is_held(headers, &entity_tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        content.into_response()
    };
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let out = response.headers_mut();
    let mut put = |name: HeaderName, value: HeaderValue| out.insert(name, value);
    put(CONTENT_TYPE, HeaderValue::from_str(&with_charset(kind.as_ref())).ok()?);
    put(CACHE_CONTROL, if has_hash(path) { FOR_EVER } else { EACH_TIME });
    put(ETAG, HeaderValue::from_str(&format!("\"{entity_tag}\"")).ok()?);
    put(VARY, HeaderValue::from_static("accept-encoding"));
    if encoded {
        put(CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    Some(response)
}

fn entity_tag(hash: &[u8; 32], form: &str) -> String {
    format!("{}-{form}", URL_SAFE_NO_PAD.encode(&hash[..12]))
}

/// Whether the client takes brotli: it names it, or anything, and not with a weight of nothing.
fn accepts_brotli(headers: &HeaderMap) -> bool {
    let mut anything = false;
    for coding in tokens(headers, &ACCEPT_ENCODING) {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().to_ascii_lowercase();
        let taken = weight
            .strip_prefix("q=")
            .is_some_and(|weight| weight.bytes().any(|digit| matches!(digit, b'1'..=b'9')));
        match name.trim() {
            name if name.eq_ignore_ascii_case("br") => return taken,
            "*" => anything = taken,
            _ => {}
        }
    }
    anything
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

/// Whether a file or its folder is named by its content, as the build does it: 16 hexadecimal digits after a hyphen.
fn has_hash(path: &str) -> bool {
    let is_hash = |part: &str| part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    path.split(['/', '.']).any(|name| name.rsplit_once('-').is_some_and(|(_, end)| is_hash(end)))
}

/// What pages may load and run: our own files, our own WebAssembly, and the page's own inline scripts by their hashes.
pub(super) fn content_security_policy() -> HeaderValue {
    static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
        let plain = stored(PAGE).map(|file| file.data.into_owned());
        let page = plain.or_else(|| unpack(&stored(&format!("{PAGE}.br"))?.data)).unwrap_or_default();
        let page = String::from_utf8_lossy(&page);
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
    use axum::body::to_bytes;
    use axum::http::header::IF_NONE_MATCH;

    use super::*;

    /// `hello` by brotli.
    const HELLO_BR: &[u8] = &[0x0b, 0x02, 0x80, b'h', b'e', b'l', b'l', b'o', 0x03];

    fn files(path: &str) -> Option<Stored> {
        let data: &'static [u8] = match path {
            "both-0123456789abcdef.wasm" => b"hello",
            "both-0123456789abcdef.wasm.br" | "packed.css.br" => HELLO_BR,
            "plain.svg" | ".stamp" => b"<svg/>",
            _ => return None,
        };
        Some(Stored { data: Cow::Borrowed(data), hash: Sha256::digest(data).into() })
    }

    fn headers(encoding: &str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, encoding.parse().unwrap())])
    }

    async fn body(response: Response) -> Vec<u8> {
        to_bytes(response.into_body(), 1_000).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn compressed_files_go_to_those_who_take_them_and_others_get_the_same_content() {
        let name = "both-0123456789abcdef.wasm";
        let packed = send(&files, name, &headers("gzip, br")).unwrap();
        assert_eq!(packed.headers()[CONTENT_ENCODING], "br");
        assert_eq!(packed.headers()[CONTENT_TYPE], "application/wasm");
        assert_eq!(packed.headers()[CACHE_CONTROL], FOR_EVER);
        assert_eq!(packed.headers()[VARY], "accept-encoding");
        assert_eq!(body(packed).await, HELLO_BR);
        for name in [name, "packed.css"] {
            let plain = send(&files, name, &headers("gzip")).unwrap();
            assert!(plain.headers().get(CONTENT_ENCODING).is_none());
            assert_eq!(body(plain).await, b"hello", "{name}");
        }
    }

    #[tokio::test]
    async fn a_file_that_the_browser_has_is_not_sent_again() {
        let first = send(&files, "plain.svg", &headers("br")).unwrap();
        assert_eq!(first.headers()[CONTENT_TYPE], "image/svg+xml");
        assert_eq!(first.headers()[CACHE_CONTROL], EACH_TIME);
        let held = HeaderMap::from_iter([(IF_NONE_MATCH, first.headers()[ETAG].clone())]);
        let again = send(&files, "plain.svg", &held).unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()[ETAG], first.headers()[ETAG]);
        assert!(body(again).await.is_empty());
    }

    #[test]
    fn what_is_not_there_or_hidden_is_not_sent() {
        for path in ["none.js", ".stamp", "folder/.hidden", "../Cargo.toml", ""] {
            assert!(send(&files, path, &headers("br")).is_none(), "{path}");
        }
    }

    #[test]
    fn inline_scripts_are_found_and_linked_ones_are_not() {
        let page =
            "<script type=\"module\">import a;</script><script src=\"/x.js\"></script><script>\n1\n</script>";
        assert_eq!(inline_scripts(page).collect::<Vec<_>>(), ["import a;", "\n1\n"]);
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        for hashed in [
            "stateloft-web_bg-1a2b3c4d5e6f7081.wasm",
            "a/style-0123456789abcdef.css",
            "component-0123456789abcdef/worker.js",
        ] {
            assert!(has_hash(hashed), "{hashed}");
        }
        for plain in ["index.html", "favicon.svg", "worker.js", "stateloft-web.js"] {
            assert!(!has_hash(plain), "{plain}");
        }
    }

    #[test]
    fn brotli_is_sent_only_to_those_who_take_it() {
        let accepts =
            |text: &str| accepts_brotli(&HeaderMap::from_iter([(ACCEPT_ENCODING, text.parse().unwrap())]));
        assert!(accepts("gzip, deflate, br"));
        assert!(accepts("br;q=0.5"));
        assert!(accepts("BR; Q=1.0"));
        assert!(accepts("gzip, *"));
        for refused in ["gzip", "br;q=0", "br; q=0.000", "br;q=0, *", "*;q=0", "", "brotli", "br;level=1"] {
            assert!(!accepts(refused), "{refused}");
        }
    }
}
