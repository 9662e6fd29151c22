//! `/fallback`: the journal of writes that wait for the store, and the conflicts that came of it.

use axum::extract::State;
use axum::http::StatusCode;
use statehouse_core::api::{
    FallbackConflict, FallbackConflicts, FallbackStatus, PendingWrite, SettleConflict,
};

use crate::http::app::App;
use crate::http::extract::{Json, PathText};
use crate::http::failure::Answer;
use crate::http::openapi::{Reading, Writing};
use crate::http::reply;

/// How many writes wait for the store, and how many could not be replayed.
#[utoipa::path(get, path = "/fallback", tag = "fallback",
    responses((status = 200, body = FallbackStatus), Reading))]
pub(crate) async fn show(State(app): State<App>) -> Answer {
    reply::json(StatusCode::OK, &app.service.fallback().await?)
}

/// Writes that could not be replayed and wait for a decision, the oldest first, each with base, theirs and mine.
#[utoipa::path(get, path = "/fallback/conflicts", tag = "fallback",
    responses((status = 200, body = FallbackConflicts), Reading))]
pub(crate) async fn conflicts(State(app): State<App>) -> Answer {
    reply::json(StatusCode::OK, &app.service.fallback_conflicts().await?)
}

/// One write that could not be replayed.
#[utoipa::path(get, path = "/fallback/conflicts/{pending_id}", tag = "fallback",
    params(("pending_id" = String, Path)),
    responses((status = 200, body = FallbackConflict), Reading))]
pub(crate) async fn conflict(State(app): State<App>, path: PathText) -> Answer {
    reply::json(StatusCode::OK, &app.service.fallback_conflict(&path.0).await?)
}

/// Settles a conflict: `mine` writes it now, if every head is still the one it shows; `theirs` leaves the store as it is.
/// The conflict is kept in the journal's folder and no longer listed.
#[utoipa::path(post, path = "/fallback/conflicts/{pending_id}/settle", tag = "fallback",
    request_body = SettleConflict, params(("pending_id" = String, Path)),
    responses((status = 200, body = FallbackConflict, description = "The conflict that was settled"),
              (status = 202, body = PendingWrite, description = "The store is away again; not settled, but kept once more"),
              Writing))]
pub(crate) async fn settle(
    State(app): State<App>,
    path: PathText,
    Json(body): Json<SettleConflict>,
) -> Answer {
    reply::json(StatusCode::OK, &app.service.settle_conflict(&path.0, body).await?)
}
