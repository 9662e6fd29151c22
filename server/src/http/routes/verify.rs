//! `GET /verify?after=&limit=`.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stateloft_core::api::VerifyReport;
use stateloft_core::model::Seq;
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::extract::Params;
use crate::http::failure::{Answer, Failure};
use crate::http::openapi::Always;
use crate::http::reply;

const STRETCH: usize = 1_000;
const STRETCH_MAX: usize = 10_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Check the versions after this seq; 0 when left out.
    #[serde(default)]
    after: u64,
    /// How many, 1 to 10000; 1000 when left out.
    #[serde(default = "stretch")]
    limit: usize,
}

const fn stretch() -> usize {
    STRETCH
}

/// Checks one stretch of the hash chain. It is whole when stretch after stretch is `ok` up to `seq`.
#[utoipa::path(get, path = "/verify", tag = "server", params(Parameters),
    responses((status = 200, body = VerifyReport), Always))]
pub(crate) async fn verify(State(app): State<App>, Params(asked): Params<Parameters>) -> Answer {
    if !(1..=STRETCH_MAX).contains(&asked.limit) {
        return Err(Failure::parameter(format!("limit must be 1 to {STRETCH_MAX}, not {}", asked.limit)));
    }
    reply::json(StatusCode::OK, &app.service.verify(Seq(asked.after), asked.limit).await?)
}
