//! Server-sent events: the same log for clients that only read.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::IntoResponse;
use bytes::Bytes;
use futures::Stream;
use stateloft_core::api::{Code, HeardBy, ServerMessage, Topic, Unreadable};
use stateloft_core::model::{RunId, Seq};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::app::App;
use super::failure::{Answer, Failure};
use super::subscriptions::{Refused, Subscriptions};
use super::ws::{LOST, admit};
use crate::budget::{Budget, Held};
use crate::events::{EventLog, EventsHeld, Introduction, Listener, Pages};
use crate::repeats::Repeats;
use crate::service::{Service, ServiceError};
use crate::store::{DamagedVersion, StoreError};

/// Messages of fewer bytes are sent in one piece; of larger ones no copy is made.
const COPIED: usize = 16 << 10;

/// Streams the events of a topic after a seq, or from now on.
pub(super) async fn stream(
    app: &App,
    topic: Topic,
    after: Option<Seq>,
    with_data: bool,
    who: Introduction,
) -> Answer {
    let log = Arc::clone(app.service.events());
    let tip = log.catch_up().await.map_err(ServiceError::from)?;
    let mut subscriptions = Subscriptions::new(1);
    let listener = admit(app, who)?;
    match subscriptions.add(topic, after, with_data, tip) {
        Ok(from) if after.is_some() && from < tip => listener.replays(),
        Ok(_) => {}
        Err(Refused::CannotReplay(reason)) => {
            listener.cannot_replay();
            return Err(Failure::new(Code::CannotReplay, reason));
        }
        Err(Refused::TooMany(max)) => return Err(Failure::parameter(format!("at most {max} topic"))),
    }
    listener.listens_to(subscriptions.names());
    listener.is_at(subscriptions.cursor(), 0);
    let (doorbell, turns) = (log.doorbell(), log.turns());
    let run = subscriptions.runs().next().cloned();
    let mut reader = Reader {
        service: Arc::clone(&app.service),
        log,
        doorbell,
        turns,
        subscriptions,
        pages: Pages::default(),
        budget: Arc::clone(app.service.budget()),
        ready: VecDeque::new(),
        page: None,
        patience: app.limits().write_timeout,
        ping_every: app.limits().ping_every,
        told: false,
        ended: false,
        stop: app.stop.clone(),
        listener,
    };
    if let Some(run) = run {
        reader.say_asks(&run).await;
    }
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Proxies that collect answers before they pass them on would hold events back.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok((headers, Body::from_stream(pieces(reader))).into_response())
}

struct Reader {
    service: Arc<Service>,
    log: Arc<EventLog>,
    doorbell: watch::Receiver<Seq>,
    turns: watch::Receiver<u64>,
    subscriptions: Subscriptions,
    pages: Pages,
    budget: Arc<Budget>,
    /// What is still to be sent of the last page.
    ready: VecDeque<Bytes>,
    /// The room for that.
    page: Option<Arc<Held>>,
    /// Who waits this long for room is let go.
    patience: Duration,
    /// A comment is sent when there was nothing else for this long.
    ping_every: Duration,
    /// The client knows that it has everything up to the cursor.
    told: bool,
    ended: bool,
    stop: CancellationToken,
    listener: Listener,
}

fn pieces(reader: Reader) -> impl Stream<Item = Result<Bytes, Infallible>> {
    futures::stream::unfold(reader, async |mut reader| {
        let stop = reader.stop.clone();
        let piece = stop.run_until_cancelled(reader.next()).await.flatten()?;
        Some((Ok(piece), reader))
    })
}

impl Reader {
    /// What is sent next; `None` ends the stream: the client connects again and resumes by itself.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Some(piece);
            }
            if self.ended {
                return None;
            }
            if self.turns.has_changed().ok()? {
                return Some(self.lost());
            }
            if self.subscriptions.cursor() >= self.log.last_seq() {
                if !self.told {
                    self.told = true;
                    let seq = self.subscriptions.cursor();
                    return Some(named("caught_up", seq, &format!("{{\"seq\":{seq}}}")));
                }
                tokio::select! {
                    rung = self.doorbell.changed() => rung.ok()?,
                    turned = self.turns.changed() => {
                        turned.ok()?;
                        return Some(self.lost());
                    }
                    () = tokio::time::sleep(self.ping_every) => return Some(Bytes::from_static(b":\n\n")),
                }
                continue;
            }
            self.read_on().await?;
        }
    }

    /// The last event of a stream whose log is not the store's any more.
    fn lost(&mut self) -> Bytes {
        self.ended = true;
        let (after, seq) = (self.subscriptions.cursor(), self.log.last_seq());
        let data = format!("{{\"after\":{after},\"reason\":\"{LOST}\",\"seq\":{seq}}}");
        named("cannot_replay", seq, &data)
    }

    /// Says what a run is asked now. Where that cannot be read, its next renewal says it. It has no place in the log, and so no id.
    async fn say_asks(&mut self, run: &RunId) {
        for ask in self.service.hand_asks(run, HeardBy::Events).await.unwrap_or_default() {
            let ask = ServerMessage::Ask { run_id: run.to_string(), ask: Box::new(ask) };
            // Texts and numbers: writing them cannot fail.
            let text = serde_json::to_string(&ask).unwrap_or_default();
            self.ready.push_back(format!("event: ask\ndata: {text}\n\n").into());
        }
        if let Some(ask) = self.service.hand_reconcile_ask(run, HeardBy::Events).await.unwrap_or_default() {
            let text = serde_json::to_string(&ServerMessage::AskReconcile(Box::new(ask))).unwrap_or_default();
            self.ready.push_back(format!("event: ask_reconcile\ndata: {text}\n\n").into());
        }
    }

    /// Says that a version cannot be read, and goes on behind it.
    fn pass_unreadable(&mut self, damaged: &DamagedVersion) {
        let seq = damaged.seq;
        if self.subscriptions.pass_unreadable(seq) {
            let said = Unreadable { seq, reason: damaged.what.to_string() };
            // A number and a text: writing them cannot fail.
            self.ready.push_back(named("damaged", seq, &serde_json::to_string(&said).unwrap_or_default()));
        }
    }

    async fn read_on(&mut self) -> Option<()> {
        self.page = None;
        let reading = self.pages.after(&self.log, &self.budget, self.subscriptions.cursor());
        let read = match tokio::time::timeout(self.patience, reading).await.ok()? {
            Err(StoreError::DamagedVersion(damaged)) => {
                self.pass_unreadable(&damaged);
                return Some(());
            }
            // It waits for its turn again: nothing is wrong, and nothing is lost.
            Err(StoreError::Busy(_)) => return Some(()),
            other => other,
        };
        let EventsHeld { events, held } = read.inspect_err(say_stuck).ok()?;
        let mut sent = 0;
        let mut asked: Vec<RunId> = Vec::new();
        for event in &events {
            asked.extend(self.subscriptions.asked_by(event.version()).cloned());
            if let Some(with_data) = self.subscriptions.pass(event.version()) {
                self.prepare(event.seq(), event.fields(with_data), held.clone());
                // Until it was told that it has everything, it is told of what was before.
                if self.told {
                    self.log.sent_live([event]);
                }
                sent += 1;
            }
        }
        self.page = held;
        asked.dedup();
        for run in &asked {
            self.say_asks(run).await;
        }
        self.listener.is_at(self.subscriptions.cursor(), sent);
        Some(())
    }

    /// Makes an event ready to be sent. JSON has no line breaks, so it is one line of data.
    fn prepare(&mut self, seq: Seq, fields: Bytes, held: Option<Arc<Held>>) {
        let start = format!("event: state_update\nid: {seq}\ndata: {{");
        if fields.len() < COPIED {
            self.ready.push_back([start.as_bytes(), &fields, b"\n\n"].concat().into());
        } else {
            let fields = Bytes::from_owner(Shared { fields, _held: held });
            self.ready.extend([start.into(), fields, Bytes::from_static(b"\n\n")]);
        }
    }
}

/// What others send, too, with the room for it until it is sent.
struct Shared {
    fields: Bytes,
    _held: Option<Arc<Held>>,
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.fields
    }
}

fn named(name: &str, seq: Seq, data: &str) -> Bytes {
    format!("event: {name}\nid: {seq}\ndata: {data}\n\n").into()
}

/// Every session finds the same store away.
pub(super) fn say_stuck(error: &StoreError) {
    static STUCK: Repeats = Repeats::new();
    if let Some(sessions) = STUCK.happened() {
        tracing::error!(%error, sessions, "a session could not read on, or not begin");
    }
}
