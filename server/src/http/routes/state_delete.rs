//! `DELETE /states/{state_id}`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use stateloft_core::api::{Deleted, PendingWrite, VersionView};
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::entity_tag;
use crate::http::extract::{Once, Params, PathText, origin, state_key};
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
    /// Who.
    user_id: Option<String>,
    /// Why.
    description: Option<String>,
    /// Which start of a program deletes.
    run_id: Option<String>,
    /// The number of the run that `run_id` names: with it nothing is deleted unless that run still holds its lease.
    epoch: Option<u64>,
    /// What this belongs to, together with others; else the trace of a `traceparent` header.
    correlation_id: Option<String>,
    /// What made the writer delete; else the span of a `traceparent` header.
    causation_id: Option<String>,
    /// The version last seen.
    expected_version: Option<u64>,
}

/// Deletes a state: writes a tombstone. Its history stays, and it can be undeleted.
#[utoipa::path(delete, path = "/states/{state_id}", tag = "states",
    params(("state_id" = String, Path), Parameters,
           ("If-Match" = Option<String>, Header, description = "Entity tags, one of which the head must have, or *"),
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = Deleted),
              (status = 202, body = PendingWrite, description = "The store is away: kept in the fallback journal"), Writing))]
pub(crate) async fn delete(
    State(app): State<App>,
    path: PathText,
    Params(asked): Params<Parameters>,
    headers: HeaderMap,
    Once(once, ()): Once<()>,
) -> Answer {
    let key = state_key(&path, asked.state_id.as_deref(), asked.state_type.as_deref())?;
    let request = ChangeRequest {
        user_id: asked.user_id,
        description: asked.description,
        origin: origin(asked.run_id, asked.correlation_id, asked.causation_id, &headers),
        epoch: asked.epoch,
        expected_version: asked.expected_version,
        precondition: entity_tag::precondition(&headers)?,
    };
    reply::once(&app.service.once(once, app.service.delete(key, request)).await?, |tombstone| {
        let message = "State deleted successfully".to_owned();
        let deleted = Deleted { message, version: VersionView::of(tombstone) };
        let mut response = reply::json(StatusCode::OK, &deleted)?;
        reply::tag(&mut response, tombstone);
        Ok(response)
    })
}
