//! `GET /status`.

use axum::extract::State;
use axum::http::StatusCode;
use stateloft_core::api::{Status, StatusDetails, StatusSeries};

use crate::http::app::App;
use crate::http::console;
use crate::http::failure::Answer;
use crate::http::openapi::Always;
use crate::http::reply;

/// The server and its store: version, counts, latencies, promises.
#[utoipa::path(get, path = "/status", tag = "server", responses((status = 200, body = Status), Always))]
pub(crate) async fn status(State(app): State<App>) -> Answer {
    reply::json(StatusCode::OK, &app.service.status().await?)
}

/// What `/status` leaves out: the last incident, versions and sizes, connections, and who listens. This answers though the
/// store does not.
#[utoipa::path(get, path = "/status/details", tag = "server",
    responses((status = 200, body = StatusDetails), Always))]
pub(crate) async fn details(State(app): State<App>) -> Answer {
    let mut details = app.service.details().await;
    details.versions.console = console::version();
    reply::json(StatusCode::OK, &details)
}

/// The last 24 hours in steps of a minute, as far as the server has run: commits, saves, connections, cache, events,
/// journal, breaker. This answers though the store does not.
#[utoipa::path(get, path = "/status/series", tag = "server",
    responses((status = 200, body = StatusSeries), Always))]
pub(crate) async fn series(State(app): State<App>) -> Answer {
    reply::json(StatusCode::OK, &app.service.series())
}
