//! `kill -9` of InfluxDB in the middle of batches.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use stateloft_core::commit::{Outcome, Write};
use stateloft_core::model::Seq;
use stateloft_server::store::influx::InfluxStore;
use stateloft_server::store::{Admin as _, Heads as _, Log as _, Written};
use stateloft_tests::influx::Influx;

use crate::{commit, eventually, save, verified};

const ROUNDS: usize = 3;
const BATCH: u64 = 300;
/// Batches that are acknowledged before InfluxDB is killed.
const BATCHES: u64 = 6;

/// Writes batches until told to stop; what was acknowledged by seq: the batch and its data.
async fn write(
    store: Arc<InfluxStore>,
    stop: Arc<AtomicBool>,
    count: Arc<AtomicU64>,
) -> HashMap<Seq, (String, String)> {
    let mut acknowledged = HashMap::new();
    let filler = "x".repeat(400);
    let mut number = 0_u64;
    while !stop.load(Ordering::SeqCst) {
        number += 1;
        let name: Arc<str> = format!("batch {number}").into();
        let write = |n: u64| Write {
            batch_id: Some(Arc::clone(&name)),
            ..save(
                &format!("state {}", n % 50),
                &format!(r#"{{"batch":{number},"n":{n},"filler":"{filler}{n}"}}"#),
            )
        };
        let Ok(answers) = commit(&store, (0..BATCH).map(write).collect()).await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        count.fetch_add(1, Ordering::SeqCst);
        for written in answers.into_iter().flatten() {
            let Written::Batch { outcomes, .. } = written else { panic!("{written:?}") };
            for version in outcomes.into_iter().map(Outcome::into_version) {
                let data = version.data.unwrap().text().to_owned();
                acknowledged.insert(version.seq, (name.to_string(), data));
            }
        }
    }
    acknowledged
}

/// The whole log.
async fn check(store: &InfluxStore, acknowledged: &HashMap<Seq, (String, String)>) {
    let tip = verified(store).await;
    let (mut log, mut after) = (Vec::new(), Seq(0));
    while after < tip {
        log.extend(store.after(after, 1_000).await.unwrap());
        after = log.last().unwrap().seq;
    }
    let mut batches: HashMap<String, u64> = HashMap::new();
    for (version, number) in log.iter().zip(1..) {
        assert_eq!(version.seq, Seq(number), "the log has no gap");
        *batches.entry(version.batch_id.as_deref().unwrap().to_owned()).or_default() += 1;
    }
    assert!(
        batches.values().all(|count| *count == BATCH),
        "a batch is there whole or not at all: {batches:?}"
    );
    for (seq, (batch, data)) in acknowledged {
        let version = &log[usize::try_from(seq.0).unwrap() - 1];
        assert_eq!(
            (version.batch_id.as_deref(), version.data.as_ref().unwrap().text()),
            (Some(batch.as_str()), data.as_str())
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_009_no_acknowledged_batch_is_lost_when_influxdb_is_killed_in_the_middle_of_one() {
    let mut influx = Influx::start().await;
    let options = influx.bucket().await;
    let store = Arc::new(InfluxStore::open(&options).await.unwrap());
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writer = tokio::spawn(write(Arc::clone(&store), Arc::clone(&stop), Arc::clone(&count)));
    for round in 1..=ROUNDS {
        let before = count.load(Ordering::SeqCst);
        eventually("batches", || async { (count.load(Ordering::SeqCst) >= before + BATCHES).then_some(()) })
            .await;
        // Somewhere within a batch, at another place each time.
        tokio::time::sleep(Duration::from_millis(7 * round as u64)).await;
        influx.kill().await;
        assert!(store.ping().await.is_err());
        influx.run().await;
        // It goes on by itself.
        let killed = count.load(Ordering::SeqCst);
        eventually("writing again", || async { (count.load(Ordering::SeqCst) > killed).then_some(()) }).await;
    }
    stop.store(true, Ordering::SeqCst);
    let acknowledged = writer.await.unwrap();
    assert!(acknowledged.len() as u64 >= BATCH * BATCHES * ROUNDS as u64);
    check(&store, &acknowledged).await;
    store.close().await;
    let again = InfluxStore::open(&options).await.unwrap();
    check(&again, &acknowledged).await;
    assert!(again.tip().await.unwrap().seq.0 >= acknowledged.len() as u64);
}
