//! `/reconcile`, `/runs/{run_id}/reconcile`, `/reconciles`: a broker's list of positions, held against ours, and what is done about it.

use axum::extract::State;
use axum::http::StatusCode;
use stateloft_core::api::{
    AppliedReconcile, ApplyReconcile, DriftList, PlanReconcile, ReconcilePlan, ReconcileReport,
    ReconcileRequest,
};

use crate::http::app::App;
use crate::http::extract::{Json, Once, PathText};
use crate::http::failure::Answer;
use crate::http::openapi::{Reading, Writing};
use crate::http::reply;

/// Says how a broker's list of positions stands to the positions here. Writes nothing. A call that failed is sent as its `failure`
/// and never as an empty list: then everything is `unknown`, and nothing is closed because of it.
#[utoipa::path(post, path = "/reconcile", tag = "reconcile", request_body = ReconcileRequest,
    responses((status = 200, body = ReconcileReport), Writing))]
pub(crate) async fn reconcile(State(app): State<App>, Json(body): Json<ReconcileRequest>) -> Answer {
    reply::json(StatusCode::OK, &app.service.reconcile(body).await?)
}

/// Says how a broker's list stands to the positions of a run, what may be done about each row, and what choices would write. Writes
/// nothing, unless `record` asks to keep what it says of drift, or it `answers` what the run was asked.
#[utoipa::path(post, path = "/runs/{run_id}/reconcile", tag = "reconcile", request_body = PlanReconcile,
    params(("run_id" = String, Path)),
    responses((status = 200, body = ReconcilePlan), Writing))]
pub(crate) async fn plan(State(app): State<App>, path: PathText, Json(body): Json<PlanReconcile>) -> Answer {
    reply::json(StatusCode::OK, &app.service.plan_reconcile(&path.0, body).await?)
}

/// Writes what a plan says, in one commit with the broker's list. If a row that something is chosen of has moved since, or anything else
/// that the plan binds, nothing is written and the answer (412) says what the plan would be now.
#[utoipa::path(post, path = "/reconciles/{plan}/apply", tag = "reconcile", request_body = ApplyReconcile,
    params(("plan" = String, Path, description = "The plan's hash"),
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = AppliedReconcile), Writing))]
pub(crate) async fn apply(
    State(app): State<App>,
    path: PathText,
    Once(key, Json(body)): Once<Json<ApplyReconcile>>,
) -> Answer {
    let done = app.service.once(key, app.service.apply_reconcile(&path.0, body)).await?;
    reply::once(&done, |applied| reply::json(StatusCode::OK, applied))
}

/// What differs between a run's positions and its broker's, since when, and what became of what did: as far as it was recorded.
#[utoipa::path(get, path = "/runs/{run_id}/drifts", tag = "reconcile", params(("run_id" = String, Path)),
    responses((status = 200, body = DriftList), Reading))]
pub(crate) async fn drifts(State(app): State<App>, path: PathText) -> Answer {
    reply::json(StatusCode::OK, &app.service.drifts(&path.0).await?)
}
