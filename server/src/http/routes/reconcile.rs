//! `/reconcile`: a broker's list of positions, held against ours.

use axum::extract::State;
use axum::http::StatusCode;
use stateloft_core::api::{ReconcileReport, ReconcileRequest};

use crate::http::app::App;
use crate::http::extract::Json;
use crate::http::failure::Answer;
use crate::http::openapi::Writing;
use crate::http::reply;

/// Says how a broker's list of positions stands to the positions here. Writes nothing. A call that failed is sent as its `failure`
/// and never as an empty list: then everything is `unknown`, and nothing is closed because of it.
#[utoipa::path(post, path = "/reconcile", tag = "reconcile", request_body = ReconcileRequest,
    responses((status = 200, body = ReconcileReport), Writing))]
pub(crate) async fn reconcile(State(app): State<App>, Json(body): Json<ReconcileRequest>) -> Answer {
    reply::json(StatusCode::OK, &app.service.reconcile(body).await?)
}
