//! `/snapshots`: create, list, show, delete.

use axum::extract::{OriginalUri, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use stateloft_core::api::{CreateSnapshot, SnapshotList, SnapshotView};
use utoipa::IntoParams;

use super::page;
use crate::http::app::App;
use crate::http::extract::{Json, Once, Params, PathText, state_id};
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

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NameParameters {
    /// The name, where the path says `-`: for names that a browser cannot put into a path (`.` and `..`).
    snapshot_id: Option<String>,
}

/// Names the present moment, or with `seq` a past one. It costs the same at any size, because nothing is copied.
#[utoipa::path(post, path = "/snapshots", tag = "snapshots", request_body = CreateSnapshot,
    params(("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 201, body = SnapshotView), Writing))]
pub(crate) async fn create(
    State(app): State<App>,
    Once(key, Json(body)): Once<Json<CreateSnapshot>>,
) -> Answer {
    reply::once(&app.service.once(key, app.service.create_snapshot(body)).await?, |snapshot| {
        let mut response = reply::json(StatusCode::CREATED, snapshot)?;
        let name = utf8_percent_encode(snapshot.snapshot_id.as_str(), NON_ALPHANUMERIC);
        // In the query no proxy rewrites it.
        if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/snapshots/-?snapshot_id={name}")) {
            response.headers_mut().insert(LOCATION, location);
        }
        Ok(response)
    })
}

/// The snapshots, newest first.
#[utoipa::path(get, path = "/snapshots", tag = "snapshots", params(PageParameters),
    responses((status = 200, body = SnapshotList), Always))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(asked): Params<PageParameters>,
    OriginalUri(here): OriginalUri,
) -> Answer {
    let snapshots = app.service.snapshots(asked.limit, asked.cursor).await?;
    let mut response = reply::json(StatusCode::OK, &snapshots)?;
    link::next(&mut response, &here, "cursor", snapshots.next_cursor.as_deref());
    Ok(response)
}

/// One snapshot.
#[utoipa::path(get, path = "/snapshots/{snapshot_id}", tag = "snapshots",
    params(("snapshot_id" = String, Path), NameParameters),
    responses((status = 200, body = SnapshotView), Reading))]
pub(crate) async fn show(
    State(app): State<App>,
    path: PathText,
    Params(asked): Params<NameParameters>,
) -> Answer {
    let id = state_id(&path, asked.snapshot_id.as_deref())?;
    reply::json(StatusCode::OK, &app.service.snapshot(&id).await?)
}

/// Forgets a snapshot's name. The versions it named stay, and so does every other way to go back to them.
#[utoipa::path(delete, path = "/snapshots/{snapshot_id}", tag = "snapshots",
    params(("snapshot_id" = String, Path), NameParameters,
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = SnapshotView), Writing))]
pub(crate) async fn delete(
    State(app): State<App>,
    path: PathText,
    Params(asked): Params<NameParameters>,
    Once(key, ()): Once<()>,
) -> Answer {
    let id = state_id(&path, asked.snapshot_id.as_deref())?;
    let done = app.service.once(key, app.service.delete_snapshot(id)).await?;
    reply::once(&done, |snapshot| reply::json(StatusCode::OK, snapshot))
}
