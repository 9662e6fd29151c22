//! `GET /status`.

use axum::extract::State;
use axum::http::StatusCode;
use statehouse_core::api::Status;

use crate::http::app::App;
use crate::http::failure::Answer;
use crate::http::openapi::Always;
use crate::http::reply;

/// The server and its store: version, counts, latencies, promises.
#[utoipa::path(get, path = "/status", tag = "server", responses((status = 200, body = Status), Always))]
pub(crate) async fn status(State(app): State<App>) -> Answer {
    reply::json(StatusCode::OK, &app.service.status().await?)
}
