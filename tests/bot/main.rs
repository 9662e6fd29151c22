//! A bot as a process of its own, for tests that stop or kill one: it begins a run, renews, counts in one state ten times a second, and
//! says on its output what it does and what it is told, a line each.
//!
//! `bot ORIGIN PROGRAM LEASE_SECONDS answers|silent`

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test program: it fails by panicking, and its output is read by a test"
)]

use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

/// How often it saves, and how often it renews.
const TICK: Duration = Duration::from_millis(100);
const RENEW: Duration = Duration::from_millis(250);

struct Bot {
    client: Client,
    origin: String,
    run_id: String,
    epoch: u64,
    /// What it counts, and what it was told to keep to, in its memory.
    n: u64,
    limit: u64,
    paused: bool,
}

impl Bot {
    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.client.post(format!("{}/api/v1{path}", self.origin));
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.unwrap();
        (answer.status(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }

    /// Reads its state into its memory.
    async fn read(&mut self) {
        let address =
            format!("{}/api/v1/states/{}?state_type=bot_memory", self.origin, program_of(&self.run_id));
        let answer = self.client.get(address).send().await.unwrap();
        if answer.status().is_success() {
            let state: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
            let number = |name: &str| state["data"][name].as_u64().unwrap();
            (self.n, self.limit) = (number("n"), number("limit"));
        }
    }

    /// Counts, and writes what it has in its memory, whatever is there.
    async fn tick(&mut self) {
        let data = json!({"n": self.n + 1, "limit": self.limit});
        let body = json!({"state_type": "bot_memory", "state_id": program_of(&self.run_id), "data": data,
            "run_id": self.run_id, "epoch": self.epoch});
        let (status, said) = self.post("/states", &body).await;
        if status.is_success() {
            self.n += 1;
            println!("saved {} {}", said["seq"], self.limit);
        } else {
            println!("refused {}", said["code"].as_str().unwrap_or_default());
        }
    }

    /// Renews, and does what it is asked.
    async fn renew(&mut self, answers: bool) -> bool {
        let (status, said) =
            self.post(&format!("/runs/{}/renew", self.run_id), &json!({"epoch": self.epoch})).await;
        if !status.is_success() {
            println!("lost {}", said["code"].as_str().unwrap_or_default());
            return false;
        }
        for ask in said["asks"].as_array().into_iter().flatten() {
            let handshake = ask["handshake"].as_str().unwrap_or_default();
            println!("asked {} {handshake}", ask["kind"].as_str().unwrap_or_default());
            if answers {
                self.answer(ask, handshake).await;
            }
        }
        true
    }

    async fn answer(&mut self, ask: &Value, handshake: &str) {
        let run_id = self.run_id.clone();
        let path = |word: &str| format!("/runs/{run_id}/handshakes/{handshake}/{word}");
        match ask["kind"].as_str() {
            Some("pause") => {
                self.paused = true;
                let (status, _) = self.post(&path("paused"), &json!({"epoch": self.epoch})).await;
                println!("paused {status}");
            }
            Some("reload") => {
                self.read().await;
                let body = json!({"epoch": self.epoch, "seq": ask["seq"]});
                let (status, _) = self.post(&path("reloaded"), &body).await;
                self.paused = false;
                println!("reloaded {status} {}", self.limit);
            }
            _ => {
                self.paused = false;
                let body = json!({"epoch": self.epoch, "seq": 0});
                let (status, _) = self.post(&path("reloaded"), &body).await;
                println!("went on {status}");
            }
        }
    }
}

fn program_of(run_id: &str) -> &str {
    run_id.split('.').next().unwrap_or_default()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [origin, program, lease, manner] = arguments.as_slice() else { panic!("four arguments are needed") };
    let mut bot = Bot {
        client: Client::new(),
        origin: origin.clone(),
        run_id: String::new(),
        epoch: 0,
        n: 0,
        limit: 0,
        paused: false,
    };
    let lease: u64 = lease.parse().unwrap();
    let begin =
        json!({"program": program, "lease_seconds": lease, "host": "box-7", "pid": std::process::id()});
    let (status, run) = bot.post("/runs", &begin).await;
    assert!(status.is_success(), "{run}");
    run["run_id"].as_str().unwrap().clone_into(&mut bot.run_id);
    bot.epoch = run["epoch"].as_u64().unwrap();
    bot.read().await;
    println!("began {}", bot.run_id);
    let mut renewed = Instant::now();
    loop {
        if renewed.elapsed() >= RENEW {
            renewed = Instant::now();
            if !bot.renew(manner == "answers").await {
                // As a program would that does not look.
                bot.tick().await;
                return;
            }
        }
        if !bot.paused {
            bot.tick().await;
        }
        tokio::time::sleep(TICK).await;
    }
}
