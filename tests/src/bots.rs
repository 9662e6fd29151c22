//! What holds of bots and restores on any server: a state that a bot keeps saving, and an operator who takes a part of it back.

use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::bot::{Bot, Manner};

/// How long anything may take on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_mins(2);

/// A server of the API, by its address.
#[derive(Debug, Clone)]
pub struct At {
    origin: String,
    client: Client,
}

impl At {
    /// A server at `http://HOST:PORT`.
    #[must_use]
    pub fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned(), client: Client::new() }
    }

    /// Asks, and returns the status and what is said.
    ///
    /// # Panics
    /// If there is no answer, or it is no JSON.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.origin));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.expect("a text")).expect("JSON"))
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, None).await.1
    }

    /// `POST`.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Asks again until it is as wanted.
    ///
    /// # Panics
    /// If it does not become so.
    pub async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = async {
            loop {
                let said = self.get(path).await;
                if wanted(&said) {
                    return said;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("{path} never became so"))
    }

    /// A state that a bot of this name keeps: its limit was 1 once, and a deploy has made it 2. Returns the seq at which it was 1.
    pub async fn limit_was_moved(&self, name: &str) -> u64 {
        self.limits_were_moved(&[name]).await
    }

    /// The same of several bots: at the seq that is returned all of them had 1.
    pub async fn limits_were_moved(&self, names: &[&str]) -> u64 {
        let mut seqs = Vec::new();
        for limit in [1, 2] {
            for name in names {
                let data = json!({"n": 0, "limit": limit});
                let body = json!({"state_type": "bot_memory", "state_id": name, "data": data});
                let (_, saved) = self.post("/states", &body).await;
                seqs.push(saved["seq"].as_u64().expect("a seq"));
            }
        }
        seqs[names.len() - 1]
    }

    /// The plan that takes the limit of these bots back, and nothing else.
    pub async fn plan(&self, seq: u64, names: &[&str]) -> (String, Value) {
        let these: Vec<Value> =
            names.iter().map(|name| json!({"state_type": "bot_memory", "state_id": name})).collect();
        let selection: serde_json::Map<String, Value> =
            names.iter().map(|name| (format!("bot_memory/{name}"), json!({"left": ["/n"]}))).collect();
        let request =
            json!({"target": format!("seq:{seq}"), "scope": {"states": these}, "selection": selection});
        let (status, plan) = self.post("/restores", &request).await;
        assert_eq!(status, 200, "{plan}");
        let path = format!("/restores/{}/apply", plan["plan"].as_str().expect("a plan"));
        let mut order = request;
        order["reason"] = json!("bad deploy");
        order["user_id"] = json!("ann");
        order["held_by"] = plan["held_by"].clone();
        (path, order)
    }

    /// Applies that plan with these terms; the plan's holders are looked at by the caller.
    pub async fn apply(&self, (path, order): &(String, Value), terms: &Value) -> (u16, Value) {
        let mut order = order.clone();
        order.as_object_mut().expect("an object").remove("held_by");
        order["handshake"] = terms.clone();
        self.post(path, &order).await
    }

    /// What every version of a bot's state says of the limit, oldest first, with who wrote it.
    pub async fn limits(&self, name: &str) -> Vec<(u64, bool)> {
        let (mut found, mut after) = (Vec::new(), 0);
        loop {
            let page = self.get(&format!("/events?after={after}&limit=1000&topic=state:{name}")).await;
            for event in page["events"].as_array().expect("events") {
                let by_run = event["run_id"].is_string();
                found.push((event["data"]["limit"].as_u64().unwrap_or_default(), by_run));
            }
            after = page["next_after"].as_u64().expect("a seq");
            if page["next_after"] == page["seq"] {
                return found;
            }
        }
    }
}

/// After its restore a bot never writes what it had in its memory before, and goes on. `there` is where the restore is applied, `here` where
/// the bot speaks.
///
/// # Panics
/// If that does not hold.
pub async fn a_bot_makes_way_reads_and_goes_on(program: &str, (here, there): (&At, &At)) {
    let good = here.limit_was_moved("busy").await;
    let mut bot = Bot::start(program, &here.origin, "busy", 3_600, Manner::Answers).await;
    bot.until("saved").await;
    let plan = there.plan(good, &["busy"]).await;
    assert_eq!(plan.1["held_by"][0]["run_id"], json!(bot.run_id), "{plan:?}");
    assert_eq!(plan.1["held_by"][0]["host"], "box-7");
    let (status, restore) = there.apply(&plan, &json!({"wait_seconds": 100})).await;
    assert_eq!((status, &restore["handshake"]["status"]), (200, &json!("written")), "{restore}");
    bot.until("paused 200").await;
    assert_eq!(bot.until("reloaded").await, "reloaded 200 OK 1");
    for _ in 0..5 {
        assert!(bot.until("saved").await.ends_with(" 1"));
    }
    let id = restore["restore_id"].as_str().expect("an id");
    let shown = there.until(&format!("/handshakes/{id}"), |shown| shown["waits_for"] == json!([])).await;
    assert!(shown["runs"][0]["seq"].as_u64() > restore["last_seq"].as_u64(), "{shown}");
    let limits = here.limits("busy").await;
    let restored = limits.iter().rposition(|(_, by_run)| !by_run).expect("it was restored");
    assert!(
        limits[restored..].len() > 5 && limits[restored..].iter().all(|(limit, _)| *limit == 1),
        "{limits:?}"
    );
}

/// A bot that is stopped while it is asked, and wakes after the restore was written without its word, writes nothing on top of it.
///
/// # Panics
/// If that does not hold.
pub async fn a_bot_that_wakes_after_the_write_is_refused(program: &str, (here, there): (&At, &At)) {
    let good = here.limit_was_moved("asleep").await;
    let mut bot = Bot::start(program, &here.origin, "asleep", 3_600, Manner::Answers).await;
    bot.until("saved").await;
    bot.freeze().await;
    let plan = there.plan(good, &["asleep"]).await;
    let (status, refused) = there.apply(&plan, &json!({"wait_seconds": 1})).await;
    assert_eq!((status, &refused["code"]), (409, &json!("no_word")), "{refused}");
    assert!(here.limits("asleep").await.iter().skip(1).all(|(limit, _)| *limit == 2), "nothing was written");
    let terms = json!({"wait_seconds": 1, "without_word": {"reason": "it hangs", "by": "ann"}});
    let (status, restore) = there.apply(&plan, &terms).await;
    assert_eq!((status, &restore["handshake"]["waits_for"]), (200, &json!([bot.run_id])), "{restore}");
    bot.thaw().await;
    assert_eq!(bot.until("reloaded").await, "reloaded 200 OK 1");
    assert!(bot.until("saved").await.ends_with(" 1"));
    let limits = here.limits("asleep").await;
    let restored = limits.iter().rposition(|(_, by_run)| !by_run).expect("it was restored");
    assert!(limits[restored..].iter().all(|(limit, _)| *limit == 1), "{limits:?}");
}

/// A bot that is killed while it is asked is not waited for any longer than its lease.
///
/// # Panics
/// If that does not hold.
pub async fn a_bot_that_dies_is_free(program: &str, (here, there): (&At, &At)) {
    let good = here.limit_was_moved("dying").await;
    let mut bot = Bot::start(program, &here.origin, "dying", 4, Manner::Silent).await;
    bot.until("saved").await;
    let plan = there.plan(good, &["dying"]).await;
    let applying = {
        let there = there.clone();
        tokio::spawn(async move { there.apply(&plan, &json!({"wait_seconds": 600})).await })
    };
    bot.until("asked pause").await;
    assert!(!applying.is_finished());
    bot.kill().await;
    let applied = tokio::time::timeout(PATIENCE, applying).await.expect("it is written in time");
    let (status, restore) = applied.expect("it does not panic");
    assert_eq!((status, &restore["handshake"]["waits_for"]), (200, &json!([])), "{restore}");
    assert!(restore["handshake"]["runs"][0]["ended_at"].is_string(), "{restore}");
}

/// A bot that is stopped, and wakes after its successor has begun, writes nothing more.
///
/// # Panics
/// If that does not hold.
pub async fn a_bot_that_wakes_after_its_successor_has_begun_has_lost_its_lease(
    program: &str,
    (here, there): (&At, &At),
) {
    let mut bot = Bot::start(program, &here.origin, "replaced", 3_600, Manner::Silent).await;
    bot.until("saved").await;
    bot.freeze().await;
    let begin = json!({"program": "replaced", "take_over": {"reason": "it hangs", "by": "ann"}});
    let (status, next) = there.post("/runs", &begin).await;
    assert_eq!((status, &next["outcome"]), (201, &json!("after_crash")), "{next}");
    let data = json!({"n": 1_000_000, "limit": 7});
    let body = json!({"state_type": "bot_memory", "state_id": "replaced", "data": data,
        "run_id": next["run_id"], "epoch": next["epoch"]});
    let (status, saved) = there.post("/states", &body).await;
    assert_eq!(status, 200, "{saved}");
    bot.thaw().await;
    bot.until("lost lease_lost").await;
    bot.until("refused lease_lost").await;
    assert_eq!(here.limits("replaced").await.last(), Some(&(7, true)));
}
