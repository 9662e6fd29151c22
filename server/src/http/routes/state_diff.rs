//! `GET /states/{state_id}/diff`.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stateloft_core::api::DiffView;
use stateloft_core::model::{VersionNumber, whole_number};
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::extract::{Params, PathText, moment, state_key};
use crate::http::failure::Answer;
use crate::http::openapi::Comparing;
use crate::http::reply;
use crate::service::Which;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Kind of the state.
    #[param(required = true)]
    state_type: Option<String>,
    /// The id, where the path says `-`: for ids that a browser cannot put into a path (`.` and `..`).
    state_id: Option<String>,
    /// The older version: its number, or a moment (a time with zone, `seq:N` or `snapshot:NAME`); the one before `to` when left
    /// out.
    from: Option<String>,
    /// The newer version, likewise; the last one when left out.
    to: Option<String>,
}

/// A version by its number, or the last one at a moment.
fn side(text: &str) -> Answer<Which> {
    match whole_number(text) {
        Some(number) => Ok(Which::Number(VersionNumber(number))),
        None => Ok(Which::At(moment(text)?)),
    }
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
    let to = asked.to.as_deref().map_or(Ok(Which::Head), side)?;
    let from = asked.from.as_deref().map(side).transpose()?;
    reply::json(StatusCode::OK, &app.service.diff(&key, from.as_ref(), &to).await?)
}
