//! `GET /livez` and `GET /readyz`: for whatever supervises the process. They need no key.

use axum::extract::State;
use axum::http::StatusCode;
use stateloft_core::api::{Code, Ready, Stops};

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

/// Whether requests can be served: the store answers, no alarm stops writes, and the server is not stopping.
#[utoipa::path(get, path = "/readyz", tag = "server", responses((status = 200, body = Ready), Always))]
pub(crate) async fn readyz(State(app): State<App>) -> Answer {
    if app.stop.is_cancelled() {
        return Err(Failure::new(Code::ShuttingDown, "the server is stopping"));
    }
    app.service.store().ping().await.map_err(ServiceError::from)?;
    let alarms = app.service.alarms();
    if let Some(alarm) = alarms.iter().find(|alarm| alarm.stops == Stops::Writes) {
        let detail = format!("{} ({}); GET /api/v1/status says what to do", alarm.code.title(), alarm.code);
        return Err(Failure::new(Code::WritesStopped, detail));
    }
    let alarms = alarms.iter().map(|alarm| alarm.code).collect();
    reply::json(StatusCode::OK, &Ready { status: "ready".to_owned(), alarms })
}
