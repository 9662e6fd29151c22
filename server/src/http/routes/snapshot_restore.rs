//! `POST /snapshots/{snapshot_id}/restore`: for older clients; others plan first.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use stateloft_core::api::SnapshotRestored;
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::extract::{Once, Params, PathText, origin, state_id};
use crate::http::failure::Answer;
use crate::http::openapi::Writing;
use crate::http::reply;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(clippy::struct_field_names, reason = "these are the names of the parameters")]
pub(crate) struct Parameters {
    /// The name, where the path says `-`: for names that a browser cannot put into a path (`.` and `..`).
    snapshot_id: Option<String>,
    /// Who.
    user_id: Option<String>,
    /// Which start of a program restores.
    run_id: Option<String>,
    /// What this belongs to, together with others; else the trace of a `traceparent` header.
    correlation_id: Option<String>,
    /// What made the writer restore; else the span of a `traceparent` header.
    causation_id: Option<String>,
}

/// Restores everything to a snapshot without a look at the plan. It can be undone like any restore.
#[utoipa::path(post, path = "/snapshots/{snapshot_id}/restore", tag = "snapshots",
    params(("snapshot_id" = String, Path), Parameters,
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = SnapshotRestored), Writing))]
pub(crate) async fn restore(
    State(app): State<App>,
    path: PathText,
    Params(asked): Params<Parameters>,
    headers: HeaderMap,
    Once(key, ()): Once<()>,
) -> Answer {
    let id = state_id(&path, asked.snapshot_id.as_deref())?;
    let origin = origin(asked.run_id, asked.correlation_id, asked.causation_id, &headers);
    let done = app.service.once(key, app.service.restore_snapshot(&id, asked.user_id, origin)).await?;
    reply::once(&done, |restored| reply::json(StatusCode::OK, restored))
}
