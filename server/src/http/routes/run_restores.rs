//! `GET /runs/restores`: which programs' states were restored, and when.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stateloft_core::api::RunRestores;
use utoipa::IntoParams;

use super::page;
use crate::http::app::App;
use crate::http::extract::{Params, time};
use crate::http::failure::Answer;
use crate::http::openapi::Always;
use crate::http::reply;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only restores since then (RFC 3339).
    from: Option<String>,
    /// Restores that are looked at, the newest, 1 to 1000; 50 when left out.
    #[serde(default = "page")]
    limit: usize,
}

/// Restores that wrote what runs of programs had written, whether those were live or not. So many versions are looked at for one
/// answer at most: `not_looked_at` says of how many nothing is said, `before` which restores were left out.
#[utoipa::path(get, path = "/runs/restores", tag = "runs", params(Parameters),
    responses((status = 200, body = RunRestores), Always))]
pub(crate) async fn restored(State(app): State<App>, Params(asked): Params<Parameters>) -> Answer {
    let from = asked.from.as_deref().map(time).transpose()?;
    reply::json(StatusCode::OK, &app.service.restores_of_runs(from, asked.limit).await?)
}
