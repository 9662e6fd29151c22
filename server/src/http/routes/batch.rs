//! `POST /batch`.

use axum::extract::State;
use axum::http::StatusCode;
use stateloft_core::api::{BatchRequest, BatchResponse, PendingWrite};

use crate::http::app::App;
use crate::http::extract::{Json, Once};
use crate::http::failure::Answer;
use crate::http::openapi::Writing;
use crate::http::reply;

/// Several writes, all or none. A conflict names every state that moved, and nothing is written.
#[utoipa::path(post, path = "/batch", tag = "states", request_body = BatchRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = BatchResponse),
              (status = 202, body = PendingWrite, description = "The store is away: kept in the fallback journal"), Writing))]
pub(crate) async fn batch(State(app): State<App>, Once(key, Json(body)): Once<Json<BatchRequest>>) -> Answer {
    let done = app.service.once(key, app.service.batch(body)).await?;
    reply::once(&done, |batch| reply::json(StatusCode::OK, batch))
}
