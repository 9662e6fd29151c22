//! `/fallback`: the journal of writes that wait for the store, and the conflicts that came of it.

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use serde::Deserialize;
use stateloft_core::api::{
    FallbackConflict, FallbackConflicts, FallbackStatus, PendingList, PendingWrite, SettleConflict,
};
use stateloft_core::model::StateId;
use utoipa::IntoParams;

use super::page;

use crate::http::app::App;
use crate::http::extract::{Json, Params, PathText, state_type};
use crate::http::failure::{Answer, Failure};
use crate::http::openapi::{Reading, Writing};
use crate::http::{link, reply};
use crate::service::PendingRequest;

/// How many writes wait for the store, and how many could not be replayed.
#[utoipa::path(get, path = "/fallback", tag = "fallback",
    responses((status = 200, body = FallbackStatus), Reading))]
pub(crate) async fn show(State(app): State<App>) -> Answer {
    reply::json(StatusCode::OK, &app.service.fallback().await?)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Pending {
    /// Only of states of this type.
    state_type: Option<String>,
    /// Only of states of this id.
    state_id: Option<String>,
    /// Rows of a page, 1 to 1000; 50 when left out.
    #[serde(default = "page")]
    limit: usize,
    /// From the page before.
    cursor: Option<String>,
    /// Whether rows carry their data; they do not when left out.
    #[serde(default)]
    data: bool,
}

/// The writes that wait for the store, in the order in which they will be replayed, a row for each state.
#[utoipa::path(get, path = "/fallback/pending", tag = "fallback", params(Pending),
    responses((status = 200, body = PendingList), Reading))]
pub(crate) async fn pending(
    State(app): State<App>,
    Params(asked): Params<Pending>,
    OriginalUri(here): OriginalUri,
) -> Answer {
    let request = PendingRequest {
        state_type: asked.state_type.as_deref().map(state_type).transpose()?,
        state_id: asked.state_id.as_deref().map(id).transpose()?,
        limit: asked.limit,
        cursor: asked.cursor,
        with_data: asked.data,
    };
    let list = app.service.pending_writes(&request)?;
    let mut response = reply::json(StatusCode::OK, &list)?;
    link::next(&mut response, &here, "cursor", list.next_cursor.as_deref());
    Ok(response)
}

fn id(text: &str) -> Answer<StateId> {
    StateId::new(text).map_err(|error| Failure::parameter(error.to_string()))
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
