//! Those who follow the log by WebSocket and must see each version once, in order, whatever happens to the server.

use std::sync::Arc;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::world::World;

/// How long a watcher may need for the end of the log once nobody writes any more.
const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) async fn watch(world: Arc<World>) {
    let mut seen = 0;
    let mut last = world.last.subscribe();
    loop {
        let over = async {
            let last = *last.wait_for(Option::is_some).await.expect("the soak goes on");
            (last.unwrap_or_default(), Instant::now() + PATIENCE)
        };
        tokio::select! {
            () = follow(&world, &mut seen) => world.count("watchers reconnected"),
            (last, deadline) = over => {
                while seen < last && Instant::now() < deadline {
                    let _ = timeout_at(deadline, follow_to(&world, &mut seen, last)).await;
                }
                world.note((seen < last).then(|| format!("a watcher ends at seq {seen} of {last}")));
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Follows until the connection ends.
async fn follow(world: &World, seen: &mut u64) {
    follow_to(world, seen, u64::MAX).await;
}

/// Follows until the connection ends or that seq was seen.
async fn follow_to(world: &World, seen: &mut u64, last: u64) {
    let Ok((mut socket, _)) = connect_async(format!("ws://{}/ws?client=watcher", world.address)).await else {
        return;
    };
    let subscribe = json!({"action": "subscribe", "topic": "states", "after": *seen});
    if socket.send(Message::text(subscribe.to_string())).await.is_err() {
        return;
    }
    while *seen < last {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => heard(world, seen, &text),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            _ => return,
        }
    }
}

/// What is looked at of a message: its document may be large, and who measures must not be the one that is busy.
#[derive(Default, Deserialize)]
struct Heard {
    #[serde(rename = "type")]
    kind: String,
    seq: Option<u64>,
}

fn heard(world: &World, seen: &mut u64, text: &str) {
    let message: Heard = serde_json::from_str(text).unwrap_or_default();
    match message.kind.as_str() {
        "state_update" => {
            let seq = message.seq.unwrap_or_default();
            let fault = (seq != *seen + 1).then(|| format!("a watcher was sent seq {seq} after {seen}"));
            world.note(fault);
            *seen = seq;
            world.count("events seen");
        }
        "cannot_replay" => world.note(Some(format!("a watcher was told: {text}"))),
        _ => {}
    }
}
