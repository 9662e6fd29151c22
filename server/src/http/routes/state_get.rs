//! `GET /states/{state_id}`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use stateloft_core::api::{PendingFilter, PendingState, StateView};
use stateloft_core::model::{StateKey, Version, VersionNumber};
use utoipa::IntoParams;

use crate::http::app::App;
use crate::http::extract::{Params, PathText, moment, state_key};
use crate::http::failure::{Answer, Failure};
use crate::http::openapi::Reading;
use crate::http::reply;
use crate::service::{Found, Which};

/// What is answered: a version, or a write that waits for one.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[allow(dead_code, clippy::large_enum_variant, reason = "it describes the answer, and is never made")]
pub(crate) enum StateOrPending {
    Version(StateView),
    Pending(PendingState),
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Kind of the state.
    #[param(required = true)]
    state_type: Option<String>,
    /// The id, where the path says `-`: for ids that a browser cannot put into a path (`.` and `..`).
    state_id: Option<String>,
    /// Its version of this number.
    version: Option<u64>,
    /// Its version of this public id.
    version_id: Option<String>,
    /// Its version at a moment: a time with zone, `seq:N` or `snapshot:NAME`.
    at: Option<String>,
    /// `exclude`: what is stored, though a later write waits in the fallback journal. `include` when left out; `only` is not
    /// for one state.
    #[serde(default)]
    pending: PendingFilter,
}

impl Parameters {
    /// The version asked for.
    pub(super) async fn find(self, app: &App, path: &PathText) -> Answer<Found> {
        let key: StateKey = state_key(path, self.state_id.as_deref(), self.state_type.as_deref())?;
        let which = match (self.version, self.version_id, self.at) {
            (None, None, None) => Which::Head,
            (Some(number), None, None) => Which::Number(VersionNumber(number)),
            (None, Some(id), None) => Which::Id(id),
            (None, None, Some(at)) => Which::At(moment(&at)?),
            _ => return Err(Failure::parameter("send one of version, version_id and at")),
        };
        let only_stored = match self.pending {
            PendingFilter::Include => false,
            PendingFilter::Exclude => true,
            PendingFilter::Only => return Err(Failure::parameter("pending must be include or exclude here")),
        };
        Ok(app.service.read(&key, &which, only_stored).await?)
    }
}

/// One state: as it is, or a version of it. A deleted state is 410; its tombstone can be read by its number. While a write to
/// it waits in the fallback journal, that is the state as it is: `pending` is true, and there is no version and no entity tag.
#[utoipa::path(get, path = "/states/{state_id}", tag = "states",
    params(("state_id" = String, Path), Parameters,
           ("If-None-Match" = Option<String>, Header, description = "The entity tag that the client has")),
    responses((status = 200, body = StateOrPending), (status = 304, description = "The client has it already"), Reading))]
pub(crate) async fn get(
    State(app): State<App>,
    path: PathText,
    Params(asked): Params<Parameters>,
    headers: HeaderMap,
) -> Answer {
    let found = asked.find(&app, &path).await?;
    let version = |version: &Version| reply::state(StatusCode::OK, &StateView::of(version));
    let waiting = |pending: &PendingState| reply::pending(pending);
    reply::found(&headers, &found, app.service.now(), version, waiting)
}
