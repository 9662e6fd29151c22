//! The cache under writers and readers at the same time, on one store with two servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use stateloft_core::model::Timestamp;
use stateloft_server::store::cached::{CacheSettings, CachedStore, Ownership};
use stateloft_server::store::memory::MemoryStore;
use stateloft_server::store::{Commits, Heads, StateStore, SystemTicks, Written};
use stateloft_tests::faulty::FaultyStore;

use crate::fixture::{START, batch, key, outcomes, save};

const STATES: usize = 4;

#[derive(Debug, Clone)]
enum Step {
    Write { server: usize, state: usize },
    Read { server: usize, state: usize },
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = (any::<bool>(), 0..2_usize, 0..STATES).prop_map(|(write, server, state)| {
        if write { Step::Write { server, state } } else { Step::Read { server, state } }
    });
    proptest::collection::vec(proptest::collection::vec(step, 1..40), 2..6)
}

/// The last version of each state that a writer was told of.
type Told = Arc<[AtomicU64; STATES]>;

async fn walk(
    servers: Vec<Arc<CachedStore>>,
    told: Told,
    number: usize,
    steps: Vec<Step>,
) -> Result<(), String> {
    for (step, what) in steps.into_iter().enumerate() {
        match what {
            Step::Write { server, state } => {
                let write = save(&format!("s{state}"), &format!(r#"{{"by":{number},"n":{step}}}"#));
                let now = Timestamp::from_micros(START);
                let answers = servers[server].commit(&[batch(vec![write])], now).await.unwrap();
                let written: Written = answers.into_iter().next().unwrap().unwrap();
                told[state].fetch_max(outcomes(written)[0].version().version.0, Ordering::SeqCst);
            }
            Step::Read { server, state } => {
                let least = told[state].load(Ordering::SeqCst);
                let head = servers[server].head(&key(&format!("s{state}"))).await.unwrap();
                let found = head.map_or(0, |head| head.version.0);
                if found < least {
                    return Err(format!("server {server} says s{state} is at {found}, and {least} was told"));
                }
            }
        }
    }
    Ok(())
}

async fn run(ownership: Ownership, walks: Vec<Vec<Step>>) -> Result<(), TestCaseError> {
    let store: Arc<dyn StateStore> = Arc::new(FaultyStore::new(Arc::new(MemoryStore::new())));
    let settings = CacheSettings { max_size: 2, ..CacheSettings::default() };
    let mut servers = Vec::new();
    for _ in 0..2 {
        let clock = Arc::new(SystemTicks::default());
        let server = CachedStore::open(Arc::clone(&store), ownership, settings, clock).await.unwrap();
        servers.push(Arc::new(server));
    }
    if ownership == Ownership::Sole {
        servers[1] = Arc::clone(&servers[0]);
    }
    let told: Told = Arc::default();
    let walking: Vec<_> = walks
        .into_iter()
        .enumerate()
        .map(|(number, steps)| tokio::spawn(walk(servers.clone(), Arc::clone(&told), number, steps)))
        .collect();
    for walk in walking {
        walk.await.unwrap().map_err(TestCaseError::fail)?;
    }
    for (state, told) in told.iter().enumerate() {
        let key = key(&format!("s{state}"));
        for server in &servers {
            prop_assert_eq!(server.head(&key).await, store.head(&key).await);
        }
        prop_assert_eq!(
            store.head(&key).await.unwrap().map_or(0, |h| h.version.0),
            told.load(Ordering::SeqCst)
        );
    }
    Ok(())
}

fn never_behind(ownership: Ownership) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap();
    let config = Config { cases: 256, max_shrink_iters: 50, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&steps(), |walks| runtime.block_on(run(ownership, walks)));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn d_026_d_117_two_servers_caches_are_never_older_than_an_acknowledged_write() {
    never_behind(Ownership::Shared);
}

#[test]
fn d_026_d_117_a_sole_servers_cache_is_never_older_than_an_acknowledged_write() {
    never_behind(Ownership::Sole);
}
