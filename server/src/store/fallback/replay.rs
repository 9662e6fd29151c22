//! Writing what waits in the journal to the store, in order, each entry once.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use stateloft_core::api::FallbackConflict;
use stateloft_core::commit::{Outcome, Refusal, Terms};
use stateloft_core::model::{Seq, StateKey, Timestamp, Version, VersionNumber};
use tokio_util::sync::CancellationToken;

use super::FallbackStore;
use super::entry::{Done, Entry, Made, Record};
use super::journal::Journal;
use crate::repeats::Repeats;
use crate::store::{Did, RequestKey, Result, StoreError, WriteRefusal, WriteRequest, Written};

/// Versions looked at in one step.
const STRETCH: usize = 1_000;
/// Why an entry of a run is a conflict that has lost its lease.
const LOST: &str = "the run that wrote it does not hold its lease any more";
/// Why one is that was paused meanwhile.
const PAUSED: &str = "the run that wrote it has been paused for a restore, and has not read that yet";
/// How often an entry is looked at anew when heads move in between.
const ATTEMPTS: usize = 10;

/// Looks for the store as long as anything waits, and replays when it is back.
pub(super) async fn keep_replaying(store: Weak<FallbackStore>, stop: CancellationToken, poll: Duration) {
    loop {
        let Some(store) = store.upgrade().filter(|_| !stop.is_cancelled()) else { return };
        if store.has_unsaved() {
            store.save_heads(Vec::new()).await;
        }
        if store.is_waiting() && store.inner.ping().await.is_ok() {
            let _turn = store.turn.lock().await;
            store.away.store(false, Ordering::SeqCst);
            store.replay_for(super::SLICE, store.clock.now()).await;
        }
        // A slice ended though the store is there: the next one follows as soon as writes in between had their turn.
        if store.is_waiting() && !store.away.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
            continue;
        }
        if store.is_waiting() {
            drop(store);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(poll) => {}
            }
        } else {
            tokio::select! {
                () = stop.cancelled() => return,
                () = store.wake.notified() => {}
                // So that a store that nobody uses any more can go.
                () = tokio::time::sleep(poll) => {}
            }
        }
    }
}

/// The replay found the store away.
static WAITING: Repeats = Repeats::new();

/// What became of one entry.
enum Fate {
    /// These are its versions, old or new.
    Written(Vec<Version>),
    Conflict(Box<FallbackConflict>),
}

impl FallbackStore {
    /// Replays until nothing waits, the time is over or the store fails. The caller must have the turn.
    pub(super) async fn replay_for(&self, time: Duration, now: Timestamp) {
        let until = tokio::time::Instant::now() + time;
        loop {
            let next = self.journal().pending().front().cloned();
            let Some(entry) = next else {
                self.away.store(false, Ordering::SeqCst);
                if let Some(times) = WAITING.ended() {
                    tracing::info!(times, "the fallback journal is replayed; so often it had to wait");
                }
                if let Err(error) = self.with_journal(Journal::compact).await {
                    tracing::warn!(%error, "the fallback journal was not emptied");
                }
                return;
            };
            if let Err(error) = self.replay_one(&entry, now).await {
                if let Some(times) = WAITING.happened() {
                    tracing::warn!(%error, times, "the fallback journal waits for the store");
                }
                if !matches!(error, StoreError::Busy(_)) {
                    self.away.store(true, Ordering::SeqCst);
                }
                return;
            }
            // An empty journal is tidied up whatever the time.
            if tokio::time::Instant::now() >= until && self.is_waiting() {
                return;
            }
        }
    }

    async fn replay_one(&self, entry: &Arc<Entry>, now: Timestamp) -> Result<()> {
        let done = match self.fate_of(entry, now).await? {
            Fate::Written(versions) => {
                let mut heads: Vec<_> =
                    versions.iter().map(|v| (v.key.clone(), Made::Version(v.version))).collect();
                heads.extend(self.left_as_they_were(entry, &versions).await?);
                Done { id: entry.id.clone(), heads }
            }
            Fate::Conflict(conflict) => {
                tracing::warn!("a write of the fallback journal is a conflict: {}", conflict.reason);
                let conflicts = self.conflicts.clone();
                self.with_journal(move |_| conflicts.keep(&conflict)).await?;
                let heads = entry.writes.iter().map(|write| (write.key.clone(), Made::Conflict)).collect();
                Done { id: entry.id.clone(), heads }
            }
        };
        self.with_journal(move |journal| journal.append(vec![Record::Done(done)])).await
    }

    /// The heads of states of which an entry made no version, because they were as it wants them: where its answer was lost,
    /// the log does not name them. Those that somebody else has written since are not known.
    async fn left_as_they_were(&self, entry: &Entry, versions: &[Version]) -> Result<Vec<(StateKey, Made)>> {
        let mut heads = Vec::new();
        for write in &entry.writes {
            if versions.iter().any(|version| version.key == write.key) {
                continue;
            }
            let Some(head) = self.inner.head(&write.key).await? else { continue };
            let made = self.journal().made_of(&write.key).map(|(made, _)| made);
            if head.recorded_at <= entry.accepted_at || made == Some(Made::Version(head.version)) {
                heads.push((write.key.clone(), Made::Version(head.version)));
            }
        }
        Ok(heads)
    }

    async fn fate_of(&self, entry: &Arc<Entry>, now: Timestamp) -> Result<Fate> {
        for _ in 0..ATTEMPTS {
            // Read before the heads: what this attempt writes stands after it.
            let tip = self.inner.tip().await?.seq;
            let begun = self.journal().attempt_of(&entry.id);
            let after = match begun.or(entry.sent_after) {
                // What is written of it was recorded after it was taken.
                None if self.journal().is_perhaps_begun(&entry.id) => {
                    Some(self.inner.seq_at(Timestamp::from_micros(entry.taken_at().micros() - 1)).await?)
                }
                known => known,
            };
            if let Some(after) = after
                && let Some(versions) = self.written_after(after, &entry.id).await?
            {
                return Ok(self.found(versions));
            }
            let heads = self.heads_of(entry).await?;
            // It came between the two questions, or stands where a log that lost its end has gone on.
            if let Some(after) = place_of(entry, &heads)
                && let Some(versions) = self.written_after(after, &entry.id).await?
            {
                return Ok(self.found(versions));
            }
            if let Some(reason) = self.refusal(entry, &heads) {
                return Ok(Fate::Conflict(Box::new(
                    self.conflict_of(entry, &heads, tip, reason, now).await?,
                )));
            }
            if begun.is_none() {
                let attempt = Record::Attempt(entry.id.clone(), tip);
                self.with_journal(move |journal| journal.append(vec![attempt])).await?;
            }
            let number =
                |key| heads.get(key).and_then(Option::as_ref).map_or(VersionNumber::ZERO, |h| h.version);
            let writes = entry.writes.iter().map(|write| write.onto(number(&write.key), &entry.id)).collect();
            let batch = match entry.fence.clone() {
                None => WriteRequest::Batch { writes, restore: None },
                fence => {
                    let terms = Box::new(Terms { fence, ..Terms::default() });
                    WriteRequest::OnTerms { writes, terms, told: None }
                }
            };
            let group = [match entry.once {
                Some(key) => WriteRequest::Once(key, Box::new(batch)),
                None => batch,
            }];
            let answers = self.inner.commit(&group, now).await?;
            self.remember(&answers).await;
            match answers.into_iter().next() {
                Some(Ok(Written::Batch { outcomes, .. })) => {
                    let new = outcomes.iter().filter(|outcome| outcome.is_written());
                    self.tell(new.map(|outcome| outcome.version().clone()).collect());
                    return Ok(Fate::Written(outcomes.into_iter().map(Outcome::into_version).collect()));
                }
                // The client has sent it again meanwhile, and that one was written.
                Some(Err(WriteRefusal::WrittenBefore)) => {
                    return Ok(self.found(self.written_under(entry.once.as_ref()).await?));
                }
                Some(Err(WriteRefusal::KeyTaken)) => {
                    let reason = "another request with the same Idempotency-Key was written first".to_owned();
                    let conflict = self.conflict_of(entry, &heads, tip, reason, now).await?;
                    return Ok(Fate::Conflict(Box::new(conflict)));
                }
                // A head has moved, perhaps because an earlier attempt was written after all.
                Some(Err(WriteRefusal::Batch(Refusal::Conflict(_)))) => {}
                Some(Err(WriteRefusal::Batch(refusal))) => {
                    let reason = match refusal {
                        Refusal::AlreadyDeleted(_) => "the state is deleted already",
                        Refusal::NotFound(_) | Refusal::Conflict(_) => "the state to delete does not exist",
                        Refusal::LeaseLost { .. } => LOST,
                        Refusal::RunPaused { .. } => PAUSED,
                        // No write on other terms waits, and no version of another store.
                        Refusal::ChecksFailed(_) | Refusal::TooMuch(_) | Refusal::DoesNotFollow { .. } => {
                            "it does not follow what the store has"
                        }
                    };
                    let conflict = self.conflict_of(entry, &heads, tip, reason.to_owned(), now).await?;
                    return Ok(Fate::Conflict(Box::new(conflict)));
                }
                other => {
                    return Err(StoreError::Unavailable(format!("a replay was answered with {other:?}")));
                }
            }
        }
        Err(StoreError::Unavailable("the heads of a replayed write do not stand still".into()))
    }

    /// What an earlier attempt wrote counts as written now.
    fn found(&self, versions: Vec<Version>) -> Fate {
        self.tell(versions.clone());
        self.remember_all(&versions);
        Fate::Written(versions)
    }

    /// Those who follow the log hear of what a replay wrote.
    fn tell(&self, versions: Vec<Version>) {
        if let Some(events) = self.events().as_ref() {
            // Nobody follows any more: the store has everything.
            let _ = events.send(versions);
        }
    }

    /// The versions that an earlier attempt wrote.
    async fn written_after(&self, mut after: Seq, id: &str) -> Result<Option<Vec<Version>>> {
        loop {
            let versions = match self.inner.tail(after, STRETCH).await {
                // Nobody knows what it was. Whole ones may follow.
                Err(StoreError::DamagedVersion(damaged)) => {
                    after = damaged.seq;
                    continue;
                }
                other => other?,
            };
            let Some(last) = versions.last() else { return Ok(None) };
            after = last.seq;
            // A batch is written in one go: its versions follow each other, but a page may end between them.
            let mut found: Vec<_> =
                versions.into_iter().filter(|version| version.batch_id.as_deref() == Some(id)).collect();
            if let Some(last) = found.last() {
                let mut rest = match self.inner.tail(last.seq, STRETCH).await {
                    Err(StoreError::DamagedVersion(_)) => Vec::new(),
                    other => other?,
                };
                rest.retain(|version| version.batch_id.as_deref() == Some(id));
                found.extend(rest);
                return Ok(Some(found));
            }
        }
    }

    /// The versions that a request with this key wrote.
    async fn written_under(&self, key: Option<&RequestKey>) -> Result<Vec<Version>> {
        let receipt = match key {
            Some(key) => self.inner.receipt(&key.key).await?,
            None => None,
        };
        let Some(Did::Batch { outcomes, .. }) = receipt.map(|receipt| receipt.did) else {
            return Ok(Vec::new());
        };
        let mut versions = Vec::new();
        for (seq, _) in outcomes.into_iter().filter(|(_, made)| *made) {
            versions.extend(self.inner.by_seq(seq).await?);
        }
        Ok(versions)
    }

    async fn heads_of(&self, entry: &Entry) -> Result<HashMap<StateKey, Option<Version>>> {
        let mut heads = HashMap::new();
        for write in &entry.writes {
            heads.insert(write.key.clone(), self.inner.head(&write.key).await?);
        }
        Ok(heads)
    }
}

/// A seq before the versions of an entry, if one of them is a head. They follow each other.
fn place_of(entry: &Entry, heads: &HashMap<StateKey, Option<Version>>) -> Option<Seq> {
    let head = heads.values().flatten().find(|head| head.batch_id.as_deref() == Some(&entry.id))?;
    Some(Seq(head.seq.0.saturating_sub(entry.writes.len() as u64)))
}
