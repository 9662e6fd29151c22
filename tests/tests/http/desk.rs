//! A server, a run on it, and its broker, whose list is held against what the run has saved.

use serde_json::{Value, json};
use stateloft_tests::broker::Broker;
use stateloft_tests::client::{Client, Reply};
use stateloft_tests::local::{Local, Start};

/// A server, a run on it, and its broker.
pub(crate) struct Desk {
    pub(crate) server: Local,
    pub(crate) run: Value,
    pub(crate) broker: Broker,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        let server = Start::default().run().await;
        let body = json!({"program": "grid", "lease_seconds": 3600}).to_string();
        let run = server.client.post("/api/v1/runs", body).await.expect(201).json();
        Self { server, run, broker: Broker::new() }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.server.client
    }

    pub(crate) fn id(&self) -> &str {
        self.run["run_id"].as_str().unwrap()
    }

    pub(crate) async fn save(&self, id: &str, data: &str) {
        let run = format!(r#""run_id":"{}","epoch":{}"#, self.id(), self.run["epoch"]);
        let body = format!(r#"{{"state_type":"position","state_id":"{id}",{run},"data":{data}}}"#);
        let reply = self.client().post("/api/v1/states", body).await;
        assert!([200, 201].contains(&reply.status.as_u16()), "{}", reply.text);
    }

    /// Asks the broker, after everything that was saved so far.
    pub(crate) async fn ask(&mut self) -> Value {
        let now = self.client().get("/api/v1/status").await.expect(200).json()["now"].clone();
        self.broker.ask(now.as_str().unwrap())
    }

    pub(crate) async fn plan(&self, asked: &Value, more: Value) -> Value {
        let path = format!("/api/v1/runs/{}/reconcile", self.id());
        self.client().post(&path, with(asked, more).to_string()).await.expect(200).json()
    }

    /// What applies a plan, as the program itself does that.
    pub(crate) fn order(&self, asked: &Value, plan: &Value, more: Value) -> Value {
        let body = json!({"run_id": self.id(), "epoch": self.run["epoch"], "choices": plan["choices"],
            "reason": "as the broker says", "user_id": "ada"});
        with(&with(asked, body), more)
    }

    pub(crate) async fn apply(&self, asked: &Value, plan: &Value, more: Value) -> Reply {
        let body = self.order(asked, plan, more).to_string();
        let path = format!("/api/v1/reconciles/{}/apply", plan["plan"].as_str().unwrap());
        self.client().post(&path, body).await
    }

    pub(crate) async fn drifts(&self) -> Value {
        self.client().get(&format!("/api/v1/runs/{}/drifts", self.id())).await.expect(200).json()
    }

    pub(crate) async fn raw(&self, state_type: &str, id: &str) -> String {
        let path = format!("/api/v1/states/-/raw?state_type={state_type}&state_id={id}");
        self.client().get(&path).await.expect(200).text
    }

    pub(crate) async fn seq(&self) -> Value {
        self.client().get("/api/v1/status").await.expect(200).json()["seq"].clone()
    }
}

pub(crate) fn with(body: &Value, more: Value) -> Value {
    let mut body = body.clone();
    let Value::Object(more) = more else { panic!("{more} has no members") };
    body.as_object_mut().unwrap().extend(more);
    body
}

pub(crate) fn verdicts(plan: &Value) -> Vec<&str> {
    plan["rows"].as_array().unwrap().iter().map(|row| row["verdict"].as_str().unwrap()).collect()
}

/// Adopts, or else what is said, of rows by their verdict.
pub(crate) fn choose(plan: &Value, of: &[(&str, Value)]) -> Value {
    let rows = plan["rows"].as_array().unwrap();
    let chosen = of.iter().map(|(verdict, choice)| {
        let row = rows.iter().find(|row| row["verdict"] == *verdict).unwrap();
        with(choice, json!({"row": row["row"]}))
    });
    json!({"choices": chosen.collect::<Vec<_>>()})
}

pub(crate) const LOTS: &str = r#"{"symbol":"EURUSD","direction":"long","last":1.0891,"lots":[{"id":"a","ticket":1,"quantity":"0.40","entry_price":"1.0880"},{"id":"b","ticket":2,"quantity":0.80,"entry_price":1.08710}]}"#;

/// Two lots of one symbol, and one of another; the broker has less of the first, not the third, and one that nobody knows here.
pub(crate) async fn differing() -> Desk {
    let mut desk = Desk::open().await;
    desk.save("eurusd", LOTS).await;
    desk.save(
        "nzdusd",
        r#"{"symbol":"NZDUSD","side":"short","quantity":0.60,"entry_price":0.5917,"ticket":3}"#,
    )
    .await;
    desk.broker.fill(1, "EURUSD", "long", "0.30", "1.0880");
    desk.broker.fill(2, "EURUSD", "long", "0.8", "1.0871");
    desk.broker.fill(4, "GBPUSD", "short", "0.50", "1.2684");
    desk
}

pub(crate) fn all() -> [(&'static str, Value); 3] {
    let close = json!({"choice": "close", "reason": "recovered_closed", "price": "0.5931"});
    let adopt = json!({"choice": "adopt_theirs"});
    [("quantity_mismatch", adopt.clone()), ("missing_here", adopt), ("missing_there", close)]
}
