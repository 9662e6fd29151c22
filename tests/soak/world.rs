//! What all parts of the soak share: where the server is, when to stop, what was acknowledged, what went wrong.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use stateloft_tests::server::Server;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::figures::Latencies;
use crate::ledger::Ledger;
use crate::memory::Sample;

/// Faults that are kept in words; the others are counted.
const FAULTS_KEPT: usize = 20;
/// How long after an interruption requests may still fail because of it.
const AFTERMATH: Duration = Duration::from_secs(3);

pub(crate) struct World {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) stop: CancellationToken,
    pub(crate) ledger: Mutex<Ledger>,
    pub(crate) latencies: Mutex<Latencies>,
    pub(crate) samples: Mutex<Vec<Sample>>,
    /// The last seq, once nobody writes any more.
    pub(crate) last: watch::Sender<Option<u64>>,
    origin: String,
    process: AtomicU32,
    interrupted: AtomicBool,
    calm_since: Mutex<Instant>,
    counts: Mutex<BTreeMap<String, u64>>,
    faults: Mutex<Vec<String>>,
}

impl World {
    pub(crate) fn new(server: &Server) -> Self {
        Self {
            address: server.address(),
            stop: CancellationToken::new(),
            ledger: Mutex::default(),
            latencies: Mutex::default(),
            samples: Mutex::default(),
            last: watch::Sender::new(None),
            origin: server.origin(),
            process: AtomicU32::new(server.id()),
            interrupted: AtomicBool::new(false),
            calm_since: Mutex::new(Instant::now()),
            counts: Mutex::default(),
            faults: Mutex::default(),
        }
    }

    /// A request to a path under `/api/v1`.
    pub(crate) fn get(&self, client: &Client, path: &str) -> RequestBuilder {
        client.get(format!("{}/api/v1{path}", self.origin))
    }

    /// The same with a body.
    pub(crate) fn post(&self, client: &Client, path: &str, body: String) -> RequestBuilder {
        let request = client.post(format!("{}/api/v1{path}", self.origin));
        request.header("content-type", "application/json").body(body)
    }

    pub(crate) fn process(&self) -> u32 {
        self.process.load(Ordering::SeqCst)
    }

    /// The server runs again, as this process.
    pub(crate) fn started(&self, process: u32) {
        self.process.store(process, Ordering::SeqCst);
    }

    /// The server is about to go, or has come back.
    pub(crate) fn interrupted(&self, now: bool) {
        self.interrupted.store(now, Ordering::SeqCst);
        *lock(&self.calm_since) = Instant::now();
    }

    /// Whether a request that was sent at this time may have met an interruption.
    pub(crate) fn was_interrupted_since(&self, sent: Instant) -> bool {
        self.interrupted.load(Ordering::SeqCst) || sent < *lock(&self.calm_since) + AFTERMATH
    }

    /// Waits, unless it is over: then says so.
    pub(crate) async fn pause(&self, duration: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(duration) => true,
        }
    }

    pub(crate) fn count(&self, what: impl Into<String>) {
        *lock(&self.counts).entry(what.into()).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        lock(&self.counts).clone()
    }

    /// Notes what must not be.
    pub(crate) fn note(&self, fault: Option<String>) {
        let Some(fault) = fault else { return };
        self.count("faults");
        let mut faults = lock(&self.faults);
        if faults.len() < FAULTS_KEPT {
            eprintln!("FAULT: {fault}");
            faults.push(fault);
        }
    }

    pub(crate) fn faults(&self) -> Vec<String> {
        lock(&self.faults).clone()
    }

    /// A line for whoever waits.
    pub(crate) fn say(&self, passed: Duration) {
        let acknowledged = lock(&self.ledger).len();
        let memory = lock(&self.samples).last().map_or(0, |sample| sample.bytes >> 20);
        let faults = self.faults().len();
        eprintln!("{:>5} s: {acknowledged} acknowledged, {memory} MiB, {faults} faults", passed.as_secs());
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
