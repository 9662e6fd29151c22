//! `/imports`: files of older programs, looked at and taken in.

use axum::extract::State;
use axum::http::StatusCode;
use stateloft_core::api::{
    AppliedImport, ApplyImport, ImportPreview, ImportRequest, SettleQuarantine, SettledQuarantine,
};

use crate::http::app::App;
use crate::http::extract::{Json, Once, PathText};
use crate::http::failure::Answer;
use crate::http::openapi::Writing;
use crate::http::reply;

/// Says which states files of older programs hold, how they stand to the store, what cannot be placed and what cannot be read.
/// Writes nothing.
#[utoipa::path(post, path = "/imports", tag = "imports", request_body = ImportRequest,
    responses((status = 200, body = ImportPreview), Writing))]
pub(crate) async fn preview(State(app): State<App>, Json(body): Json<ImportRequest>) -> Answer {
    reply::json(StatusCode::OK, &app.service.preview_import(body).await?)
}

/// Writes what was looked at, in one commit: what is new and what is chosen, with what cannot be placed as states of type
/// `quarantine` and a record of type `audit`. What is there already is not written again. If the files or their states are not
/// what was looked at, nothing is written (412).
#[utoipa::path(post, path = "/imports/{plan}/apply", tag = "imports", request_body = ApplyImport,
    params(("plan" = String, Path, description = "The hash that the preview gave"),
           ("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = AppliedImport), Writing))]
pub(crate) async fn apply(
    State(app): State<App>,
    path: PathText,
    Once(key, Json(body)): Once<Json<ApplyImport>>,
) -> Answer {
    let done = app.service.once(key, app.service.apply_import(&path.0, body)).await?;
    reply::once(&done, |import| reply::json(StatusCode::OK, import))
}

/// Settles something in quarantine, in one commit: with `save_as` what it holds is saved as that state, without it is dropped.
/// Either way it leaves quarantine; its tombstone has the reason, its history the bytes, and an import of the same files does
/// not bring it back. What holds no object cannot be named (422).
#[utoipa::path(post, path = "/imports/settle", tag = "imports", request_body = SettleQuarantine,
    params(("Idempotency-Key" = Option<String>, Header, description = "Done once, and answered the same when sent again within 24 hours")),
    responses((status = 200, body = SettledQuarantine), Writing))]
pub(crate) async fn settle(
    State(app): State<App>,
    Once(key, Json(body)): Once<Json<SettleQuarantine>>,
) -> Answer {
    let done = app.service.once(key, app.service.settle_quarantine(body)).await?;
    reply::once(&done, |settled| reply::json(StatusCode::OK, settled))
}
