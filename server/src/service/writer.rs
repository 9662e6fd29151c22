//! Group commit: one task takes what has arrived and makes it durable in one transaction.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use stateloft_core::commit::Outcome;
use stateloft_core::model::Version;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::clock_watch;
use super::error::{Result, ServiceError};
use super::latency::Latency;
use crate::clock::Clock;
use crate::events::EventLog;
use crate::heavy;
use crate::repeats::Repeats;
use crate::store::guarded::as_one_request;
use crate::store::{StateStore, StoreError, WriteRefusal, WriteRequest, Written};

/// Requests that wait for the writer; more than that wait in front of the queue, so that memory stays bounded.
const QUEUE: usize = 1024;
/// Requests of one transaction at most.
const GROUP: usize = 512;
/// Bytes of data of one transaction, or one request that has more.
const GROUP_BYTES: usize = 4 << 20;
/// How often, and with what pauses, a commit that did not say how it ended is looked for.
const LATE_LOOKS: u32 = 60;
const LATE_PAUSE: Duration = Duration::from_secs(1);
/// Who has waited for a commit that took longer, and failed with the store, does not wait for another of the kind.
const LONG: Duration = Duration::from_secs(1);
/// KiB of data that wait for the writer at most; whoever brings more waits in front of the queue.
const QUEUE_KIB: u32 = 64 << 10;

type Answer = std::result::Result<std::result::Result<Written, WriteRefusal>, StoreError>;

struct Job {
    request: WriteRequest,
    answer: oneshot::Sender<Answer>,
    _room: OwnedSemaphorePermit,
}

/// The way to the writer task.
pub(super) struct Writer {
    queue: RwLock<Option<mpsc::Sender<Job>>>,
    room: Arc<Semaphore>,
    task: Mutex<Option<JoinHandle<()>>>,
    latency: Latency,
    counts: Arc<WriteCounts>,
}

/// What became of writes since the server started.
#[derive(Debug, Default)]
pub(super) struct WriteCounts {
    saved: AtomicU64,
    refused: AtomicU64,
    unknown: AtomicU64,
}

impl WriteCounts {
    /// Versions that were made durable.
    pub(super) fn saved(&self) -> u64 {
        self.saved.load(Ordering::Relaxed)
    }

    /// More versions were made durable.
    pub(super) fn add_saved(&self, versions: usize) {
        self.saved.fetch_add(versions as u64, Ordering::Relaxed);
    }

    /// Requests of which nothing was written because the store failed.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Requests of which nobody knows.
    pub(super) fn unknown(&self) -> u64 {
        self.unknown.load(Ordering::Relaxed)
    }
}

impl Writer {
    /// Starts the task. `compared` says whether the clock was compared with the log already.
    pub(super) fn start(
        store: Arc<dyn StateStore>,
        events: Arc<EventLog>,
        clock: Arc<dyn Clock>,
        compared: bool,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let counts = Arc::<WriteCounts>::default();
        let task = tokio::spawn(run(receiver, store, events, clock, compared, Arc::clone(&counts)));
        Self {
            queue: RwLock::new(Some(sender)),
            room: Arc::new(Semaphore::new(QUEUE_KIB as usize)),
            task: Mutex::new(Some(task)),
            latency: Latency::default(),
            counts,
        }
    }

    /// Hands a request to the writer and waits until it is durable or refused. When the caller goes away while it
    /// waits, the request is written whole or not at all.
    pub(super) async fn write(
        &self,
        request: WriteRequest,
    ) -> Result<std::result::Result<Written, WriteRefusal>> {
        let started = Instant::now();
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner).clone();
        let queue = queue.ok_or(ServiceError::Stopping)?;
        let room = Arc::clone(&self.room).acquire_many_owned(kib(&request)).await;
        let room = room.map_err(|_| ServiceError::Stopping)?;
        let (answer, answered) = oneshot::channel();
        queue.send(Job { request, answer, _room: room }).await.map_err(|_| ServiceError::Stopping)?;
        let answer = answered.await.map_err(|_| ServiceError::Internal("the writer task ended".into()))?;
        self.latency.record(started.elapsed());
        answer.map_err(|error| match error {
            // Nothing is wrong with the store.
            busy @ StoreError::Busy(_) => busy.into(),
            certain if certain.nothing_was_written() => {
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
                certain.into()
            }
            // The writer has said what failed.
            _ => {
                self.counts.unknown.fetch_add(1, Ordering::Relaxed);
                ServiceError::OutcomeUnknown
            }
        })
    }

    /// How long callers waited for their commits.
    pub(super) fn latency(&self) -> &Latency {
        &self.latency
    }

    /// What became of writes.
    pub(super) fn counts(&self) -> &Arc<WriteCounts> {
        &self.counts
    }

    /// Takes no more requests and waits until those that were taken are done.
    pub(super) async fn stop(&self) {
        self.queue.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = self.task.lock().await.take() {
            // It ends by itself when the queue is empty and closed; an error means that it ended by a panic.
            if let Err(error) = task.await {
                tracing::error!(%error, "the writer task ended badly");
            }
        }
    }
}

/// KiB of data in a request, at least 1 and at most all the room there is.
fn kib(request: &WriteRequest) -> u32 {
    u32::try_from(request.data_bytes() >> 10).unwrap_or(u32::MAX).clamp(1, QUEUE_KIB)
}

/// Whether a request takes long to write.
fn is_long(job: &Job) -> bool {
    heavy::is_long(job.request.data_bytes())
}

/// The next group: requests with large data, and those without, by turns. Who saves a small document does not wait for the
/// group that writes a large one, except where that is being written already. Requests that wait at the same time have no
/// order among themselves.
fn next_group(jobs: &mut Vec<Job>, last_was_long: bool) -> Vec<Job> {
    jobs.sort_by_key(|job| is_long(job) == last_was_long);
    let later = jobs.split_off(light(jobs));
    std::mem::replace(jobs, later)
}

/// How many of these make one group: what a group writes is held twice while it is written, with the heads before it. One that
/// closes what it does not name is a group of its own, as nobody knows how much that is.
fn light(jobs: &[Job]) -> usize {
    let mut bytes = 0;
    let long = jobs.first().is_some_and(is_long);
    if jobs.first().is_some_and(|job| job.request.closes()) {
        return 1;
    }
    let fit = jobs.iter().take_while(|job| {
        let before = bytes;
        bytes += job.request.data_bytes();
        !job.request.closes() && is_long(job) == long && (before == 0 || bytes <= GROUP_BYTES)
    });
    fit.count()
}

async fn run(
    mut queue: mpsc::Receiver<Job>,
    store: Arc<dyn StateStore>,
    events: Arc<EventLog>,
    clock: Arc<dyn Clock>,
    mut compared: bool,
    counts: Arc<WriteCounts>,
) {
    let mut late = tokio::spawn(std::future::ready(()));
    let mut jobs = Vec::with_capacity(GROUP);
    let failing = Repeats::new();
    let mut last_was_long = true;
    while !jobs.is_empty() || queue.recv_many(&mut jobs, GROUP).await > 0 {
        // What has come while others were written.
        jobs.extend((jobs.len()..GROUP).map_while(|_| queue.try_recv().ok()));
        // Nobody waits for these any more, and nothing of them has begun.
        jobs.retain(|job: &Job| !job.answer.is_closed());
        let group = next_group(&mut jobs, last_was_long);
        let Some(first) = group.first() else { continue };
        last_was_long = is_long(first);
        // The room is given back here: what is being written is one group, and the next one may gather.
        let (requests, answers): (Vec<_>, Vec<_>) =
            group.into_iter().map(|job| (job.request, job.answer)).unzip();
        let started = Instant::now();
        let work = async {
            if !compared {
                compared = compare(store.as_ref(), clock.as_ref()).await;
            }
            store.commit(&requests, clock.now()).await
        };
        match as_one_request(work).await {
            Ok(results) => {
                if let Some(groups) = failing.ended() {
                    tracing::info!(
                        groups,
                        "writes are stored again; so many groups were not, or it is not known"
                    );
                }
                counts.add_saved(publish(&events, &results).await);
                for (answer, result) in answers.into_iter().zip(results) {
                    // A caller that has gone away meanwhile finds its write in the log.
                    let _ = answer.send(Ok(result));
                }
            }
            Err(error) => {
                if let Some(groups) = failing.happened() {
                    let sure = if error.nothing_was_written() { "was not" } else { "may not have been" };
                    tracing::error!(%error, groups, "a group of writes {sure} stored");
                }
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
                if error.is_outage() && started.elapsed() > LONG {
                    refuse_those_who_waited(&mut queue, &mut jobs);
                }
                if !error.nothing_was_written() && late.is_finished() {
                    late = tokio::spawn(look_for_late(Arc::clone(&events)));
                }
            }
        }
    }
}

/// Everybody who came while a commit hung has waited as long as one may: their requests are not begun.
fn refuse_those_who_waited(queue: &mut mpsc::Receiver<Job>, taken: &mut Vec<Job>) {
    let came = (0..queue.len()).map_while(|_| queue.try_recv().ok());
    for job in taken.drain(..).chain(came) {
        let why = "it failed while others waited for it".to_owned();
        let _ = job.answer.send(Err(StoreError::NotWritten(why)));
    }
}

/// Compares the clock with the log before the first time is recorded; `false` if the store has not been reached yet. One that
/// fails is not asked again: nobody should wait for it twice.
async fn compare(store: &dyn StateStore, clock: &dyn Clock) -> bool {
    match store.tip().await {
        Ok(tip) => clock_watch::take_in(clock, &tip),
        Err(StoreError::NotReached(_)) => return false,
        Err(error) => tracing::debug!(%error, "the clock was not compared with the log"),
    }
    true
}

/// What was written though the store did not say so is announced when it shows.
async fn look_for_late(events: Arc<EventLog>) {
    for _ in 0..LATE_LOOKS {
        tokio::time::sleep(LATE_PAUSE).await;
        if events.look_again().await.unwrap_or(false) {
            return;
        }
    }
}

/// Watchers hear of a version only after it is durable, and before its writer does, so that a writer who then asks
/// for events finds its own. Answers how many versions there are.
async fn publish(events: &EventLog, results: &[std::result::Result<Written, WriteRefusal>]) -> usize {
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
            // Its versions are published when it is replayed.
            Written::Pending(_) => {}
        }
    }
    let count = versions.len();
    events.publish(versions).await;
    if lists_changed {
        events.announce_lists();
    }
    count
}

#[cfg(test)]
mod tests {
    use stateloft_core::commit::{Change, Closing, Expectation, Terms, Write};
    use stateloft_core::model::{StateKey, StateType, Verdict};

    use super::*;

    /// A request with about so many bytes of data, and its number in the order in which they came.
    fn job(n: usize, bytes: usize) -> Job {
        let write = Write {
            key: StateKey::new("position", &n.to_string()).unwrap(),
            change: Change::Save(format!("\"{}\"", "x".repeat(bytes)).parse().unwrap()),
            expectation: Expectation::Any,
            verdict: Verdict::NotChecked,
            author: None,
            description: None,
            batch_id: None,
            origin: None,
            foreseen: None,
            rebase: None,
        };
        let room = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        Job {
            request: WriteRequest::Batch { writes: vec![write], restore: None },
            answer: oneshot::channel().0,
            _room: room,
        }
    }

    /// Which requests make which groups, one after the other.
    fn groups(sizes: &[usize]) -> Vec<Vec<String>> {
        let mut jobs: Vec<_> = sizes.iter().enumerate().map(|(n, bytes)| job(n, *bytes)).collect();
        let (mut groups, mut last_was_long) = (Vec::new(), true);
        while !jobs.is_empty() {
            let group = next_group(&mut jobs, last_was_long);
            last_was_long = is_long(&group[0]);
            let name = |job: &Job| match job.request.parts().0 {
                WriteRequest::Batch { writes, .. } => writes[0].key.state_id.to_string(),
                _ => unreachable!(),
            };
            groups.push(group.iter().map(name).collect());
        }
        groups
    }

    #[test]
    fn what_closes_states_is_a_group_of_its_own() {
        let closing = || {
            let closing = Closing { types: vec![StateType::new("position").unwrap()], prefix: None };
            let terms = Box::new(Terms { closings: vec![closing], ..Terms::default() });
            Job { request: WriteRequest::OnTerms { writes: Vec::new(), terms, told: None }, ..job(0, 1) }
        };
        let mut jobs = vec![job(0, 1), job(1, 1), closing(), closing(), job(2, 1)];
        let mut sizes = Vec::new();
        while !jobs.is_empty() {
            let group = next_group(&mut jobs, true);
            sizes.push((group.len(), group.iter().any(|job| job.request.closes())));
        }
        assert_eq!(sizes, [(2, false), (1, true), (1, true), (1, false)]);
    }

    #[test]
    fn small_requests_do_not_wait_for_large_ones_that_came_before_them_nor_the_other_way_round_for_ever() {
        const LARGE: usize = 3 << 20;
        assert_eq!(groups(&[LARGE, 10, LARGE, 20]), [vec!["1", "3"], vec!["0"], vec!["2"]]);
        assert_eq!(groups(&[LARGE, 300 << 10, 300 << 10]), [vec!["0", "1", "2"]]);
        assert_eq!(groups(&[1, 2, 3]), [["0", "1", "2"]]);
        // Small ones that keep coming do not hold a large one up: after them it is its turn.
        let mut jobs = vec![job(0, LARGE), job(1, 1)];
        assert!(!is_long(&next_group(&mut jobs, true)[0]));
        jobs.push(job(2, 1));
        assert!(is_long(&next_group(&mut jobs, false)[0]));
    }
}
