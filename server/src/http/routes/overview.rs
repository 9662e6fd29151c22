//! `GET /overview?hours=`.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stateloft_core::api::Overview;
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::extract::Params;
use crate::http::failure::{Answer, Failure};
use crate::http::openapi::Always;
use crate::http::reply;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// How far back, in hours; 24 when left out.
    #[serde(default = "a_day")]
    hours: u64,
    /// In how many parts; 96 when left out.
    #[serde(default = "quarters")]
    buckets: u32,
}

const fn a_day() -> u64 {
    24
}

const fn quarters() -> u32 {
    96
}

/// What happened in the last hours, by time, author and type.
#[utoipa::path(get, path = "/overview", tag = "server", params(Parameters),
    responses((status = 200, body = Overview), Always))]
pub(crate) async fn overview(State(app): State<App>, Params(asked): Params<Parameters>) -> Answer {
    let seconds = asked.hours.checked_mul(3600).ok_or_else(|| Failure::parameter("hours is too large"))?;
    reply::json(StatusCode::OK, &app.service.overview(seconds, asked.buckets).await?)
}
