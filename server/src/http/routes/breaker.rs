//! `/breaker`: show, reset, force.

use axum::extract::State;
use axum::http::StatusCode;
use stateloft_core::api::{BreakerStatus, ForceBreaker};

use crate::http::app::App;
use crate::http::extract::Json;
use crate::http::failure::Answer;
use crate::http::openapi::{Reading, Writing};
use crate::http::reply;

/// The circuit breaker in front of the store. This answers though the store does not.
#[utoipa::path(get, path = "/breaker", tag = "server", responses((status = 200, body = BreakerStatus), Reading))]
pub(crate) async fn show(State(app): State<App>) -> Answer {
    reply::json(StatusCode::OK, &app.service.breaker()?)
}

/// Closes the circuit breaker, forgets every failure, and ends what was forced.
#[utoipa::path(post, path = "/breaker/reset", tag = "server",
    responses((status = 200, body = BreakerStatus), Reading))]
pub(crate) async fn reset(State(app): State<App>) -> Answer {
    reply::json(StatusCode::OK, &app.service.reset_breaker()?)
}

/// Keeps the circuit breaker open (no call reaches the store) or closed (every call does) until it is reset.
#[utoipa::path(post, path = "/breaker/force", tag = "server", request_body = ForceBreaker,
    responses((status = 200, body = BreakerStatus), Writing))]
pub(crate) async fn force(State(app): State<App>, Json(body): Json<ForceBreaker>) -> Answer {
    reply::json(StatusCode::OK, &app.service.force_breaker(body.state)?)
}
