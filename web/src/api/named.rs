//! Calls about one state or snapshot: the address names it in the query, where nothing between here and the server rewrites
//! it, and the answer must be of what was asked for. A proxy or browser that bends an address would otherwise show, and
//! change, something else under the name on the page.

use gloo_net::http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stateloft_core::api::{OfState, SnapshotView, VersionView};
use stateloft_core::model::StateKey;
use wasm_bindgen::JsValue;

use super::{ApiError, client};
use crate::model::address::Query;

/// The address of a state in the API.
pub(crate) fn state_path(key: &StateKey, rest: &str, query: &Query) -> String {
    let named = Query::default()
        .with("state_type", Some(key.state_type.as_str()))
        .with("state_id", Some(key.state_id.as_str()));
    format!("/states/-{rest}{}", named.followed_by(query))
}

fn snapshot_path(name: &str) -> String {
    format!("/snapshots/-{}", Query::default().with("snapshot_id", Some(name)))
}

fn checked<T: OfState>(key: &StateKey, answer: T) -> Result<T, ApiError> {
    match answer.other(key) {
        None => Ok(answer),
        Some(other) => Err(another(key, Some(other.to_string()))),
    }
}

fn another(key: &StateKey, answered: Option<String>) -> ApiError {
    ApiError::Another { asked: key.to_string(), answered }
}

/// `GET` of what belongs to a state.
pub(crate) async fn get_of<T: OfState + DeserializeOwned>(
    key: &StateKey,
    rest: &str,
    query: &Query,
) -> Result<T, ApiError> {
    checked(key, client::get(&state_path(key, rest, query)).await?)
}

/// A write to a state.
pub(crate) async fn send_of<T: OfState + DeserializeOwned>(
    method: Method,
    key: &StateKey,
    rest: &str,
    query: &Query,
    body: Option<&impl Serialize>,
) -> Result<T, ApiError> {
    checked(key, client::send(method, &state_path(key, rest, query), body).await?)
}

/// The exact text of a version's data. The text does not say whose it is; its header names the version.
pub(crate) async fn raw_of(key: &StateKey, version: &VersionView) -> Result<JsValue, ApiError> {
    let query = Query::default().with("version", Some(&version.version.to_string()));
    let (id, text) = client::js_text(&state_path(key, "/raw", &query)).await?;
    if id.as_deref() == Some(&version.version_id) { Ok(text) } else { Err(another(key, None)) }
}

/// The snapshot that has a name.
pub(crate) async fn snapshot(name: &str) -> Result<SnapshotView, ApiError> {
    snapshot_checked(name, client::get(&snapshot_path(name)).await?)
}

/// Forgets a snapshot's name.
pub(crate) async fn forget_snapshot(name: &str) -> Result<SnapshotView, ApiError> {
    snapshot_checked(name, client::send(Method::DELETE, &snapshot_path(name), None::<&()>).await?)
}

fn snapshot_checked(name: &str, answer: SnapshotView) -> Result<SnapshotView, ApiError> {
    if answer.snapshot_id.as_str() == name {
        return Ok(answer);
    }
    let answered = Some(format!("the snapshot {}", answer.snapshot_id));
    Err(ApiError::Another { asked: format!("the snapshot {name}"), answered })
}
