//! Those who save.

use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::Value;

use crate::ledger::Entry;
use crate::world::{World, lock};

/// How often a writer of small documents saves.
const BEAT: Duration = Duration::from_millis(50);
/// How often a large document is saved.
const LARGE_BEAT: Duration = Duration::from_secs(5);
/// Members of the largest documents: 8 MiB or so.
const LARGEST: u64 = 100_000;

/// A bot with a position of its own, and one that all bots fight for.
pub(crate) async fn small(world: std::sync::Arc<World>, writer: u64) {
    let client = Client::new();
    let mut shared = 0;
    let mut n = 0_u64;
    while world.pause(BEAT).await {
        n += 1;
        let own = format!("own/{writer} é");
        let data = position(writer, n);
        if let Some(saved) = save(&world, &client, &own, &data, None, Size::Small).await {
            acknowledged(&world, &saved, &data);
        }
        if n.is_multiple_of(10) {
            let data = position(writer, n);
            match save(&world, &client, "shared", &data, Some(shared), Size::Small).await {
                Some(saved) if saved["code"] == "version_conflict" => {
                    shared = saved["conflicts"][0]["head"]["version"].as_u64().unwrap_or(0);
                }
                Some(saved) => {
                    shared = saved["version"].as_u64().unwrap_or(shared);
                    acknowledged(&world, &saved, &data);
                }
                None => {}
            }
        }
    }
}

/// Somebody with documents of up to 8 MiB: zeros, rows, one long text by turns.
pub(crate) async fn large(world: std::sync::Arc<World>) {
    let client = Client::new();
    let mut n = 0_u64;
    while world.pause(LARGE_BEAT).await {
        n += 1;
        let data = large_data(n);
        let id = format!("large {}", n % 3);
        if let Some(saved) = save(&world, &client, &id, &data, None, Size::Large).await {
            acknowledged(&world, &saved, &data);
        }
    }
}

/// Notes what was acknowledged; the ledger is locked only once the entry is ready, as large documents take a while.
fn acknowledged(world: &World, saved: &Value, data: &str) {
    let entry = Entry::of(saved, data);
    let fault = lock(&world.ledger).acknowledged(entry);
    world.note(fault);
}

/// What is expected of a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    /// Never refused while the server runs, and quick.
    Small,
    /// May be refused for want of room.
    Large,
}

/// The answer of a save that is stored, or a conflict's; nothing where it is not known or refused as it may be.
async fn save(
    world: &World,
    client: &Client,
    id: &str,
    data: &str,
    expected: Option<u64>,
    size: Size,
) -> Option<Value> {
    let expected = expected.map(|version| format!(r#""expected_version":{version},"#)).unwrap_or_default();
    let body = format!(
        r#"{{"state_type":"bot_memory","state_id":"{id}",{expected}"user_id":"soak","data":{data}}}"#
    );
    let sent = Instant::now();
    let answer = match world.post(client, "/states", body).send().await {
        Ok(answer) => (answer.status(), answer.text().await.ok()?),
        Err(error) => {
            world.count("saves cut off");
            let meant = world.was_interrupted_since(sent);
            world.note((!meant).then(|| format!("a save was cut off while the server ran: {error}")));
            return None;
        }
    };
    let took = sent.elapsed();
    let (status, text) = answer;
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    let code = answer["code"].as_str().unwrap_or_default();
    match (status, size) {
        (StatusCode::OK | StatusCode::CREATED, _) => {
            world.count(format!("saves, {size:?}"));
            if size == Size::Small && !world.was_interrupted_since(sent) {
                lock(&world.latencies).record(took);
            }
            Some(answer)
        }
        (StatusCode::CONFLICT, _) => {
            world.count("conflicts");
            Some(answer)
        }
        (StatusCode::SERVICE_UNAVAILABLE, size) => {
            world.count(format!("refused: {size:?}, {code}"));
            let may = size == Size::Large || world.was_interrupted_since(sent);
            world.note((!may).then(|| format!("a small save was refused: {text}")));
            None
        }
        _ => {
            world.note(Some(format!("a save was answered {status}: {text}")));
            None
        }
    }
}

fn position(writer: u64, n: u64) -> String {
    format!(
        r#"{{"symbol":"PAIR{writer}","side":"long","quantity":1.{n:06},"entry_price":100.{:04},"stop_loss":99.5,"n":{n},"notes":"{}","history":[1,2.50,-0.0,1e22,{n}]}}"#,
        n % 10_000,
        "steady as she goes ".repeat(20),
    )
}

fn large_data(n: u64) -> String {
    let members = LARGEST * (n % 4 + 1) / 4;
    match n % 3 {
        0 => format!(r#"{{"n":{n},"zeros":[{}0]}}"#, "0,".repeat(usize::try_from(members * 20).unwrap_or(0))),
        1 => {
            let rows: Vec<String> = (0..members)
                .map(|row| format!(r#"{{"id":{row},"price":{}.25,"size":"{}","of":{n}}}"#, row * n, row % 7))
                .collect();
            format!(r#"{{"rows":[{}]}}"#, rows.join(","))
        }
        _ => {
            format!(r#"{{"n":{n},"text":"{}"}}"#, "wörter ".repeat(usize::try_from(members * 8).unwrap_or(0)))
        }
    }
}
