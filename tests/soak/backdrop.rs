//! Those who read everything that can be read, one after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};

use crate::world::World;

const BEAT: Duration = Duration::from_millis(300);

pub(crate) async fn read(world: Arc<World>, reader: u64) {
    let client = Client::new();
    let mut turn = reader;
    while world.pause(BEAT).await {
        turn += 1;
        let path = path(turn);
        let sent = Instant::now();
        let answer = async {
            let answer = world.get(&client, &path).send().await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        };
        match answer.await {
            Ok((status, _)) if status.is_success() => world.count("reads"),
            // Too much at once, or too large for what was asked: said, not died of.
            Ok((StatusCode::SERVICE_UNAVAILABLE | StatusCode::UNPROCESSABLE_ENTITY, body)) => {
                world.count(format!("reads refused: {}", code(&body)));
            }
            // A state of which there is no version yet, or a place behind the end of the log.
            Ok((StatusCode::NOT_FOUND | StatusCode::GONE, _)) => {
                world.count("reads of what is not there yet");
            }
            Ok((status, body)) => {
                world.note(Some(format!("{path}: {status}: {}", String::from_utf8_lossy(&body))));
            }
            Err(error) => {
                world.count("reads cut off");
                let meant = world.was_interrupted_since(sent);
                world.note((!meant).then(|| format!("{path} was cut off while the server ran: {error}")));
            }
        }
    }
}

fn path(turn: u64) -> String {
    match turn % 12 {
        0 => "/states?limit=200".to_owned(),
        1 => "/states?q=w%C3%B6rter&limit=50".to_owned(),
        2 => format!("/events?after={}&limit=1000", turn * 37 % 2_000),
        3 => "/overview?hours=24&buckets=96".to_owned(),
        4 => format!("/states/-/history?state_type=bot_memory&state_id=large%20{}&limit=20", turn % 3),
        5 => "/status".to_owned(),
        6 => format!("/states/-/diff?state_type=bot_memory&state_id=large%20{}", turn % 3),
        7 => "/verify?after=0&limit=10000".to_owned(),
        8 => "/states/-?state_type=bot_memory&state_id=shared".to_owned(),
        9 => "/states/-/history?state_type=bot_memory&state_id=shared&limit=100&data=false".to_owned(),
        10 => format!("/states/-/raw?state_type=bot_memory&state_id=large%20{}", turn % 3),
        _ => "/events?before=0&limit=1000&data=false".to_owned(),
    }
}

fn code(body: &[u8]) -> String {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    problem["code"].as_str().unwrap_or("no code").to_owned()
}
