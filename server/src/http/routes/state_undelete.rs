//! `POST /states/{state_id}/undelete`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use stateloft_core::api::{Originated, PendingWrite, StateView, UndeleteRequest};
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::entity_tag;
use crate::http::extract::{Once, OptionalJson, Params, PathText, state_key};
use crate::http::failure::Answer;
use crate::http::openapi::Writing;
use crate::http::reply;
use crate::service::ChangeRequest;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Kind of the state.
    #[param(required = true)]
    state_type: Option<String>,
    /// The id, where the path says `-`: for ids that a browser cannot put into a path (`.` and `..`).
    state_id: Option<String>,
}

/// Brings a deleted state back as it was right before it was deleted, as a new version.
#[utoipa::path(post, path = "/states/{state_id}/undelete", tag = "states", request_body = Option<UndeleteRequest>,
    params(("state_id" = String, Path), Parameters,
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = StateView),
              (status = 202, body = PendingWrite, description = "The store is away: kept in the fallback journal"), Writing))]
pub(crate) async fn undelete(
    State(app): State<App>,
    path: PathText,
    Params(asked): Params<Parameters>,
    headers: HeaderMap,
    Once(once, OptionalJson(body)): Once<OptionalJson<UndeleteRequest>>,
) -> Answer {
    let key = state_key(&path, asked.state_id.as_deref(), asked.state_type.as_deref())?;
    let body = body.unwrap_or_default();
    let request = ChangeRequest {
        origin: body.origin(),
        user_id: body.user_id,
        description: body.description,
        epoch: body.epoch,
        expected_version: body.expected_version,
        precondition: entity_tag::precondition(&headers)?,
    };
    reply::once(&app.service.once(once, app.service.undelete(key, request)).await?, |version| {
        let mut response = reply::state(StatusCode::OK, &StateView::of(version))?;
        reply::tag(&mut response, version);
        Ok(response)
    })
}
