//! `POST /states`.

use axum::extract::State;
use axum::http::HeaderMap;
use stateloft_core::api::{PendingWrite, SaveRequest, StateView};

use crate::http::app::App;
use crate::http::entity_tag;
use crate::http::extract::{Json, Once};
use crate::http::failure::Answer;
use crate::http::openapi::Writing;
use crate::http::reply;

/// Saves a state: creates it, or replaces its data. Data equal to the head's makes no version and says `unchanged`.
#[utoipa::path(post, path = "/states", tag = "states", request_body = SaveRequest,
    params(("If-Match" = Option<String>, Header, description = "Entity tags, one of which the head must have, or *"),
           ("If-None-Match" = Option<String>, Header, description = "* if the state must not exist"),
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 201, body = StateView, description = "Created"), (status = 200, body = StateView),
              (status = 202, body = PendingWrite, description = "The store is away: kept in the fallback journal"), Writing))]
pub(crate) async fn save(
    State(app): State<App>,
    headers: HeaderMap,
    Once(key, Json(body)): Once<Json<SaveRequest>>,
) -> Answer {
    let precondition = entity_tag::precondition(&headers)?;
    let done = app.service.once(key, app.service.save(body, &precondition)).await?;
    reply::saved(&app, &done).await
}
