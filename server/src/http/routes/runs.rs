//! `/runs`: begin, renew, end, list, show, compare.

use axum::extract::{OriginalUri, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use serde::Deserialize;
use stateloft_core::api::{
    EndRun, MarkAllCrashed, MarkCrashed, MarkedCrashed, RenewRun, RunComparison, RunList, RunRenewed,
    RunStarted, RunStates, RunStatus, RunView, StartRun,
};
use stateloft_core::model::RunName;
use utoipa::IntoParams;

use super::page;
use crate::http::app::App;
use crate::http::extract::{Json, Once, OptionalJson, Params, PathText, time};
use crate::http::failure::{Answer, Failure};
use crate::http::openapi::{Comparing, Reading, Writing};
use crate::http::{link, reply};
use crate::service::RunsRequest;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// Only these: active, completed, crashed, stopped or replaced.
    status: Option<RunStatus>,
    /// Only of this program.
    program: Option<String>,
    /// Only of this instance.
    instance: Option<String>,
    /// Only those that had not ended by then (RFC 3339).
    from: Option<String>,
    /// Only those that had begun by then (RFC 3339).
    to: Option<String>,
    /// Rows of a page, 1 to 1000; 50 when left out. A page may have fewer, or none, and still be followed by another.
    #[serde(default = "page")]
    limit: usize,
    /// From the page before.
    cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParameters {
    /// Rows of a page, 1 to 1000; 50 when left out.
    #[serde(default = "page")]
    limit: usize,
    /// From the page before.
    cursor: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CompareParameters {
    /// The run that left something.
    #[param(required = true)]
    a: Option<String>,
    /// The run that found it.
    #[param(required = true)]
    b: Option<String>,
}

/// Begins a run of a program. One of an instance is live at a time: another one is 409 `run_held`, with who holds the lease.
#[utoipa::path(post, path = "/runs", tag = "runs", request_body = StartRun,
    params(("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 201, body = RunStarted), Writing))]
pub(crate) async fn start(State(app): State<App>, Once(key, Json(body)): Once<Json<StartRun>>) -> Answer {
    let done = Box::pin(app.service.once(key, app.service.start_run(body))).await?;
    reply::once(&done, |started| {
        let mut response = reply::json(StatusCode::CREATED, started)?;
        if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/runs/{}", started.run_id)) {
            response.headers_mut().insert(LOCATION, location);
        }
        Ok(response)
    })
}

/// Renews a run's lease. That makes no version. 409 `lease_lost` where the run is not live any more.
#[utoipa::path(post, path = "/runs/{run_id}/renew", tag = "runs", request_body = Option<RenewRun>,
    params(("run_id" = String, Path)),
    responses((status = 200, body = RunRenewed), Writing))]
pub(crate) async fn renew(
    State(app): State<App>,
    path: PathText,
    OptionalJson(body): OptionalJson<RenewRun>,
) -> Answer {
    reply::json(StatusCode::OK, &app.service.renew_run(&path.0, body.unwrap_or_default()).await?)
}

/// Ends a run by its own word, with what it is worth in the end.
#[utoipa::path(post, path = "/runs/{run_id}/end", tag = "runs", request_body = EndRun,
    params(("run_id" = String, Path),
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = RunView), Writing))]
pub(crate) async fn end(
    State(app): State<App>,
    path: PathText,
    Once(key, Json(body)): Once<Json<EndRun>>,
) -> Answer {
    let done = Box::pin(app.service.once(key, app.service.end_run(&path.0, body))).await?;
    reply::once(&done, |run| reply::json(StatusCode::OK, run))
}

/// Says of a run that it is gone, before its lease has run out.
#[utoipa::path(post, path = "/runs/{run_id}/mark-crashed", tag = "runs", request_body = MarkCrashed,
    params(("run_id" = String, Path),
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = RunView), Writing))]
pub(crate) async fn mark_crashed(
    State(app): State<App>,
    path: PathText,
    Once(key, Json(body)): Once<Json<MarkCrashed>>,
) -> Answer {
    let done = Box::pin(app.service.once(key, app.service.mark_crashed(&path.0, body))).await?;
    reply::once(&done, |run| reply::json(StatusCode::OK, run))
}

/// Says of all active runs that they are gone, in one commit, if they are as many as is said; else 409 `count_differs`.
#[utoipa::path(post, path = "/runs/mark-crashed", tag = "runs", request_body = MarkAllCrashed,
    params(("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = MarkedCrashed), Writing))]
pub(crate) async fn mark_all_crashed(
    State(app): State<App>,
    Once(key, Json(body)): Once<Json<MarkAllCrashed>>,
) -> Answer {
    let done = app.service.once(key, app.service.mark_all_crashed(body)).await?;
    reply::once(&done, |marked| reply::json(StatusCode::OK, marked))
}

/// Runs, the last changed first.
#[utoipa::path(get, path = "/runs", tag = "runs", params(ListParameters),
    responses((status = 200, body = RunList), Comparing))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(asked): Params<ListParameters>,
    OriginalUri(here): OriginalUri,
) -> Answer {
    let request = RunsRequest {
        status: asked.status,
        program: asked.program.as_deref().map(name).transpose()?,
        instance: asked.instance.as_deref().map(name).transpose()?,
        from: asked.from.as_deref().map(time).transpose()?,
        to: asked.to.as_deref().map(time).transpose()?,
        limit: asked.limit,
        cursor: asked.cursor,
    };
    let runs = app.service.runs(&request).await?;
    let mut response = reply::json(StatusCode::OK, &runs)?;
    link::next(&mut response, &here, "cursor", runs.next_cursor.as_deref());
    Ok(response)
}

/// One run: how it is, who holds its lease, and what it wrote in numbers.
#[utoipa::path(get, path = "/runs/{run_id}", tag = "runs", params(("run_id" = String, Path)),
    responses((status = 200, body = RunView), Reading))]
pub(crate) async fn show(State(app): State<App>, path: PathText) -> Answer {
    reply::json(StatusCode::OK, &app.service.run_view(&path.0).await?)
}

/// The states of which a run wrote versions, by type and id, and whether something else has written them since.
#[utoipa::path(get, path = "/runs/{run_id}/states", tag = "runs", params(("run_id" = String, Path), PageParameters),
    responses((status = 200, body = RunStates), Reading))]
pub(crate) async fn states(
    State(app): State<App>,
    path: PathText,
    Params(asked): Params<PageParameters>,
    OriginalUri(here): OriginalUri,
) -> Answer {
    let states = app.service.run_states(&path.0, asked.limit, asked.cursor.as_deref()).await?;
    let mut response = reply::json(StatusCode::OK, &states)?;
    link::next(&mut response, &here, "cursor", states.next_cursor.as_deref());
    Ok(response)
}

/// What a run found otherwise than another had left it, and how their settings differ.
#[utoipa::path(get, path = "/runs/compare", tag = "runs", params(CompareParameters),
    responses((status = 200, body = RunComparison), Comparing))]
pub(crate) async fn compare(State(app): State<App>, Params(asked): Params<CompareParameters>) -> Answer {
    let (Some(a), Some(b)) = (asked.a, asked.b) else {
        return Err(Failure::parameter("say both runs: a=RUN&b=RUN"));
    };
    reply::json(StatusCode::OK, &app.service.compare_runs(&a, &b).await?)
}

fn name(text: &str) -> Answer<RunName> {
    RunName::new(text).map_err(|error| Failure::parameter(error.to_string()))
}
