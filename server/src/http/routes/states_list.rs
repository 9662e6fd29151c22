//! `GET /states`.

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use serde::Deserialize;
use stateloft_core::api::{
    DeletedFilter, Moment, PendingFilter, Sort, StaleFilter, StateRows, ValidityFilter,
};
use utoipa::IntoParams;

use super::page;
use crate::http::app::App;
use crate::http::extract::{Params, list as items, moment, state_type};
use crate::http::failure::Answer;
use crate::http::openapi::Comparing;
use crate::http::{link, reply};
use crate::service::ListRequest;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only these types, separated by commas.
    state_type: Option<String>,
    /// Only ids that start with this.
    prefix: Option<String>,
    /// Only states whose id, type or data contains this text.
    q: Option<String>,
    /// Only states of this verdict.
    validity: Option<ValidityFilter>,
    /// Whether deleted states are listed; `exclude` when left out.
    #[serde(default)]
    deleted: DeletedFilter,
    /// Only states changed after this moment: a time with zone, `seq:N` or `snapshot:NAME`.
    changed_since: Option<String>,
    /// Only states last written by one of these, separated by commas.
    author: Option<String>,
    /// States as they were at this moment: a time with zone, `seq:N` or `snapshot:NAME`.
    at: Option<String>,
    /// `changed` (the last change first, when left out) or `id`.
    #[serde(default)]
    sort: Sort,
    /// Rows of a page, 1 to 1000; 50 when left out.
    #[serde(default = "page")]
    limit: usize,
    /// From the page before.
    cursor: Option<String>,
    /// Whether rows carry their data; they do not when left out.
    #[serde(default)]
    data: bool,
    /// Whether states are listed as writes have them that wait in the fallback journal, in place of what is stored: `include`
    /// when left out, `exclude`, or `only` those, for which the store is not asked.
    #[serde(default)]
    pending: PendingFilter,
    /// `allow` when left out: while the store is away, and with the fallback journal on, the list holds what the server
    /// remembers and what waits, and says that it is not complete. With `refuse` it is 503.
    #[serde(default)]
    stale: StaleFilter,
}

/// Lists and searches states, as they are or as they were.
#[utoipa::path(get, path = "/states", tag = "states", params(Parameters),
    responses((status = 200, body = StateRows), Comparing))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(asked): Params<Parameters>,
    OriginalUri(here): OriginalUri,
) -> Answer {
    let request = ListRequest {
        types: items(asked.state_type.as_deref()).map(state_type).collect::<Answer<_>>()?,
        prefix: asked.prefix,
        text: asked.q,
        validity: asked.validity,
        deleted: asked.deleted,
        changed_since: asked.changed_since.as_deref().map(moment).transpose()?,
        authors: items(asked.author.as_deref()).map(str::to_owned).collect(),
        at: asked.at.as_deref().map(moment).transpose()?,
        sort: asked.sort,
        limit: asked.limit,
        cursor: asked.cursor,
        with_data: asked.data,
        pending: asked.pending,
        stale: asked.stale,
    };
    let by_time =
        [&request.at, &request.changed_since].iter().any(|moment| matches!(moment, Some(Moment::Time(_))));
    let states = app.service.list(request).await?;
    let mut response = reply::json(StatusCode::OK, &states)?;
    if let Some(since) = states.stale_since {
        reply::say_stale(&mut response, since, app.service.now());
    }
    if let Some(last) = app.service.times_ahead().filter(|_| by_time) {
        reply::say_times_ahead(&mut response, last);
    }
    link::next(&mut response, &here, "cursor", states.next_cursor.as_deref());
    Ok(response)
}
