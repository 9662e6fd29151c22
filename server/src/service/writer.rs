//! Group commit: one task takes what has arrived and makes it durable in one transaction.

use std::sync::Arc;
use std::time::Instant;

use statehouse_core::commit::Outcome;
use statehouse_core::model::Version;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::clock::Clock;
use super::error::{Result, ServiceError};
use super::latency::Latency;
use crate::events::EventLog;
use crate::store::{StateStore, StoreError, WriteRefusal, WriteRequest, Written};

/// Requests that wait for the writer; more than that wait in front of the queue, so that memory stays bounded.
const QUEUE: usize = 1024;
/// Requests of one transaction at most.
const GROUP: usize = 512;

type Answer = std::result::Result<std::result::Result<Written, WriteRefusal>, StoreError>;

struct Job {
    request: WriteRequest,
    answer: oneshot::Sender<Answer>,
}

/// The way to the writer task.
pub(super) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    task: Mutex<Option<JoinHandle<()>>>,
    latency: Arc<Latency>,
}

impl Writer {
    /// Starts the task.
    pub(super) fn start(store: Arc<dyn StateStore>, events: Arc<EventLog>, clock: Arc<dyn Clock>) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let task = tokio::spawn(run(receiver, store, events, clock));
        Self {
            queue: Mutex::new(Some(sender)),
            task: Mutex::new(Some(task)),
            latency: Arc::new(Latency::default()),
        }
    }

    /// Hands a request to the writer and waits until it is durable or refused. When the caller goes away while it
    /// waits, the request is written whole or not at all.
    pub(super) async fn write(
        &self,
        request: WriteRequest,
    ) -> Result<std::result::Result<Written, WriteRefusal>> {
        let started = Instant::now();
        let queue = self.queue.lock().await.clone().ok_or(ServiceError::Stopping)?;
        let (answer, answered) = oneshot::channel();
        queue.send(Job { request, answer }).await.map_err(|_| ServiceError::Stopping)?;
        let answer = answered.await.map_err(|_| ServiceError::Internal("the writer task ended".into()))?;
        self.latency.record(started.elapsed());
        Ok(answer?)
    }

    /// How long callers waited for their commits.
    pub(super) fn latency(&self) -> &Latency {
        &self.latency
    }

    /// Takes no more requests and waits until those that were taken are done.
    pub(super) async fn stop(&self) {
        self.queue.lock().await.take();
        if let Some(task) = self.task.lock().await.take() {
            // It ends by itself when the queue is empty and closed; an error means that it ended by a panic.
            if let Err(error) = task.await {
                tracing::error!(%error, "the writer task ended badly");
            }
        }
    }
}

async fn run(
    mut queue: mpsc::Receiver<Job>,
    store: Arc<dyn StateStore>,
    events: Arc<EventLog>,
    clock: Arc<dyn Clock>,
) {
    let mut jobs = Vec::with_capacity(GROUP);
    while queue.recv_many(&mut jobs, GROUP).await > 0 {
        // Nobody waits for these any more, and nothing of them has begun.
        jobs.retain(|job: &Job| !job.answer.is_closed());
        if jobs.is_empty() {
            continue;
        }
        let (requests, answers): (Vec<_>, Vec<_>) =
            jobs.drain(..).map(|job| (job.request, job.answer)).unzip();
        match store.commit(&requests, clock.now()).await {
            Ok(results) => {
                publish(&events, &results);
                for (answer, result) in answers.into_iter().zip(results) {
                    // A caller that has gone away meanwhile finds its write in the log.
                    let _ = answer.send(Ok(result));
                }
            }
            Err(error) => {
                tracing::error!(%error, requests = requests.len(), "a group of writes was not stored");
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }
}

/// Watchers hear of a version only after it is durable, and before its writer does, so that a writer who then asks
/// for events finds its own.
fn publish(events: &EventLog, results: &[std::result::Result<Written, WriteRefusal>]) {
    let mut versions: Vec<Version> = Vec::new();
    let mut lists_changed = false;
    for written in results.iter().flatten() {
        match written {
            Written::Batch { outcomes, restore } => {
                lists_changed |= restore.is_some();
                versions.extend(outcomes.iter().filter_map(|outcome| match outcome {
                    Outcome::Written(version) => Some(version.clone()),
                    Outcome::Unchanged(_) => None,
                }));
            }
            Written::Snapshot(_) | Written::SnapshotDeleted(_) => lists_changed = true,
        }
    }
    events.publish(versions);
    if lists_changed {
        events.announce_lists();
    }
}
