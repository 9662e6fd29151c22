//! `GET /states/{state_id}/diff`.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stateloft_core::api::DiffView;
use stateloft_core::model::VersionNumber;
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::extract::{Params, PathText, state_key};
use crate::http::failure::Answer;
use crate::http::openapi::Comparing;
use crate::http::reply;
use crate::service::Which;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Kind of the state.
    #[param(required = true)]
    state_type: Option<String>,
    /// The id, where the path says `-`: for ids that a browser cannot put into a path (`.` and `..`).
    state_id: Option<String>,
    /// The older version's number; the one before `to` when left out.
    from: Option<u64>,
    /// The newer version's number; the last one when left out.
    to: Option<u64>,
}

/// What changed between two versions of a state.
#[utoipa::path(get, path = "/states/{state_id}/diff", tag = "states",
    params(("state_id" = String, Path), Parameters),
    responses((status = 200, body = DiffView), Comparing))]
pub(crate) async fn diff(
    State(app): State<App>,
    path: PathText,
    Params(asked): Params<Parameters>,
) -> Answer {
    let key = state_key(&path, asked.state_id.as_deref(), asked.state_type.as_deref())?;
    let to = asked.to.map_or(Which::Head, |to| Which::Number(VersionNumber(to)));
    let from = asked.from.map(|from| Which::Number(VersionNumber(from)));
    reply::json(StatusCode::OK, &app.service.diff(&key, from.as_ref(), &to).await?)
}
