//! `GET /states/{state_id}/history`.

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use serde::Deserialize;
use stateloft_core::api::History;
use utoipa::IntoParams;

use super::{page, yes};
use crate::http::app::App;
use crate::http::extract::{Params, PathText, state_id, state_type, time_or_naive};
use crate::http::failure::Answer;
use crate::http::openapi::Reading;
use crate::http::{link, reply};
use crate::service::HistoryRequest;
use crate::store::OriginFilter;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Kind of the state; may be left out where the id exists under one type only.
    state_type: Option<String>,
    /// The id, where the path says `-`: for ids that a browser cannot put into a path (`.` and `..`).
    state_id: Option<String>,
    /// Rows of a page, 1 to 1000; 50 when left out.
    #[serde(default = "page")]
    limit: usize,
    /// From the page before.
    cursor: Option<String>,
    /// There since then or later: recorded, or saved in an older system (RFC 3339; without a zone it is read as UTC).
    start_time: Option<String>,
    /// There by then (RFC 3339; without a zone it is read as UTC).
    end_time: Option<String>,
    /// Only versions that this run of a program wrote.
    run_id: Option<String>,
    /// Only versions of this correlation.
    correlation_id: Option<String>,
    /// Whether rows carry their data; they do when left out.
    #[serde(default = "yes")]
    data: bool,
}

/// The versions of a state, newest first.
#[utoipa::path(get, path = "/states/{state_id}/history", tag = "states",
    params(("state_id" = String, Path), Parameters),
    responses((status = 200, body = History), Reading))]
pub(crate) async fn history(
    State(app): State<App>,
    path: PathText,
    Params(asked): Params<Parameters>,
    OriginalUri(here): OriginalUri,
) -> Answer {
    let state_id = state_id(&path, asked.state_id.as_deref())?;
    let state_type = asked.state_type.as_deref().map(state_type).transpose()?;
    let request = HistoryRequest {
        key: app.service.key_of(state_type, state_id).await?,
        from: asked.start_time.as_deref().map(time_or_naive).transpose()?,
        to: asked.end_time.as_deref().map(time_or_naive).transpose()?,
        origin: OriginFilter {
            run_id: asked.run_id.filter(|run| !run.is_empty()),
            correlation_id: asked.correlation_id.filter(|id| !id.is_empty()),
        },
        limit: asked.limit,
        cursor: asked.cursor,
        with_data: asked.data,
    };
    let by_time = request.from.is_some() || request.to.is_some();
    let history = app.service.history(request).await?;
    let mut response = reply::json(StatusCode::OK, &history)?;
    if let Some(last) = app.service.times_ahead().filter(|_| by_time) {
        reply::say_times_ahead(&mut response, last);
    }
    link::next(&mut response, &here, "cursor", history.next_cursor.as_deref());
    Ok(response)
}
