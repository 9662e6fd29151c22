//! Somebody who takes snapshots, restores, and takes that back, while others go on saving.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::world::World;

const BEAT: Duration = Duration::from_secs(4);

pub(crate) async fn restore(world: Arc<World>) {
    let client = Client::new();
    let mut n = 0_u64;
    while world.pause(BEAT).await {
        n += 1;
        let name = format!("soak-{}-{n}", world.process());
        let Some(_) = ask(&world, &client, "/snapshots", &json!({"snapshot_id": name})).await else {
            continue;
        };
        if !world.pause(BEAT).await {
            return;
        }
        let request = json!({
            "target": format!("snapshot:{name}"),
            "scope": {"states": [{"state_type": "bot_memory", "state_id": format!("own/{} é", n % 8)}]},
        });
        let Some(plan) = ask(&world, &client, "/restores", &request).await else { continue };
        let Some(restored) = apply(&world, &client, plan, request).await else { continue };
        world.count("restores");
        let undo = format!("/restores/{}/undo", restored["restore_id"].as_str().unwrap_or_default());
        if ask(&world, &client, &undo, &json!({"reason": "soak"})).await.is_some() {
            world.count("undos");
        }
    }
}

/// Applies a plan, and the fresh one in its place as long as the state moves in between.
async fn apply(world: &World, client: &Client, plan: Value, request: Value) -> Option<Value> {
    let mut hash = plan["plan"].as_str()?.to_owned();
    for _ in 0..20 {
        let mut body = request.clone();
        body["reason"] = json!("soak");
        let answer = ask(world, client, &format!("/restores/{hash}/apply"), &body).await?;
        match answer["plan"]["plan"].as_str() {
            Some(fresh) => fresh.clone_into(&mut hash),
            None => return Some(answer),
        }
    }
    world.count("restores given up: the state moves too fast");
    None
}

/// An answer, an outdated plan's too; nothing where the request was refused as it may be.
async fn ask(world: &World, client: &Client, path: &str, body: &Value) -> Option<Value> {
    let sent = Instant::now();
    let answer = match world.post(client, path, body.to_string()).send().await {
        Ok(answer) => (answer.status(), answer.text().await.ok()?),
        Err(error) => {
            let meant = world.was_interrupted_since(sent);
            world.note((!meant).then(|| format!("{path} was cut off while the server ran: {error}")));
            return None;
        }
    };
    let (status, text) = answer;
    match status {
        status if status.is_success() => serde_json::from_str(&text).ok(),
        StatusCode::PRECONDITION_FAILED => {
            world.count("plans outdated");
            serde_json::from_str(&text).ok()
        }
        // What is to be restored may be what is there, or not be there yet.
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::NOT_FOUND | StatusCode::SERVICE_UNAVAILABLE => {
            world.count(format!("restoring refused: {status}"));
            None
        }
        _ => {
            world.note(Some(format!("{path}: {status}: {text}")));
            None
        }
    }
}
