//! `GET /events`: pages of the log, or the log as it grows.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use stateloft_core::api::{EventPage, Topic, ValidityFilter, VersionFilter};
use stateloft_core::model::{Operation, Seq, whole_number};
use stateloft_core::search::Needle;
use utoipa::IntoParams;

use super::{page, yes};
use crate::http::app::App;
use crate::http::extract::{Params, list as items, state_type, tokens};
use crate::http::failure::{Answer, Failure};
use crate::http::guard::LAST_EVENT_ID;
use crate::http::listen::Peer;
use crate::http::openapi::Always;
use crate::http::ws::introduced;
use crate::http::{link, reply, sse};
use crate::service::EventFilter;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Events after this seq, oldest first; from the start when neither this nor `before` is given.
    after: Option<u64>,
    /// Events before this seq, newest first; 0 means from the newest.
    before: Option<u64>,
    /// Rows of a page, 1 to 1000; 50 when left out.
    #[serde(default = "page")]
    limit: usize,
    /// Whether events carry their data; they do when left out.
    #[serde(default = "yes")]
    data: bool,
    /// Only events of this topic: `states` (all, when left out), `states:<type>`, `state:<id>` or `run:<id>`.
    topic: Option<String>,
    /// Only versions of these types, separated by commas.
    state_type: Option<String>,
    /// Only versions by these authors, separated by commas.
    author: Option<String>,
    /// Only versions that this run of a program wrote.
    run_id: Option<String>,
    /// Only versions of this correlation.
    correlation_id: Option<String>,
    /// Only versions that these operations wrote (`create`, `update`, `delete`, `restore`), separated by commas.
    operation: Option<String>,
    /// Only versions of this verdict.
    validity: Option<ValidityFilter>,
    /// Only versions whose first changed path has one of these parts, separated by commas.
    path: Option<String>,
    /// Only versions whose id or reason has every one of these words.
    q: Option<String>,
    /// With SSE: a name for people, shown among those who listen.
    client: Option<String>,
}

impl Parameters {
    /// Which versions a page holds.
    fn versions(&self) -> Answer<VersionFilter> {
        Ok(VersionFilter {
            types: items(self.state_type.as_deref()).map(state_type).collect::<Answer<_>>()?,
            authors: items(self.author.as_deref()).map(str::to_owned).collect(),
            run: self.run_id.clone().filter(|run| !run.is_empty()),
            correlation: self.correlation_id.clone().filter(|id| !id.is_empty()),
            operations: items(self.operation.as_deref()).map(operation).collect::<Answer<_>>()?,
            validity: self.validity,
            paths: items(self.path.as_deref()).map(Needle::new).collect(),
            words: self.q.as_deref().unwrap_or_default().split_whitespace().map(Needle::new).collect(),
        })
    }
}

/// A page of events. A filter may leave a page empty though the log goes on: a page looks at so many versions at most, and
/// `next_after` says how far. With `Accept: text/event-stream` the events as they happen (SSE): those after `Last-Event-ID`, or
/// else `after`, or else from now on.
#[utoipa::path(get, path = "/events", tag = "events",
    params(Parameters, ("Last-Event-ID" = Option<u64>, Header, description = "With SSE: resume after this seq")),
    responses((status = 200, description = "A page, or a stream",
        content((EventPage = "application/json"), (String = "text/event-stream"))), Always))]
pub(crate) async fn events(
    State(app): State<App>,
    Params(asked): Params<Parameters>,
    OriginalUri(here): OriginalUri,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Answer {
    let topic = asked.topic.as_deref().map(topic).transpose()?;
    let versions = asked.versions()?;
    if wants_stream(&headers) {
        if versions.is_any() {
            return Err(Failure::parameter(
                "a stream is limited by its topic only: leave out state_type, author, run_id, correlation_id, operation, \
                 validity, path and q",
            ));
        }
        let after = last_event_id(&headers)?.or(asked.after.map(Seq));
        let who = introduced("sse", asked.client, peer);
        return sse::stream(&app, topic.unwrap_or(Topic::All), after, asked.data, who).await;
    }
    let filter = EventFilter { topics: topic.into_iter().collect(), versions, with_data: asked.data };
    match (asked.after, asked.before) {
        (Some(_), Some(_)) => Err(Failure::parameter("send after or before, not both")),
        (after, None) => {
            let page = app.service.events_after(Seq(after.unwrap_or_default()), asked.limit, &filter).await?;
            let more = page.next_after < page.seq;
            answer(&page, &here, more.then_some("after"))
        }
        (None, Some(before)) => {
            let before = (before > 0).then_some(Seq(before));
            let page = app.service.events_before(before, asked.limit, &filter).await?;
            let more = page.next_after > Seq(1);
            answer(&page, &here, more.then_some("before"))
        }
    }
}

fn answer(page: &EventPage, here: &axum::http::Uri, next: Option<&str>) -> Answer {
    let mut response = reply::json(StatusCode::OK, page)?;
    if let Some(parameter) = next {
        link::next(&mut response, here, parameter, Some(&page.next_after.to_string()));
    }
    Ok(response)
}

fn topic(text: &str) -> Answer<Topic> {
    text.parse().map_err(|error: stateloft_core::api::TopicError| Failure::parameter(error.to_string()))
}

fn operation(text: &str) -> Answer<Operation> {
    Operation::from_name(text).ok_or_else(|| {
        Failure::parameter(format!("operation must be create, update, delete or restore, not {text:?}"))
    })
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let essence = |kind: &str| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    tokens(headers, &ACCEPT).any(|kind| essence(kind) == "text/event-stream")
}

fn last_event_id(headers: &HeaderMap) -> Answer<Option<Seq>> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let seq = value.to_str().ok().and_then(whole_number);
    seq.map(|seq| Some(Seq(seq))).ok_or_else(|| Failure::parameter("Last-Event-ID must be a seq"))
}
