//! `GET /health`: as older clients ask for it, made honest.

use axum::extract::State;
use axum::http::StatusCode;
use stateloft_core::api::Health;

use crate::http::app::App;
use crate::http::failure::Answer;
use crate::http::openapi::Always;
use crate::http::reply;

/// Whether the store answers; 503 and `degraded` when it does not.
#[utoipa::path(get, path = "/health", tag = "server",
    responses((status = 200, body = Health), (status = 503, body = Health), Always))]
pub(crate) async fn health(State(app): State<App>) -> Answer {
    let health = app.service.health().await;
    let status = if health.database_connected { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    reply::json(status, &health)
}
