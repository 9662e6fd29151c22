//! Server-sent events: the same log for clients that only read.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use statehouse_core::api::{Code, Topic, Unreadable};
use statehouse_core::model::Seq;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::app::App;
use super::failure::{Answer, Failure};
use super::subscriptions::{Refused, Subscriptions};
use super::ws::{LOST, admit};
use crate::events::{EventLog, Introduction, Listener};
use crate::service::ServiceError;
use crate::store::{DamagedVersion, StoreError};

const STRETCH: usize = 64;

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
    let reader = Reader {
        log,
        doorbell,
        turns,
        subscriptions,
        ready: VecDeque::new(),
        told: false,
        ended: false,
        stop: app.stop.clone(),
        listener,
    };
    let keep_alive = KeepAlive::new().interval(app.limits().ping_every);
    let mut response: Response = Sse::new(events(reader)).keep_alive(keep_alive).into_response();
    // Proxies that collect answers before they pass them on would hold events back.
    response.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
    Ok(response)
}

struct Reader {
    log: Arc<EventLog>,
    doorbell: watch::Receiver<Seq>,
    turns: watch::Receiver<u64>,
    subscriptions: Subscriptions,
    ready: VecDeque<SseEvent>,
    /// The client knows that it has everything up to the cursor.
    told: bool,
    ended: bool,
    stop: CancellationToken,
    listener: Listener,
}

fn events(reader: Reader) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    futures::stream::unfold(reader, async |mut reader| {
        let stop = reader.stop.clone();
        let event = stop.run_until_cancelled(reader.next()).await.flatten()?;
        Some((Ok(event), reader))
    })
}

impl Reader {
    /// The next event; `None` ends the stream: the client connects again and resumes by itself.
    async fn next(&mut self) -> Option<SseEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
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
                    return Some(named("caught_up", seq).data(format!("{{\"seq\":{seq}}}")));
                }
                tokio::select! {
                    rung = self.doorbell.changed() => rung.ok()?,
                    turned = self.turns.changed() => {
                        turned.ok()?;
                        return Some(self.lost());
                    }
                }
                continue;
            }
            self.read_on().await?;
        }
    }

    /// The last event of a stream whose log is not the store's any more.
    fn lost(&mut self) -> SseEvent {
        self.ended = true;
        let (after, seq) = (self.subscriptions.cursor(), self.log.last_seq());
        named("cannot_replay", seq).data(format!("{{\"after\":{after},\"reason\":\"{LOST}\",\"seq\":{seq}}}"))
    }

    /// Says that a version cannot be read, and goes on behind it.
    fn pass_unreadable(&mut self, damaged: &DamagedVersion) {
        let seq = damaged.seq;
        if self.subscriptions.pass_unreadable(seq) {
            let said = Unreadable { seq, reason: damaged.what.to_string() };
            // A number and a text: writing them cannot fail.
            self.ready
                .push_back(named("damaged", seq).data(serde_json::to_string(&said).unwrap_or_default()));
        }
    }

    async fn read_on(&mut self) -> Option<()> {
        let stretch = match self.log.read_after(self.subscriptions.cursor(), STRETCH).await {
            Err(StoreError::DamagedVersion(damaged)) => {
                self.pass_unreadable(&damaged);
                return Some(());
            }
            other => other,
        };
        let stretch =
            stretch.inspect_err(|error| tracing::error!(%error, "an event stream could not read on")).ok()?;
        let before = self.ready.len();
        for event in &stretch {
            if let Some(with_data) = self.subscriptions.pass(event.version()) {
                self.ready.push_back(named("state_update", event.seq()).data(event.json(with_data)));
                self.log.sent([event]);
            }
        }
        self.listener.is_at(self.subscriptions.cursor(), self.ready.len() - before);
        Some(())
    }
}

fn named(name: &str, seq: Seq) -> SseEvent {
    SseEvent::default().event(name).id(seq.to_string())
}
