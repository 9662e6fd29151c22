//! `/runs/{run_id}/checkpoints`: take, list, show, pin.

use axum::extract::{OriginalUri, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use serde::Deserialize;
use stateloft_core::api::{
    CheckpointList, CheckpointTaken, CheckpointView, PendingWrite, PinCheckpoint, TakeCheckpoint,
};
use utoipa::IntoParams;

use super::page;
use crate::http::app::App;
use crate::http::extract::{Json, Once, Params, PathText, PathTexts};
use crate::http::failure::{Answer, Failure};
use crate::http::openapi::{Reading, Writing};
use crate::http::{link, reply};
use crate::service::CheckpointsRequest;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// So many of the last ones are listed, and those that are pinned; 100 when left out.
    keep: Option<u64>,
    /// Besides those, every one that is not older than so many seconds.
    older_than: Option<u64>,
    /// Rows of a page, 1 to 1000; 50 when left out. A page may have fewer and still be followed by another.
    #[serde(default = "page")]
    limit: usize,
    /// From the page before.
    cursor: Option<String>,
}

/// Takes a checkpoint: saves states and names the moment, all in one commit, if the run holds its lease.
#[utoipa::path(post, path = "/runs/{run_id}/checkpoints", tag = "runs", request_body = TakeCheckpoint,
    operation_id = "take_checkpoint",
    params(("run_id" = String, Path),
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 201, body = CheckpointTaken),
              (status = 202, body = PendingWrite, description = "The store is away: kept in the fallback journal"), Writing))]
pub(crate) async fn take(
    State(app): State<App>,
    path: PathText,
    Once(key, Json(body)): Once<Json<TakeCheckpoint>>,
) -> Answer {
    let done = app.service.once(key, app.service.take_checkpoint(&path.0, body)).await?;
    reply::once(&done, |taken| {
        let mut response = reply::json(StatusCode::CREATED, taken)?;
        let place = format!("/api/v1/runs/{}/checkpoints/{}", path.0, taken.checkpoint.number);
        if let Ok(location) = HeaderValue::from_str(&place) {
            response.headers_mut().insert(LOCATION, location);
        }
        Ok(response)
    })
}

/// The checkpoints of a run, newest first, and all of them in numbers.
#[utoipa::path(get, path = "/runs/{run_id}/checkpoints", tag = "runs", operation_id = "checkpoints",
    params(("run_id" = String, Path), ListParameters),
    responses((status = 200, body = CheckpointList), Reading))]
pub(crate) async fn list(
    State(app): State<App>,
    path: PathText,
    Params(asked): Params<ListParameters>,
    OriginalUri(here): OriginalUri,
) -> Answer {
    let ListParameters { keep, older_than, limit, cursor } = asked;
    let request = CheckpointsRequest { keep, older_than, limit, cursor };
    let list = app.service.checkpoints(&path.0, &request).await?;
    let mut response = reply::json(StatusCode::OK, &list)?;
    link::next(&mut response, &here, "cursor", list.next_cursor.as_deref());
    Ok(response)
}

/// One checkpoint, whether or not it is still listed.
#[utoipa::path(get, path = "/runs/{run_id}/checkpoints/{number}", tag = "runs", operation_id = "checkpoint",
    params(("run_id" = String, Path), ("number" = u64, Path)),
    responses((status = 200, body = CheckpointView), Reading))]
pub(crate) async fn show(State(app): State<App>, path: PathTexts) -> Answer {
    reply::json(StatusCode::OK, &app.service.checkpoint(&path.0, number(&path.1)?).await?)
}

/// Pins a checkpoint, so that it stays in the list, or lets it go.
#[utoipa::path(patch, path = "/runs/{run_id}/checkpoints/{number}", tag = "runs", operation_id = "pin_checkpoint",
    params(("run_id" = String, Path), ("number" = u64, Path)), request_body = PinCheckpoint,
    responses((status = 200, body = CheckpointView), Writing))]
pub(crate) async fn pin(State(app): State<App>, path: PathTexts, Json(body): Json<PinCheckpoint>) -> Answer {
    let pinned = app.service.pin_checkpoint(&path.0, number(&path.1)?, body).await?;
    reply::json(StatusCode::OK, &pinned)
}

fn number(text: &str) -> Answer<u64> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| Failure::parameter("the number of a checkpoint is a whole number from 1 on"))
}
