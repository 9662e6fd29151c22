//! Keeps the WebSocket open: subscribes, resumes after a loss, gives up on nothing.

use std::pin::pin;

use futures::future::{Either, select};
use futures::{SinkExt, StreamExt};
use gloo_net::websocket::futures::WebSocket;
use gloo_net::websocket::{Message, State};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use stateloft_core::api::{ClientMessage, ServerMessage, StorePulse, Topic};
use stateloft_core::model::{Seq, Timestamp};

use super::Live;
use crate::api;
use crate::model::address::encode_segment;
use crate::model::contact::Contact;
use crate::model::link::{Link, backoff_ms};
use crate::model::text::base64url;
use crate::parts::Author;
use crate::shell::{Clock, clock};

/// The server is to send a heartbeat so often, in seconds.
const HEARTBEAT: &str = "2";
/// Silence after which the console asks whether the server is still there.
const QUIET_MS: u32 = 4_000;
/// How long the answer may take.
const ANSWER_MS: u32 = 7_000;

/// How often to look whether the connection has opened.
const OPENING_MS: u32 = 20;
/// How often it is looked before another connection is tried: about 10 s.
const OPENING_LOOKS: u32 = 500;

/// The subscription of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subscription {
    /// Not asked for yet, or the store could not be asked.
    None,
    /// Asked for.
    Asked,
    /// It holds.
    Held,
}

/// Runs as long as the page is open.
pub(super) fn run(live: Live) {
    let clock = clock();
    spawn_local(async move {
        let mut failures = 0;
        loop {
            if session(live, clock).await {
                failures = 0;
            }
            let wait = backoff_ms(failures, js_sys::Math::random());
            failures += 1;
            let next_try = Timestamp::from_micros(clock.read().micros() + i64::from(wait) * 1000);
            live.link.try_set(Link::Reconnecting { next_try });
            wait_or_hurry(live, wait).await;
        }
    });
}

/// One connection from opening to loss; true if it ever worked.
async fn session(live: Live, clock: Clock) -> bool {
    let Ok(mut socket) = open() else { return false };
    let mut looks = 0;
    while matches!(socket.state(), State::Connecting) && looks < OPENING_LOOKS {
        TimeoutFuture::new(OPENING_MS).await;
        looks += 1;
    }
    if !matches!(socket.state(), State::Open) {
        return false;
    }
    let mut subscription = Subscription::None;
    if !subscribe(live, &mut socket, &mut subscription).await {
        return false;
    }
    let mut worked = false;
    let mut asked = None;
    loop {
        let wait = if asked.is_some() { ANSWER_MS } else { QUIET_MS };
        let next = match select(pin!(socket.next()), pin!(TimeoutFuture::new(wait))).await {
            Either::Left((next, _)) => Some(next),
            Either::Right(_) => None,
        };
        match next {
            Some(Some(Ok(Message::Text(text)))) => {
                let pinged = asked.take();
                live.last_contact.try_set(Some(clock.read()));
                if let Ok(message) = serde_json::from_str(&text) {
                    take(live, message, pinged, &mut subscription);
                    worked = true;
                    if !subscribe(live, &mut socket, &mut subscription).await {
                        return worked;
                    }
                }
            }
            Some(Some(Ok(Message::Bytes(_)))) => {}
            Some(None | Some(Err(_))) => return worked,
            None if asked.is_some() => return worked,
            None => {
                asked = Some(clock.read());
                if !say(&mut socket, &ClientMessage::Ping).await {
                    return worked;
                }
            }
        }
    }
}

fn open() -> Result<WebSocket, ()> {
    let location = window().location();
    let (Ok(protocol), Ok(host)) = (location.protocol(), location.host()) else { return Err(()) };
    let scheme = if protocol == "https:" { "wss" } else { "ws" };
    let name = Author::stored().map_or_else(|| "console".to_owned(), |name| format!("console, {name}"));
    let url = format!("{scheme}://{host}/ws?client={}&heartbeat={HEARTBEAT}", encode_segment(&name));
    // A browser cannot send headers here, so the key travels as a subprotocol.
    let socket = match api::key() {
        Some(key) => WebSocket::open_with_protocols(
            &url,
            &["stateloft", &format!("key.{}", base64url(key.as_bytes()))],
        ),
        None => WebSocket::open(&url),
    };
    socket.map_err(drop)
}

/// Subscribes if that is to be done and it is known from where on; false if the connection is gone.
async fn subscribe(live: Live, socket: &mut WebSocket, subscription: &mut Subscription) -> bool {
    let Some(position) = live.position().filter(|_| *subscription == Subscription::None) else { return true };
    // While its store is away the server could only refuse.
    if live.contact.try_get_untracked().is_some_and(|contact| matches!(contact, Contact::NoStore { .. })) {
        return true;
    }
    *subscription = Subscription::Asked;
    let after = Some(Seq(position));
    say(socket, &ClientMessage::Subscribe { topic: Topic::All, after, data: false }).await
}

async fn say(socket: &mut WebSocket, message: &ClientMessage) -> bool {
    match serde_json::to_string(message) {
        Ok(text) => socket.send(Message::Text(text)).await.is_ok(),
        Err(_) => false,
    }
}

/// Takes one message. `pinged` is when the server was asked for a word, if it was.
fn take(live: Live, message: ServerMessage, pinged: Option<Timestamp>, subscription: &mut Subscription) {
    match message {
        ServerMessage::Heartbeat { now, store, .. } => live.beat(now, store),
        // A server that knows no heartbeats is there as well.
        ServerMessage::Pong => {
            if let Some(pinged) = pinged {
                live.ponged(pinged);
            }
        }
        ServerMessage::SubscriptionConfirmed { after, seq, .. } => {
            *subscription = Subscription::Held;
            if matches!(live.link.try_get_untracked(), Some(Link::Reconnecting { .. })) {
                // A change of the lists may have been missed while away; it is not part of the log.
                live.lists.try_update(|lists| *lists += 1);
            }
            let behind = seq.0.saturating_sub(after.0);
            live.link.try_set(if behind > 0 { Link::CatchingUp { behind } } else { Link::Live });
        }
        ServerMessage::StateUpdate(event) => {
            let version = event.version;
            live.last_event.try_update(|last| *last = (*last).max(Some(version.timestamp)));
            live.link.try_update(|link| {
                if let Link::CatchingUp { behind } = link {
                    *behind = behind.saturating_sub(1);
                }
            });
            live.arrived(version);
        }
        ServerMessage::CaughtUp { seq } => {
            live.seq.try_update(|known| *known = (*known).max(seq.0));
            if live.link.try_get_untracked() != Some(Link::Live) {
                live.link.try_set(Link::Live);
            }
        }
        ServerMessage::ListsChanged => {
            live.lists.try_update(|lists| *lists += 1);
        }
        ServerMessage::CannotReplay { seq, .. } => {
            live.start_over(seq.0);
            *subscription = Subscription::None;
        }
        // The store could not be asked: again, when a heartbeat says that it is there.
        ServerMessage::Error { .. } if *subscription == Subscription::Asked => {
            *subscription = Subscription::None;
            live.says(StorePulse::Away, live.clock.read());
        }
        // Of a version that is damaged the alarm speaks, on every page; what a run is asked is for the run.
        ServerMessage::Damaged { .. }
        | ServerMessage::Ask { .. }
        | ServerMessage::AskReconcile(_)
        | ServerMessage::ForRun
        | ServerMessage::UnsubscriptionConfirmed { .. }
        | ServerMessage::Error { .. } => {}
    }
}

/// Waits, but not longer than until somebody says "now" or the browser is back on the network.
async fn wait_or_hurry(live: Live, millis: u32) {
    let before = live.hurry.try_get_untracked();
    let mut left = millis;
    while left > 0 && live.hurry.try_get_untracked() == before {
        let step = left.min(200);
        TimeoutFuture::new(step).await;
        left -= step;
    }
}
