//! `GET /states/{state_id}/raw`: the bytes that the content hash is of.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use stateloft_core::api::PendingState;
use stateloft_core::json::Document;
use stateloft_core::model::Version;

use super::state_get::Parameters;
use crate::http::app::App;
use crate::http::extract::{Params, PathText};
use crate::http::failure::Answer;
use crate::http::openapi::Reading;
use crate::http::reply;
use crate::service::ServiceError;

/// The data alone, byte for byte: `curl .../raw | sha256sum` gives the `content_hash`.
#[utoipa::path(get, path = "/states/{state_id}/raw", tag = "states",
    params(("state_id" = String, Path), Parameters),
    responses((status = 200, body = Object), (status = 304, description = "The client has it already"), Reading))]
pub(crate) async fn raw(
    State(app): State<App>,
    path: PathText,
    Params(asked): Params<Parameters>,
    headers: HeaderMap,
) -> Answer {
    let found = asked.find(&app, &path).await?;
    reply::found(&headers, &found, app.service.now(), bytes, waiting)
}

/// A document that is sent as it lies in memory.
struct Text(Document);

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self.0.text().as_bytes()
    }
}

fn bytes(version: &Version) -> Answer {
    let Some(data) = &version.data else {
        return Err(ServiceError::StateDeleted(Box::new(version.clone())).into());
    };
    text(data)
}

fn waiting(pending: &PendingState) -> Answer {
    let Some(data) = &pending.data else {
        return Err(ServiceError::PendingDelete(Box::new(pending.clone())).into());
    };
    text(data)
}

fn text(data: &Document) -> Answer {
    let mut response = (StatusCode::OK, reply::kept(Text(data.clone()))?).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
