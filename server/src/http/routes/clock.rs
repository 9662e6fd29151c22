//! `/clock`: what time it is to the server, and the word that it is right.

use axum::extract::State;
use axum::http::StatusCode;
use stateloft_core::api::{ClockStatus, ConfirmClock};

use crate::http::app::App;
use crate::http::extract::Json;
use crate::http::failure::Answer;
use crate::http::openapi::{Always, Writing};
use crate::http::reply;

/// What is recorded as the time, and whether the machine's clock is believed.
#[utoipa::path(get, path = "/clock", tag = "server", responses((status = 200, body = ClockStatus), Always))]
pub(crate) async fn clock(State(app): State<App>) -> Answer {
    reply::json(StatusCode::OK, &app.service.clock())
}

/// Says that the machine's clock is right though it has jumped: it is believed at once. A recorded time cannot be taken back.
#[utoipa::path(post, path = "/clock/confirm", tag = "server", request_body = ConfirmClock,
    responses((status = 200, body = ClockStatus), Writing))]
pub(crate) async fn confirm_clock(State(app): State<App>, Json(body): Json<ConfirmClock>) -> Answer {
    reply::json(StatusCode::OK, &app.service.confirm_clock(body).await?)
}
