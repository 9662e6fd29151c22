//! `GET /openapi.json`.

use std::sync::LazyLock;

use axum::http::StatusCode;
use utoipa::openapi::OpenApi;

use crate::http::failure::Answer;
use crate::http::openapi::{Always, document};
use crate::http::reply;

static DOCUMENT: LazyLock<OpenApi> = LazyLock::new(document);

/// This description.
#[utoipa::path(get, path = "/openapi.json", tag = "server",
    responses((status = 200, body = Object, description = "OpenAPI 3.1"), Always))]
pub(crate) async fn description() -> Answer {
    reply::json(StatusCode::OK, &*DOCUMENT)
}
