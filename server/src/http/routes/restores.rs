//! `/restores`: plan, apply, list, show, undo.

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use serde::Deserialize;
use stateloft_core::api::{
    AppliedRestore, ApplyGiven, ApplyRequest, GivenPlan, GivenRequest, Plan, PlanRequest, RestoreList,
    UndoRequest,
};
use utoipa::IntoParams;

use super::page;
use crate::http::app::App;
use crate::http::extract::{Json, Once, OptionalJson, Params, PathText};
use crate::http::failure::Answer;
use crate::http::openapi::{Always, Reading, Writing};
use crate::http::{link, reply};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParameters {
    /// Rows of a page, 1 to 1000; 50 when left out.
    #[serde(default = "page")]
    limit: usize,
    /// From the page before.
    cursor: Option<String>,
}

/// Works out what a restore would write. Writes nothing.
#[utoipa::path(post, path = "/restores", tag = "restores", request_body = PlanRequest,
    responses((status = 200, body = Plan), Writing))]
pub(crate) async fn plan(State(app): State<App>, Json(body): Json<PlanRequest>) -> Answer {
    reply::json(StatusCode::OK, &app.service.plan(body).await?)
}

/// Writes what a plan says, in one commit. If a state in it has moved since, nothing is written and the answer (412)
/// encloses a fresh plan.
#[utoipa::path(post, path = "/restores/{plan}/apply", tag = "restores", request_body = ApplyRequest,
    params(("plan" = String, Path, description = "The plan's hash"),
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = AppliedRestore), Writing))]
pub(crate) async fn apply(
    State(app): State<App>,
    path: PathText,
    Once(key, Json(body)): Once<Json<ApplyRequest>>,
) -> Answer {
    let done = app.service.once(key, app.service.apply(&path.0, body)).await?;
    reply::once(&done, |restore| reply::json(StatusCode::OK, restore))
}

/// Works out what a restore to documents would write that come with the request, such as the states of a file. What is not among
/// them stays as it is, unless `delete_others` is true. Writes nothing.
#[utoipa::path(post, path = "/restores/documents", tag = "restores", request_body = GivenRequest,
    responses((status = 200, body = GivenPlan), Writing))]
pub(crate) async fn plan_documents(State(app): State<App>, Json(body): Json<GivenRequest>) -> Answer {
    reply::json(StatusCode::OK, &app.service.plan_documents(body).await?)
}

/// Writes what such a plan says, in one commit, after a snapshot that undoes it. If the documents, or what they replace, are not
/// what was looked at, nothing is written (412).
#[utoipa::path(post, path = "/restores/documents/{plan}/apply", tag = "restores", request_body = ApplyGiven,
    params(("plan" = String, Path, description = "The plan's hash"),
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = AppliedRestore), Writing))]
pub(crate) async fn apply_documents(
    State(app): State<App>,
    path: PathText,
    Once(key, Json(body)): Once<Json<ApplyGiven>>,
) -> Answer {
    let done = app.service.once(key, app.service.apply_documents(&path.0, body)).await?;
    reply::once(&done, |restore| reply::json(StatusCode::OK, restore))
}

/// The restores that were applied, newest first.
#[utoipa::path(get, path = "/restores", tag = "restores", params(PageParameters),
    responses((status = 200, body = RestoreList), Always))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(asked): Params<PageParameters>,
    OriginalUri(here): OriginalUri,
) -> Answer {
    let restores = app.service.restores(asked.limit, asked.cursor).await?;
    let mut response = reply::json(StatusCode::OK, &restores)?;
    link::next(&mut response, &here, "cursor", restores.next_cursor.as_deref());
    Ok(response)
}

/// One restore that was applied, with the versions it wrote.
#[utoipa::path(get, path = "/restores/{restore_id}", tag = "restores", params(("restore_id" = String, Path)),
    responses((status = 200, body = AppliedRestore), Reading))]
pub(crate) async fn show(State(app): State<App>, path: PathText) -> Answer {
    reply::json(StatusCode::OK, &app.service.restore(&path.0).await?)
}

/// Takes the states that a restore wrote back to what they were right before it.
#[utoipa::path(post, path = "/restores/{restore_id}/undo", tag = "restores", request_body = Option<UndoRequest>,
    params(("restore_id" = String, Path),
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = AppliedRestore), Writing))]
pub(crate) async fn undo(
    State(app): State<App>,
    path: PathText,
    Once(key, OptionalJson(body)): Once<OptionalJson<UndoRequest>>,
) -> Answer {
    let done = app.service.once(key, app.service.undo(&path.0, body.unwrap_or_default())).await?;
    reply::once(&done, |restore| reply::json(StatusCode::OK, restore))
}
