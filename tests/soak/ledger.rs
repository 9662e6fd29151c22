//! What the server said is stored, and whether the log says the same.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;
use stateloft_core::hash::ContentHash;
use stateloft_core::json::{Document, Limits};

use crate::world::{World, lock};

/// Acknowledged versions by seq.
#[derive(Debug, Default)]
pub(crate) struct Ledger(BTreeMap<u64, Entry>);

/// One acknowledged version.
#[derive(Debug)]
pub(crate) struct Entry {
    seq: u64,
    state_id: String,
    version: u64,
    content_hash: String,
}

impl Entry {
    /// What an answer acknowledges of this data; nothing where it acknowledges no version.
    pub(crate) fn of(answer: &Value, data: &str) -> Option<Self> {
        let document = Document::parse(data, &Limits::default()).expect("the soak's own data");
        Some(Self {
            seq: answer["seq"].as_u64()?,
            state_id: answer["state_id"].as_str()?.to_owned(),
            version: answer["version"].as_u64()?,
            content_hash: ContentHash::of(&document).to_string(),
        })
    }
}

impl Ledger {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes an acknowledgement in; says what is wrong if the seq was given out before.
    pub(crate) fn acknowledged(&mut self, entry: Option<Entry>) -> Option<String> {
        let entry = entry?;
        let before = self.0.insert(entry.seq, entry)?;
        Some(format!("seq {} was acknowledged twice, once for {}", before.seq, before.state_id))
    }
}

/// Reads the whole log, holds it against the ledger, and answers its last seq.
pub(crate) async fn check(world: &World) -> u64 {
    let client = Client::new();
    let mut last: HashMap<String, u64> = HashMap::new();
    let (mut after, mut seen) = (0, 0);
    loop {
        let path = format!("/events?after={after}&limit=1000&data=false");
        let Some(page) = read(world, &client, &path).await else { return seen };
        for event in page["events"].as_array().into_iter().flatten() {
            seen += 1;
            world.note(check_event(world, event, seen, &mut last));
        }
        after = page["next_after"].as_u64().unwrap_or(after);
        if after >= page["seq"].as_u64().unwrap_or_default() {
            break;
        }
    }
    for (seq, entry) in lock(&world.ledger).0.range(seen + 1..) {
        world.note(Some(format!("LOST: seq {seq}, {} v{}", entry.state_id, entry.version)));
    }
    seen
}

async fn read(world: &World, client: &Client, path: &str) -> Option<Value> {
    for _ in 0..60 {
        if let Ok(answer) = world.get(client, path).send().await
            && answer.status().is_success()
            && let Ok(text) = answer.text().await
        {
            return serde_json::from_str(&text).ok();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    world.note(Some(format!("{path} could not be read")));
    None
}

fn check_event(world: &World, event: &Value, seq: u64, last: &mut HashMap<String, u64>) -> Option<String> {
    if event["seq"].as_u64() != Some(seq) {
        return Some(format!("the log has {} where seq {seq} should be", event["seq"]));
    }
    let state_id = event["state_id"].as_str().unwrap_or_default();
    let version = event["version"].as_u64().unwrap_or_default();
    let before = last.insert(state_id.to_owned(), version).unwrap_or_default();
    if version != before + 1 {
        return Some(format!("seq {seq}: {state_id} goes from version {before} to {version}"));
    }
    let ledger = lock(&world.ledger);
    let entry = ledger.0.get(&seq)?;
    let same = entry.state_id == state_id
        && entry.version == version
        && event["content_hash"].as_str() == Some(&entry.content_hash);
    (!same).then(|| format!("DIFFERENT: seq {seq} is {event}, {entry:?} was acknowledged"))
}
