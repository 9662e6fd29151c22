//! One WebSocket session. It keeps its own position in the log; the doorbell only wakes it.

use std::sync::Arc;
use std::time::Duration;

use stateloft_core::api::{ClientMessage, Code, HeardBy, ServerMessage, Topic};
use stateloft_core::json::{Diagnosis, Document};
use stateloft_core::model::{RunId, Seq};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::super::app::App;
use super::super::listen::Progress;
use super::super::sse::say_stuck;
use super::super::subscriptions::{Refused, Subscriptions};
use super::pace::{End, Step, patient};
use super::wire::Wire;
use crate::budget::{Class, Held};
use crate::events::{EventLog, EventsHeld, Listener, LoggedEvent, Pages};
use crate::service::ServiceError;
use crate::store::{DamagedVersion, StoreError};

/// What a listener is told when the log that it has read is not the store's any more.
pub(crate) const LOST: &str =
    "the store has lost the end of its log: read the states again, and go on from here";
const LOST_SHORT: &str = "the log was lost in part; read the states again";

/// Messages of fewer bytes are copied without asking for room.
const COPY_COUNTED: usize = 64 << 10;
/// The end of a session for which there is no room for long.
const NO_ROOM: End =
    End::Close(CloseCode::Again, "the server holds as much as it may; resume from the last seq");

pub(super) struct Session {
    wire: Wire,
    app: App,
    log: Arc<EventLog>,
    progress: Progress,
    listener: Listener,
    subscriptions: Subscriptions,
    pages: Pages,
    /// How often the client wants to hear that the server is there.
    beats: Option<Duration>,
    /// The client was told of everything up to here.
    told: Option<Seq>,
    last_heard: Instant,
}

impl Session {
    pub(super) fn new(
        wire: Wire,
        app: App,
        progress: Progress,
        listener: Listener,
        beats: Option<Duration>,
    ) -> Self {
        let log = Arc::clone(app.service.events());
        let subscriptions = Subscriptions::new(app.limits().subscriptions);
        let last_heard = Instant::now();
        Self {
            wire,
            app,
            log,
            progress,
            listener,
            subscriptions,
            pages: Pages::default(),
            beats,
            told: None,
            last_heard,
        }
    }

    pub(super) async fn run(mut self) {
        let stop = self.app.stop.clone();
        let end = match stop.run_until_cancelled(self.talk()).await {
            Some(Ok(())) => End::Gone,
            Some(Err(end)) => end,
            None => End::Close(CloseCode::Away, "the server is stopping"),
        };
        if matches!(end, End::Close(CloseCode::Again, _)) {
            self.listener.was_too_slow();
        }
        let Self { wire, listener, .. } = self;
        // It listens no more; saying so may take a while.
        drop(listener);
        wire.end(end).await;
    }

    async fn talk(&mut self) -> Step {
        let mut doorbell = self.log.doorbell();
        let mut lists = self.log.lists_bell();
        let mut turns = self.log.turns();
        let mut ping = every(self.app.limits().ping_every);
        let mut beat = every(self.beats.unwrap_or(self.app.limits().ping_every));
        if self.beats.is_some() {
            // At once, so that a client which finds the connection open knows that somebody is behind it.
            beat.reset_immediately();
        }
        loop {
            let behind = !self.subscriptions.is_empty() && self.subscriptions.cursor() < self.log.last_seq();
            tokio::select! {
                biased;
                () = rung(&mut turns) => self.turned().await?,
                message = self.wire.next() => self.hear(message?).await?,
                _ = ping.tick() => self.keep_alive().await?,
                _ = beat.tick(), if self.beats.is_some() => self.beat().await?,
                () = rung(&mut lists) => self.say(&ServerMessage::ListsChanged).await?,
                () = std::future::ready(()), if behind => self.read_on().await?,
                () = rung(&mut doorbell), if !behind => {}
            }
        }
    }

    async fn hear(&mut self, message: Message) -> Step {
        self.last_heard = Instant::now();
        match message {
            Message::Text(text) => self.answer(&text).await,
            Message::Binary(_) => Err(End::Close(CloseCode::Unsupported, "messages are JSON texts")),
            _ => Ok(()),
        }
    }

    async fn answer(&mut self, text: &str) -> Step {
        match serde_json::from_str(text) {
            Ok(ClientMessage::Subscribe { topic, after, data }) => self.subscribe(topic, after, data).await,
            Ok(ClientMessage::Unsubscribe { topic }) => {
                self.subscriptions.remove(&topic);
                self.listener.listens_to(self.subscriptions.names());
                self.say(&ServerMessage::UnsubscriptionConfirmed { topic }).await
            }
            Ok(ClientMessage::Ping) => self.say(&ServerMessage::Pong).await,
            Err(error) => self.complain("invalid_message", misunderstood(text, &error)).await,
        }
    }

    async fn subscribe(&mut self, topic: Topic, after: Option<Seq>, data: bool) -> Step {
        let seq = match self.log.catch_up().await {
            Ok(seq) => seq,
            Err(error) => {
                say_stuck(&error);
                let problem = ServiceError::from(error).problem();
                let message = format!("{}; subscribe again", problem.title);
                return self.complain(problem.code.as_str(), message).await;
            }
        };
        match self.subscriptions.add(topic.clone(), after, data, seq) {
            Ok(from) => {
                self.told = None;
                self.listener.listens_to(self.subscriptions.names());
                self.listener.is_at(self.subscriptions.cursor(), 0);
                if after.is_some() && from < seq {
                    self.listener.replays();
                }
                let after = from;
                let run = if let Topic::Run(run) = &topic { Some(run.clone()) } else { None };
                self.say(&ServerMessage::SubscriptionConfirmed { topic, after, seq }).await?;
                if let Some(run) = run {
                    self.say_asks(&run).await?;
                }
                if self.subscriptions.cursor() >= seq { self.caught_up().await } else { Ok(()) }
            }
            Err(Refused::CannotReplay(reason)) => {
                self.listener.cannot_replay();
                let after = after.unwrap_or(seq);
                self.say(&ServerMessage::CannotReplay { after, reason, seq }).await
            }
            Err(Refused::TooMany(max)) => {
                let message = format!("a session has at most {max} subscriptions");
                self.complain(Code::TooManyRequests.as_str(), message).await
            }
        }
    }

    /// Sends the next stretch of the log.
    async fn read_on(&mut self) -> Step {
        let budget = self.app.service.budget();
        let patience = self.app.limits().write_timeout;
        let reading = self.pages.after(&self.log, budget, self.subscriptions.cursor());
        let read = timeout(patience, reading).await.map_err(|_| NO_ROOM)?;
        let EventsHeld { events: stretch, held } = match read {
            Ok(read) => read,
            Err(StoreError::DamagedVersion(damaged)) => return self.pass_unreadable(&damaged).await,
            // It waits for its turn again: nothing is wrong, and nothing is lost.
            Err(StoreError::Busy(_)) => return Ok(()),
            Err(error) => {
                say_stuck(&error);
                self.complain(Code::StoreUnavailable.as_str(), "the store did not answer".into()).await?;
                return Err(End::Close(
                    CloseCode::Error,
                    "the store did not answer; resume from the last seq",
                ));
            }
        };
        // Once it was told that it has everything; until then it is told of what was before.
        let live = self.told.is_some();
        let mut sent: Vec<Arc<LoggedEvent>> = Vec::new();
        let mut asked: Vec<RunId> = Vec::new();
        for event in &stretch {
            asked.extend(self.subscriptions.asked_by(event.version()).cloned());
            if let Some(with_data) = self.subscriptions.pass(event.version()) {
                let message = event.message(with_data);
                // Whoever speaks WebSocket copies a message before it goes out.
                let copy = self.room_for(message.len()).await?;
                self.feed(text(message)).await?;
                if copy.is_some() {
                    self.flush().await?;
                }
                sent.push(Arc::clone(event));
            }
        }
        self.flush().await?;
        drop(held);
        asked.dedup();
        for run in &asked {
            self.say_asks(run).await?;
        }
        if live {
            self.log.sent_live(&sent);
        }
        self.listener.is_at(self.subscriptions.cursor(), sent.len());
        if self.told.is_none() && self.subscriptions.cursor() >= self.log.last_seq() {
            self.caught_up().await?;
        }
        Ok(())
    }

    /// Says what a run is asked now. Where that cannot be read, its next renewal says it.
    async fn say_asks(&mut self, run: &RunId) -> Step {
        let asks = self.app.service.hand_asks(run, HeardBy::Socket).await.unwrap_or_default();
        for ask in asks {
            self.say(&ServerMessage::Ask { run_id: run.to_string(), ask: Box::new(ask) }).await?;
        }
        let ask = self.app.service.hand_reconcile_ask(run, HeardBy::Socket).await.unwrap_or_default();
        if let Some(ask) = ask {
            self.say(&ServerMessage::AskReconcile(Box::new(ask))).await?;
        }
        Ok(())
    }

    /// Says that a version cannot be read, and goes on behind it.
    async fn pass_unreadable(&mut self, damaged: &DamagedVersion) -> Step {
        if self.subscriptions.pass_unreadable(damaged.seq) {
            let reason = damaged.what.to_string();
            self.say(&ServerMessage::Damaged { seq: damaged.seq, reason }).await?;
        }
        if self.told.is_none() && self.subscriptions.cursor() >= self.log.last_seq() {
            self.caught_up().await?;
        }
        Ok(())
    }

    /// Room for a copy of a large message.
    async fn room_for(&mut self, bytes: usize) -> Step<Option<Held>> {
        if bytes < COPY_COUNTED {
            return Ok(None);
        }
        let taking = self.app.service.budget().take_in_turn(Class::Streams, bytes);
        timeout(self.app.limits().write_timeout, taking).await.map(Some).map_err(|_| NO_ROOM)
    }

    /// The store has lost the end of the log, and the session's place in it may be lost as well.
    async fn turned(&mut self) -> Step {
        if !self.subscriptions.is_empty() {
            let (after, seq) = (self.subscriptions.cursor(), self.log.last_seq());
            let reason = format!("{LOST}; it is at seq {seq} now");
            self.say(&ServerMessage::CannotReplay { after, reason, seq }).await?;
        }
        Err(End::Close(CloseCode::Again, LOST_SHORT))
    }

    async fn caught_up(&mut self) -> Step {
        let seq = self.subscriptions.cursor();
        self.told = Some(seq);
        self.say(&ServerMessage::CaughtUp { seq }).await
    }

    async fn keep_alive(&mut self) -> Step {
        if self.last_heard.elapsed() >= self.app.limits().idle_timeout {
            return Err(End::Close(CloseCode::Away, "no answer to pings"));
        }
        // Somebody who listens to little learns how far the log has gone, and resumes from there.
        if self.told.is_some_and(|told| told < self.subscriptions.cursor()) {
            self.caught_up().await?;
        }
        self.feed(Message::Ping(bytes::Bytes::new())).await?;
        self.flush().await
    }

    async fn beat(&mut self) -> Step {
        let (now, store) = (self.app.service.now(), self.app.service.pulse());
        self.say(&ServerMessage::Heartbeat { now, seq: self.log.last_seq(), store }).await
    }

    async fn complain(&mut self, code: &str, message: String) -> Step {
        self.say(&ServerMessage::Error { code: code.to_owned(), message }).await
    }

    async fn say(&mut self, message: &ServerMessage) -> Step {
        // Made of texts and numbers: writing it cannot fail.
        let text = serde_json::to_string(message).unwrap_or_default();
        self.feed(Message::text(text)).await?;
        self.flush().await
    }

    async fn feed(&mut self, message: Message) -> Step {
        let (patience, progress) = (self.app.limits().slow_timeout, self.progress.clone());
        patient(self.wire.feed(message), patience, &progress).await
    }

    async fn flush(&mut self) -> Step {
        let (patience, progress) = (self.app.limits().slow_timeout, self.progress.clone());
        patient(self.wire.flush(), patience, &progress).await
    }
}

/// Why a message is none: what is wrong with the JSON, or with what it says.
fn misunderstood(text: &str, error: &serde_json::Error) -> String {
    match text.parse::<Document>() {
        Err(error) => Diagnosis::of(error, text.as_bytes()).in_one_line(),
        Ok(_) => error.to_string(),
    }
}

/// Ticks, the first time after one period.
fn every(period: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// A message that others send, too.
fn text(message: bytes::Bytes) -> Message {
    // It was written as JSON, which is UTF-8.
    Message::Text(Utf8Bytes::try_from(message).unwrap_or_default())
}

async fn rung<T>(bell: &mut watch::Receiver<T>) {
    if bell.changed().await.is_err() {
        // The log is gone with its server: nothing will ring again, and the stop ends the session.
        std::future::pending::<()>().await;
    }
}
