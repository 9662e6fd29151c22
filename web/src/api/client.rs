//! One request and its answer.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_net::http::{Method, Request, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

use super::ApiError;
use super::key::key;
use crate::model::failure::Refusal;

const BASE: &str = "/api/v1";

/// Called with when a request was sent (this machine's clock, in ms) and why it failed, if it did.
type Listener = Rc<dyn Fn(f64, Option<&ApiError>)>;

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Tells of the end of every request.
pub(crate) fn hear(listener: impl Fn(f64, Option<&ApiError>) + 'static) {
    LISTENER.set(Some(Rc::new(listener)));
}

fn ended(sent: f64, error: Option<&ApiError>) {
    if let Some(listener) = LISTENER.with_borrow(Clone::clone) {
        listener(sent, error);
    }
}

/// Aborts the request when the future that waits for it is dropped.
struct AbortOnDrop(Option<AbortController>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

/// `GET /api/v1<path>`.
pub(crate) async fn get<T: DeserializeOwned>(path: &str) -> Result<T, ApiError> {
    let text = run(Method::GET, path, None).await?;
    read(200, &text)
}

/// The same, as the text that it came as.
pub(crate) async fn get_text(path: &str) -> Result<String, ApiError> {
    run(Method::GET, path, None).await
}

/// `<method> /api/v1<path>` with a JSON body, or without one.
pub(crate) async fn send<T: DeserializeOwned>(
    method: Method,
    path: &str,
    body: Option<&impl Serialize>,
) -> Result<T, ApiError> {
    let body = match body.map(serde_json::to_string).transpose() {
        Ok(body) => body,
        Err(error) => return Err(ApiError::Strange { status: 0, reason: error.to_string() }),
    };
    let text = run(method, path, body.map(JsValue::from)).await?;
    // 204 has no body; `()` and `Option` read it as null.
    read(200, if text.is_empty() { "null" } else { &text })
}

/// The same with a body of JSON that the browser holds: a large one never enters this program's memory.
pub(crate) async fn send_as_it_is<T: DeserializeOwned>(
    method: Method,
    path: &str,
    body: JsValue,
) -> Result<T, ApiError> {
    let text = run(method, path, Some(body)).await?;
    read(200, &text)
}

/// The header that names the version of an answer.
const VERSION_ID: &str = "stateloft-version-id";

/// `GET /api/v1<path>` as the browser's own text, exactly as it came: for documents, which only the worker reads. With the id
/// of the version that it is of, where the answer says it.
pub(crate) async fn js_text(path: &str) -> Result<(Option<String>, JsValue), ApiError> {
    let sent = js_sys::Date::now();
    let answer = async {
        let (response, _guard) = request(Method::GET, path, None).await?;
        if !response.ok() {
            return Err(failure(response).await);
        }
        let version_id = response.headers().get(VERSION_ID);
        let text = web_sys::Response::from(response).text().map_err(|_| ApiError::Unreachable)?;
        Ok((version_id, JsFuture::from(text).await.map_err(|_| ApiError::Unreachable)?))
    }
    .await;
    ended(sent, answer.as_ref().err());
    answer
}

async fn run(method: Method, path: &str, body: Option<JsValue>) -> Result<String, ApiError> {
    let sent = js_sys::Date::now();
    let answer = text_of(method, path, body).await;
    ended(sent, answer.as_ref().err());
    answer
}

async fn text_of(method: Method, path: &str, body: Option<JsValue>) -> Result<String, ApiError> {
    let (response, _guard) = request(method, path, body).await?;
    if !response.ok() {
        return Err(failure(response).await);
    }
    let accepted = response.status() == 202;
    let text = response.text().await.map_err(|_| ApiError::Unreachable)?;
    // Not what was asked for, but safe: only writes are answered so.
    if accepted { Err(ApiError::Accepted(text)) } else { Ok(text) }
}

/// Sends; the guard must live until the body has been read.
async fn request(
    method: Method,
    path: &str,
    body: Option<JsValue>,
) -> Result<(Response, AbortOnDrop), ApiError> {
    let guard = AbortOnDrop(AbortController::new().ok());
    let signal = guard.0.as_ref().map(AbortController::signal);
    let mut builder = RequestBuilder::new(&format!("{BASE}{path}"))
        .method(method)
        .header("Accept", "application/json")
        .abort_signal(signal.as_ref());
    if let Some(key) = key() {
        builder = builder.header("Authorization", &format!("Bearer {key}"));
    }
    let request: Result<Request, _> = match body {
        Some(body) => builder.header("Content-Type", "application/json").body(body),
        None => builder.build(),
    };
    match request {
        Ok(request) => Ok((request.send().await.map_err(|_| ApiError::Unreachable)?, guard)),
        Err(error) => Err(ApiError::Strange { status: 0, reason: error.to_string() }),
    }
}

async fn failure(response: Response) -> ApiError {
    let status = response.status();
    let Ok(text) = response.text().await else { return ApiError::Unreachable };
    let reason = text.chars().take(200).collect();
    match Refusal::read(text) {
        Some(refusal) => ApiError::Problem(Box::new(refusal)),
        None => ApiError::Strange { status, reason },
    }
}

fn read<T: DeserializeOwned>(status: u16, text: &str) -> Result<T, ApiError> {
    serde_json::from_str(text).map_err(|error| ApiError::Strange { status, reason: error.to_string() })
}
