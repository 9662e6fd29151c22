//! What runs say in the handshake of a restore.

use axum::extract::State;
use axum::http::StatusCode;
use stateloft_core::api::{Heard, SayPaused, SayReloaded};

use crate::http::app::App;
use crate::http::extract::{Json, PathTexts};
use crate::http::failure::Answer;
use crate::http::openapi::Writing;
use crate::http::reply;

/// A run gives its word that it makes way for a restore: from then on nothing that it saves with its epoch is written (409 `run_paused`),
/// until it has said that it has reloaded, or is told to go on. Saying it again changes nothing.
#[utoipa::path(post, path = "/runs/{run_id}/handshakes/{handshake}/paused", tag = "runs", request_body = SayPaused,
    params(("run_id" = String, Path), ("handshake" = String, Path)),
    responses((status = 200, body = Heard), Writing))]
pub(crate) async fn paused(
    State(app): State<App>,
    PathTexts(run, handshake): PathTexts,
    Json(body): Json<SayPaused>,
) -> Answer {
    reply::json(StatusCode::OK, &app.service.say_paused(&run, &handshake, body).await?)
}

/// A run says that it has read what a restore wrote, up to a seq: from then on it may write. After a handshake that wrote nothing it ends
/// that the run is told to go on. Saying it again changes nothing.
#[utoipa::path(post, path = "/runs/{run_id}/handshakes/{handshake}/reloaded", tag = "runs", request_body = SayReloaded,
    params(("run_id" = String, Path), ("handshake" = String, Path)),
    responses((status = 200, body = Heard), Writing))]
pub(crate) async fn reloaded(
    State(app): State<App>,
    PathTexts(run, handshake): PathTexts,
    Json(body): Json<SayReloaded>,
) -> Answer {
    reply::json(StatusCode::OK, &app.service.say_reloaded(&run, &handshake, body).await?)
}
