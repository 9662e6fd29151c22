//! `/ws`: the log of versions as messages.

#[cfg(feature = "echo")]
pub(super) mod echo;
mod handshake;
mod pace;
mod session;
mod wire;

use std::ops::RangeInclusive;
use std::time::Duration;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use stateloft_core::api::{Code, Problem};

use super::app::App;
use super::failure::{Answer, Failure};
use super::guard;
use super::listen::{Peer, Progress};
use super::openapi::Always;
use crate::events::{Introduction, Listener};
use handshake::Handshake;
pub(super) use session::LOST;
use session::Session;

/// Characters of a client's name at most.
const NAME_MAX: usize = 100;
/// Seconds between heartbeats that a client may ask for.
const HEARTBEATS: RangeInclusive<u64> = 1..=60;

/// Of other parameters, which older clients may send, nothing is known.
#[derive(serde::Deserialize)]
pub(crate) struct Parameters {
    client: Option<String>,
    heartbeat: Option<String>,
}

/// Opens a WebSocket. The client says `{"action":"subscribe","topic":"states" | "states:<type>" | "state:<id>","after":SEQ?}`
/// and is sent every version once, in order, also those written after `after` while it was away.
#[utoipa::path(get, path = "/ws", tag = "events",
    params(("client" = Option<String>, Query, description = "A name for people, shown among those who listen"),
           ("heartbeat" = Option<u64>, Query, description = "Send a `heartbeat` this often, in seconds (1 to 60)")),
    responses((status = 101, description = "A WebSocket; see docs/API.md for its messages"),
              (status = 426, description = "The request does not ask for a WebSocket of version 13", body = Problem, content_type = "application/problem+json"), Always))]
pub(crate) async fn connect(
    State(app): State<App>,
    progress: Option<Extension<Progress>>,
    peer: Option<Extension<Peer>>,
    asked: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
    handshake: Answer<Handshake>,
) -> Answer<Response> {
    let handshake = handshake?;
    if !guard::may_connect(&headers, &app.options.origins) {
        let detail = "the page that opens this WebSocket is of another origin; name it in TRADING_STATE_API_CORS_ORIGINS to allow it";
        return Err(Failure::new(Code::ForbiddenOrigin, detail));
    }
    let (client, heartbeat) = asked.map_or((None, None), |Query(asked)| (asked.client, asked.heartbeat));
    let listener = admit(&app, introduced("websocket", client, peer))?;
    // What is no number asks for nothing, as in older clients, which may have a parameter of that name.
    let beats = heartbeat
        .and_then(|text| text.parse::<u64>().ok())
        .map(|seconds| Duration::from_secs(seconds.clamp(*HEARTBEATS.start(), *HEARTBEATS.end())));
    let progress = progress.map(|Extension(progress)| progress).unwrap_or_default();
    let token = app.sessions.token();
    Ok(handshake.accept(move |wire| async move {
        Session::new(wire, app, progress, listener, beats).run().await;
        drop(token);
    }))
}

/// Lists a session, unless there are too many.
pub(super) fn admit(app: &App, who: Introduction) -> Answer<Listener> {
    let events = app.service.events();
    if events.listeners().count() >= app.limits().sessions {
        return Err(Failure::new(
            Code::TooManyRequests,
            "too many sessions listen already: close some (GET /api/v1/status/details lists them), try again later, or set TRADING_STATE_SESSION_LIMIT",
        ));
    }
    Ok(events.listen(who))
}

/// Who listens, as far as it is known. A name is for people to read: what does not fit is left out, nothing is refused.
pub(super) fn introduced(
    kind: &'static str,
    client: Option<String>,
    peer: Option<Extension<Peer>>,
) -> Introduction {
    let name = |text: String| text.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect::<String>();
    let client = client.map(name).filter(|name| !name.trim().is_empty());
    Introduction { kind, client, address: peer.map(|Extension(Peer(address))| address.to_string()) }
}
