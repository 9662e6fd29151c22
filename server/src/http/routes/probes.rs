//! `GET /livez` and `GET /readyz`: for whatever supervises the process. They need no key.

use axum::extract::State;
use axum::http::StatusCode;
use statehouse_core::api::Code;

use crate::http::app::App;
use crate::http::failure::{Answer, Failure};
use crate::http::openapi::Always;
use crate::http::reply;
use crate::service::ServiceError;

/// Whether the process runs.
#[utoipa::path(get, path = "/livez", tag = "server", responses((status = 200, description = "It does"), Always))]
pub(crate) async fn livez() -> Answer {
    reply::json(StatusCode::OK, &serde_json::json!({"status": "alive"}))
}

/// Whether requests can be served: the store answers and the server is not stopping.
#[utoipa::path(get, path = "/readyz", tag = "server", responses((status = 200, description = "They can"), Always))]
pub(crate) async fn readyz(State(app): State<App>) -> Answer {
    if app.stop.is_cancelled() {
        return Err(Failure::new(Code::ShuttingDown, "the server is stopping"));
    }
    app.service.store().ping().await.map_err(ServiceError::from)?;
    reply::json(StatusCode::OK, &serde_json::json!({"status": "ready"}))
}
