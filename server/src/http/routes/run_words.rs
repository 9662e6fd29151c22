//! What runs are asked by operators, and what they say in handshakes.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use stateloft_core::api::{
    AskReconcile, HandshakeView, Heard, PauseRun, ReconcileAsk, SayPaused, SayReloaded,
};

use crate::http::app::App;
use crate::http::extract::{Json, Once, OptionalJson, PathText, PathTexts};
use crate::http::failure::Answer;
use crate::http::openapi::Writing;
use crate::http::reply;

/// Asks a run to pause, without a restore. Its word is not waited for: the handshake says whether it gives it, `paused`, and then nothing that
/// it saves with its epoch is written (409 `run_paused`) until the handshake is stopped; or `no_word`, and it is told to go on.
#[utoipa::path(post, path = "/runs/{run_id}/pause", tag = "runs", operation_id = "pause_run", request_body = PauseRun,
    params(("run_id" = String, Path),
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 201, body = HandshakeView), Writing))]
pub(crate) async fn pause(
    State(app): State<App>,
    path: PathText,
    Once(key, Json(body)): Once<Json<PauseRun>>,
) -> Answer {
    let done = app.service.once(key, app.service.pause_run(&path.0, body)).await?;
    reply::once(&done, |asked| {
        let mut response = reply::json(StatusCode::CREATED, asked)?;
        let place = format!("/api/v1/handshakes/{}", asked.handshake.handshake);
        if let Ok(location) = HeaderValue::from_str(&place) {
            response.headers_mut().insert(LOCATION, location);
        }
        Ok(response)
    })
}

/// Asks a live run to ask its broker, and to hold the list against the store. It is told so until it has reported, or has ended; asking again
/// meanwhile answers what it is asked already (200).
#[utoipa::path(post, path = "/runs/{run_id}/reconcile/ask", tag = "runs", operation_id = "ask_reconcile", request_body = Option<AskReconcile>,
    params(("run_id" = String, Path),
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = ReconcileAsk, description = "It was asked already, and has not reported yet"),
              (status = 201, body = ReconcileAsk), Writing))]
pub(crate) async fn ask_reconcile(
    State(app): State<App>,
    path: PathText,
    Once(key, OptionalJson(body)): Once<OptionalJson<AskReconcile>>,
) -> Answer {
    let work = app.service.ask_reconcile(&path.0, body.unwrap_or_default());
    let done = app.service.once(key, work).await?;
    reply::once(&done, |asked| {
        let status = if asked.was_open { StatusCode::OK } else { StatusCode::CREATED };
        let mut response = reply::json(status, &asked.ask)?;
        if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/runs/{}", asked.ask.run_id)) {
            response.headers_mut().insert(LOCATION, location);
        }
        Ok(response)
    })
}

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
