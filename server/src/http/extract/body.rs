//! JSON bodies, read by the strict reader.

use axum::body::Body as HttpBody;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use stateloft_core::api::{Code, Problem};
use stateloft_core::json::{
    Diagnosis, Document, ENCODED_TWICE, Kind, Limits as JsonLimits, Node, Pointer, is_encoded_twice, pointer,
};
use tokio::time::Instant;

use super::decode;
use super::known::{self, Body};
use super::origin::trace;
use super::pieces::{allowed, throw_away};
use crate::budget::{self, Class};
use crate::heavy;
use crate::http::app::App;
use crate::http::failure::{Answer, Failure};
use crate::http::options::BODY_MAX;

/// A body of this shape.
pub(crate) struct Json<T>(pub(crate) T);

/// A body of this shape, or none at all.
pub(crate) struct OptionalJson<T>(pub(crate) Option<T>);

/// What a handler makes of a body.
pub(super) trait FromBody: Sized + Send {
    /// Bytes at most, unpacked.
    const MAX: usize;

    /// Refuses, by its headers, what cannot be such a body.
    fn expect(headers: &HeaderMap) -> Answer<()>;

    /// Reads it, unpacked.
    fn read(headers: &HeaderMap, bytes: Bytes) -> impl Future<Output = Answer<Self>> + Send;
}

impl<T: Body> FromBody for Json<T> {
    const MAX: usize = T::MAX;

    fn expect(headers: &HeaderMap) -> Answer<()> {
        must_be_json(headers)
    }

    async fn read(headers: &HeaderMap, bytes: Bytes) -> Answer<Self> {
        read(&bytes).await.map(|body| Self(traced(body, headers)))
    }
}

impl<T: Body + Default> FromBody for OptionalJson<T> {
    const MAX: usize = T::MAX;

    fn expect(_headers: &HeaderMap) -> Answer<()> {
        Ok(())
    }

    async fn read(headers: &HeaderMap, bytes: Bytes) -> Answer<Self> {
        if bytes.is_empty() {
            return Ok(Self(trace(headers).map(|_| traced(T::default(), headers))));
        }
        must_be_json(headers)?;
        read(&bytes).await.map(|body| Self(Some(traced(body, headers))))
    }
}

/// A body with what its request's `traceparent` says of where it comes from.
fn traced<T: Body>(mut body: T, headers: &HeaderMap) -> T {
    if let Some(trace) = trace(headers) {
        body.trace(trace);
    }
    body
}

/// Whatever stands there means nothing.
impl FromBody for () {
    const MAX: usize = BODY_MAX;

    fn expect(_headers: &HeaderMap) -> Answer<()> {
        Ok(())
    }

    async fn read(_headers: &HeaderMap, _bytes: Bytes) -> Answer<Self> {
        Ok(())
    }
}

impl<T: Body> FromRequest<App> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Answer<Self> {
        from_request(request, app).await
    }
}

impl<T: Body + Default> FromRequest<App> for OptionalJson<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Answer<Self> {
        from_request(request, app).await
    }
}

async fn from_request<B: FromBody>(request: Request, app: &App) -> Answer<B> {
    let (parts, body) = request.into_parts();
    let bytes = take::<B>(&parts.headers, body, app).await?;
    B::read(&parts.headers, bytes).await
}

/// Takes the whole of a body, unpacked.
pub(super) async fn take<B: FromBody>(headers: &HeaderMap, body: HttpBody, app: &App) -> Answer<Bytes> {
    B::expect(headers)?;
    let encoding = decode::encoding(headers)?;
    decode::plain(encoding, collect(headers, body, app, B::MAX).await?, B::MAX).await
}

/// A page of another origin can send a form without being asked first, but not JSON: so JSON must say what it is.
fn must_be_json(headers: &HeaderMap) -> Answer<()> {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("nothing");
    let mut parts = said.split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let is_json =
        essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    // JSON has no parameters; some clients send the one that says what it is anyway.
    let is_utf_8 = |part: String| {
        part.strip_prefix("charset=")
            .is_none_or(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8"))
    };
    if is_json && parts.all(is_utf_8) {
        return Ok(());
    }
    let detail =
        format!("send the header Content-Type: application/json, in UTF-8; this request says {said}");
    Err(Failure::new(Code::UnsupportedMediaType, detail).with_hint(media_hint(&essence)))
}

/// Programs that say something else than JSON mostly say it by themselves.
fn media_hint(essence: &str) -> Option<&'static str> {
    match essence {
        "application/x-www-form-urlencoded" | "multipart/form-data" => Some(
            "a form cannot hold the data: send a JSON object. curl -d says that it sends a form: use curl --json, or add -H \
             'Content-Type: application/json'; in Python use requests.post(url, json=...)",
        ),
        "text/plain" => {
            Some("fetch says that it sends a text: add headers: {\"Content-Type\": \"application/json\"}")
        }
        _ => None,
    }
}

/// What comes in one piece from the wire is not counted: a connection has a buffer of that size anyway.
pub(super) const UNCOUNTED: usize = 4 << 10;
/// Room is taken for so many bytes at a time.
const STEP: usize = 64 << 10;

/// Takes the whole body, within the limits of size, time and memory. Memory is taken as bytes arrive, not as they are
/// announced.
async fn collect(headers: &HeaderMap, mut body: HttpBody, app: &App, most: usize) -> Answer<Bytes> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > most as u64) {
        return Err(too_large(body, most));
    }
    let announced = usize::try_from(announced.unwrap_or_default()).unwrap_or(most);
    let mut bytes = BytesMut::with_capacity(announced.min(STEP));
    let (started, mut counted) = (Instant::now(), UNCOUNTED);
    loop {
        let frame = tokio::time::timeout_at(started + allowed(bytes.len(), app.limits()), body.frame()).await;
        let frame =
            frame.map_err(|_| Failure::parameter("the body stopped before its end, or comes too slowly"))?;
        let Some(frame) = frame else { return Ok(bytes.freeze()) };
        let frame = frame.map_err(|_| Failure::parameter("the body could not be read to its end"))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > most {
            return Err(too_large(body, most));
        }
        if bytes.len() + data.len() > counted {
            let more = (bytes.len() + data.len() - counted).max(counted.min(STEP));
            budget::hold(Class::Bodies, more).await?;
            counted += more;
        }
        bytes.extend_from_slice(&data);
    }
}

fn too_large(rest: HttpBody, most: usize) -> Failure {
    throw_away(rest);
    Failure::new(Code::BodyTooLarge, format!("the body is larger than {} MiB", most >> 20))
}

async fn read<T: Body>(bytes: &[u8]) -> Answer<T> {
    if bytes.len() <= UNCOUNTED {
        return parse(bytes);
    }
    // While it is read there are two of it: the whole body, and the documents that are taken out of it.
    let weight = Document::weight_of(bytes);
    budget::hold(Class::Bodies, 2 * weight).await?;
    let read = heavy::work(bytes.len(), || parse(bytes));
    budget::let_go(Class::Bodies, weight + bytes.len());
    read
}

fn parse<T: Body>(bytes: &[u8]) -> Answer<T> {
    let defaults = JsonLimits::default();
    let limits = JsonLimits { max_bytes: T::MAX, max_depth: defaults.max_depth + T::DEPTH };
    let document = Document::parse_bytes(bytes, &limits)
        .map_err(|error| Failure::from(Problem::of_json(Diagnosis::of(error, bytes))))?;
    if document.root().kind() != Kind::Object {
        let message = format!("the body must be a JSON object, not {}", document.root().kind().name());
        return Err(Failure::body("", "type", message).with_hint(twice(document.root())));
    }
    known::check::<T>(document.root())?;
    if let Some(body) = T::read(document.root()) {
        return Ok(body);
    }
    // Keeping track of where the reader is costs as much as reading, and only a wrong body needs it.
    if let Ok(body) = serde_json::from_str(document.text()) {
        return Ok(body);
    }
    let mut reader = serde_json::Deserializer::from_str(document.text());
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let place = place(error.path());
        let message = message(error.inner());
        let value = Pointer::parse(&place).ok().and_then(|pointer| document.tape().get(&pointer));
        Failure::body(&place, rule(&message), message).with_hint(value.and_then(twice))
    })
}

/// What to do about a value that is not what it should be, where it is the text of what it should be.
fn twice(value: Node<'_>) -> Option<&'static str> {
    is_encoded_twice(value).then_some(ENCODED_TWICE)
}

/// The place of an error as an RFC 6901 pointer.
fn place(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                text.push('/');
                text.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                text.push('/');
                pointer::escape_into(&mut text, key);
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}

/// serde's words without its line and column, which count in a text that the client never sent.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

fn rule(message: &str) -> &'static str {
    match message.split(' ').take(2).collect::<Vec<_>>().as_slice() {
        ["missing", "field"] => "required",
        ["unknown", "field"] => "unknown_member",
        ["unknown", "variant"] => "enum",
        ["invalid", "type:"] => "type",
        _ => "invalid",
    }
}
