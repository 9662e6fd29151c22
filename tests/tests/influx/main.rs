//! What only InfluxDB can do wrong: nobody keeps a second server out, several points are not written at once, answers
//! break off, and the client library panics.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test has no outside, and fails by panicking"
)]

mod away;
mod bucket;
mod busy;
mod damage;
mod fenced;
mod importing;
mod killed;
mod many;
mod program;
mod proxy;
mod refused;
mod tls;
mod unfinished;
mod without_data;
mod writes_stopped;
mod wrong;

use std::time::Duration;

use stateloft_core::commit::{Change, Expectation, Write};
use stateloft_core::model::{Seq, StateKey, Timestamp, Verdict};
use stateloft_server::store::influx::InfluxStore;
use stateloft_server::store::{
    Commits as _, Result, StateStore, WriteRefusal, WriteRequest, Written, verify_all,
};

type Answers = Vec<std::result::Result<Written, WriteRefusal>>;

fn save(id: &str, data: &str) -> Write {
    Write {
        key: StateKey::new("position", id).unwrap(),
        change: Change::Save(data.parse().unwrap()),
        expectation: Expectation::Any,
        verdict: Verdict::NotChecked,
        author: None,
        description: None,
        batch_id: None,
        origin: None,
        foreseen: None,
        rebase: None,
    }
}

fn batch(writes: Vec<Write>) -> WriteRequest {
    WriteRequest::Batch { writes, restore: None }
}

/// Commits one batch.
async fn commit(store: &InfluxStore, writes: Vec<Write>) -> Result<Answers> {
    let answers = store.commit(&[batch(writes)], Timestamp::from_micros(1_800_000_000_000_000)).await?;
    assert!(answers.iter().all(std::result::Result::is_ok), "{answers:?}");
    Ok(answers)
}

/// Checks the chain and returns the last seq.
async fn verified(store: &dyn StateStore) -> Seq {
    let tip = store.tip().await.unwrap().seq;
    assert_eq!(verify_all(store, |_, _| {}).await.unwrap(), Ok(tip));
    tip
}

/// Waits until something works that may fail for a while.
async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut attempt: impl FnMut() -> F) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(done) = attempt().await {
            return done;
        }
        assert!(tokio::time::Instant::now() < deadline, "{what}: it took too long");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
