//! `/handshakes`: how live runs were asked to pause, before restores and by operators.

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use serde::Deserialize;
use stateloft_core::api::{HandshakeList, HandshakeOrder, HandshakeView, StopHandshake};
use utoipa::IntoParams;

use super::page;
use crate::http::app::App;
use crate::http::extract::{OptionalJson, Params, PathText};
use crate::http::failure::Answer;
use crate::http::openapi::{Always, Reading, Writing};
use crate::http::{link, reply};
use crate::service::HandshakesRequest;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// Only those of this plan.
    plan: Option<String>,
    /// Only those in which this run was asked.
    run_id: Option<String>,
    /// Rows of a page, 1 to 1000; 50 when left out.
    #[serde(default = "page")]
    limit: usize,
    /// From the page before.
    cursor: Option<String>,
}

/// The handshakes of restores and operators, the last changed first.
#[utoipa::path(get, path = "/handshakes", tag = "restores", operation_id = "handshakes", params(ListParameters),
    responses((status = 200, body = HandshakeList), Always))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(asked): Params<ListParameters>,
    OriginalUri(here): OriginalUri,
) -> Answer {
    let ListParameters { plan, run_id, limit, cursor } = asked;
    let found = app.service.handshakes(HandshakesRequest { plan, run_id, limit, cursor }).await?;
    let mut response = reply::json(StatusCode::OK, &found)?;
    link::next(&mut response, &here, "cursor", found.next_cursor.as_deref());
    Ok(response)
}

/// One handshake: how far it is with each run.
#[utoipa::path(get, path = "/handshakes/{handshake}", tag = "restores", operation_id = "handshake", params(("handshake" = String, Path)),
    responses((status = 200, body = HandshakeView), Reading))]
pub(crate) async fn show(State(app): State<App>, path: PathText) -> Answer {
    reply::json(StatusCode::OK, &app.service.handshake(&path.0).await?)
}

/// The request for which live runs were asked: where it was sent, and its body. Sent again it asks again. It is remembered by the server that
/// was asked, until that is started anew; one that is larger than 4 MiB is not (404 `order_not_kept`).
#[utoipa::path(get, path = "/handshakes/{handshake}/order", tag = "restores", operation_id = "handshake_order", params(("handshake" = String, Path)),
    responses((status = 200, body = HandshakeOrder), Reading))]
pub(crate) async fn order(State(app): State<App>, path: PathText) -> Answer {
    reply::json(StatusCode::OK, &app.service.order_of(&path.0).await?)
}

/// Stops a handshake before its restore is written: nothing is, and the runs are told to go on. Lets a run go on that an operator has paused.
#[utoipa::path(post, path = "/handshakes/{handshake}/stop", tag = "restores", operation_id = "stop_handshake", request_body = Option<StopHandshake>,
    params(("handshake" = String, Path)),
    responses((status = 200, body = HandshakeView), Writing))]
pub(crate) async fn stop(
    State(app): State<App>,
    path: PathText,
    OptionalJson(body): OptionalJson<StopHandshake>,
) -> Answer {
    reply::json(StatusCode::OK, &app.service.stop_handshake(&path.0, body.unwrap_or_default()).await?)
}
