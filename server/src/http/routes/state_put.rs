//! `PUT /states/{state_id}`.

use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use stateloft_core::api::{PendingWrite, PutRequest, StateView};
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::entity_tag;
use crate::http::extract::{Json, Once, Params, PathText, state_key};
use crate::http::failure::Answer;
use crate::http::openapi::Writing;
use crate::http::reply;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Kind of the state.
    #[param(required = true)]
    state_type: Option<String>,
    /// The id, where the path says `-`: for ids that a browser cannot put into a path (`.` and `..`).
    state_id: Option<String>,
}

/// Saves a state under this name: creates it, or replaces its data.
#[utoipa::path(put, path = "/states/{state_id}", tag = "states", request_body = PutRequest,
    params(("state_id" = String, Path), Parameters,
           ("If-Match" = Option<String>, Header, description = "Entity tags, one of which the head must have, or *"),
           ("If-None-Match" = Option<String>, Header, description = "* if the state must not exist"),
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 201, body = StateView, description = "Created"), (status = 200, body = StateView),
              (status = 202, body = PendingWrite, description = "The store is away: kept in the fallback journal"), Writing))]
pub(crate) async fn put(
    State(app): State<App>,
    path: PathText,
    Params(asked): Params<Parameters>,
    headers: HeaderMap,
    Once(once, Json(body)): Once<Json<PutRequest>>,
) -> Answer {
    let key = state_key(&path, asked.state_id.as_deref(), asked.state_type.as_deref())?;
    let precondition = entity_tag::precondition(&headers)?;
    let saving = app.service.put(key, body, &precondition);
    reply::saved(&app, &app.service.once(once, saving).await?).await
}
