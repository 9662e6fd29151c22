//! Writing what waits in the journal to the store, in order, each entry once.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use statehouse_core::api::{ConflictSide, FallbackConflict, VersionView};
use statehouse_core::commit::{Expectation, Outcome, Refusal};
use statehouse_core::model::{Seq, StateKey, Timestamp, Version, VersionNumber};
use tokio_util::sync::CancellationToken;

use super::FallbackStore;
use super::entry::{Done, Entry, EntryWrite, Expected, Made, Record};
use super::journal::Journal;
use crate::store::{Result, StoreError, WriteRefusal, WriteRequest, Written};

/// Versions looked at in one step.
const STRETCH: usize = 1_000;
/// How often an entry is looked at anew when heads move in between.
const ATTEMPTS: usize = 10;

/// Looks for the store as long as anything waits, and replays when it is back.
pub(super) async fn keep_replaying(store: Weak<FallbackStore>, stop: CancellationToken, poll: Duration) {
    loop {
        let Some(store) = store.upgrade().filter(|_| !stop.is_cancelled()) else { return };
        if store.is_waiting() && store.inner.ping().await.is_ok() {
            let _turn = store.turn.lock().await;
            store.away.store(false, Ordering::SeqCst);
            store.replay_for(super::SLICE, now()).await;
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

/// The time for what is replayed without a request.
fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}

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
                if let Err(error) = self.with_journal(Journal::compact).await {
                    tracing::warn!(%error, "the fallback journal was not emptied");
                }
                return;
            };
            if let Err(error) = self.replay_one(&entry, now).await {
                tracing::warn!(%error, "the fallback journal waits for the store");
                self.away.store(true, Ordering::SeqCst);
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
                let heads = versions.iter().map(|v| (v.key.clone(), Made::Version(v.version))).collect();
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

    async fn fate_of(&self, entry: &Arc<Entry>, now: Timestamp) -> Result<Fate> {
        for _ in 0..ATTEMPTS {
            // Read before the heads: what this attempt writes stands after it.
            let tip = self.inner.tip().await?.seq;
            let begun = self.journal().attempt_of(&entry.id);
            if let Some(after) = begun
                && let Some(versions) = self.written_after(after, &entry.id).await?
            {
                self.tell(versions.clone());
                return Ok(Fate::Written(versions));
            }
            let heads = self.heads_of(entry).await?;
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
            let group = [WriteRequest::Batch { writes, restore: None }];
            let answers = self.inner.commit(&group, now).await?;
            self.remember(&answers);
            match answers.into_iter().next() {
                Some(Ok(Written::Batch { outcomes, .. })) => {
                    let new = outcomes.iter().filter(|outcome| outcome.is_written());
                    self.tell(new.map(|outcome| outcome.version().clone()).collect());
                    return Ok(Fate::Written(outcomes.into_iter().map(Outcome::into_version).collect()));
                }
                // A head has moved, perhaps because an earlier attempt was written after all.
                Some(Err(WriteRefusal::Batch(Refusal::Conflict(_)))) => {}
                Some(Err(WriteRefusal::Batch(refusal))) => {
                    let reason = match refusal {
                        Refusal::AlreadyDeleted(_) => "the state is deleted already",
                        Refusal::NotFound(_) | Refusal::Conflict(_) => "the state to delete does not exist",
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
            let versions = self.inner.after(after, STRETCH).await?;
            let Some(last) = versions.last() else { return Ok(None) };
            after = last.seq;
            // A batch is written in one go: its versions follow each other, but a page may end between them.
            let mut found: Vec<_> =
                versions.into_iter().filter(|version| version.batch_id.as_deref() == Some(id)).collect();
            if let Some(last) = found.last() {
                let mut rest = self.inner.after(last.seq, STRETCH).await?;
                rest.retain(|version| version.batch_id.as_deref() == Some(id));
                found.extend(rest);
                return Ok(Some(found));
            }
        }
    }

    async fn heads_of(&self, entry: &Entry) -> Result<HashMap<StateKey, Option<Version>>> {
        let mut heads = HashMap::new();
        for write in &entry.writes {
            heads.insert(write.key.clone(), self.inner.head(&write.key).await?);
        }
        Ok(heads)
    }

    /// Why an entry may not be written onto these heads, if it may not.
    fn refusal(&self, entry: &Entry, heads: &HashMap<StateKey, Option<Version>>) -> Option<String> {
        let journal = self.journal();
        entry.writes.iter().find_map(|write| {
            let head = heads.get(&write.key).and_then(Option::as_ref);
            let made = journal.made_of(&write.key);
            why_not(write, head, made, entry.accepted_at).map(|why| format!("{}: {why}", write.key))
        })
    }

    async fn conflict_of(
        &self,
        entry: &Entry,
        heads: &HashMap<StateKey, Option<Version>>,
        seq: Seq,
        reason: String,
        refused_at: Timestamp,
    ) -> Result<FallbackConflict> {
        let mut sides = Vec::with_capacity(entry.writes.len());
        for write in &entry.writes {
            let made = match self.journal().made_of(&write.key) {
                Some(Made::Version(made)) => Some(made),
                Some(Made::Conflict) | None => None,
            };
            let base = base_of(write).or(made);
            let data = match base.filter(|base| *base > VersionNumber::ZERO) {
                Some(base) => self.inner.version(&write.key, base).await?.and_then(|version| version.data),
                None => None,
            };
            let head = heads.get(&write.key).and_then(Option::as_ref);
            sides.push(ConflictSide {
                key: write.key.clone(),
                change: write.kind().to_owned(),
                base_version: base.map(|base| base.0),
                base: data,
                theirs_version: head.map(VersionView::of),
                theirs: head.and_then(|head| head.data.clone()),
                mine: write.data.clone(),
            });
        }
        let first = entry.writes.first();
        let text = |part: Option<&Arc<str>>| part.map(|text| text.as_ref().to_owned());
        Ok(FallbackConflict {
            pending_id: entry.id.clone(),
            accepted_at: entry.accepted_at,
            refused_at,
            seq,
            reason,
            user_id: text(first.and_then(|write| write.author.as_ref())),
            description: text(first.and_then(|write| write.description.as_ref())),
            sides,
        })
    }
}

fn base_of(write: &EntryWrite) -> Option<VersionNumber> {
    match write.expected {
        Expected::Version(version) => Some(version),
        Expected::Any | Expected::Absent | Expected::Present => write.base,
    }
}

/// Why a write may not go onto this head. `made` is what entries before it have made of the state.
fn why_not(
    write: &EntryWrite,
    head: Option<&Version>,
    made: Option<Made>,
    accepted_at: Timestamp,
) -> Option<String> {
    let number = head.map_or(VersionNumber::ZERO, |head| head.version);
    match made {
        Some(Made::Conflict) => return Some("an earlier write to it is a conflict".to_owned()),
        Some(Made::Version(made)) if made != number => {
            return Some(format!("it was at version {made} and is at {number} now"));
        }
        Some(Made::Version(_)) => {}
        None => {
            let moved = match base_of(write) {
                Some(base) if base != number => Some(format!(
                    "it was at version {base} when the write was accepted and is at {number} now"
                )),
                None if head.is_some_and(|head| head.recorded_at > accepted_at) => {
                    Some("it was written elsewhere after the write was accepted".to_owned())
                }
                _ => None,
            };
            if moved.is_some() {
                return moved;
            }
        }
    }
    let expected = write.expected.expectation();
    // A write that waited behind others names no version, and one that names a version was compared above.
    match expected {
        Expectation::Version(_) => None,
        _ if expected.holds(head) => None,
        Expectation::Absent => Some("it exists, though it must not".to_owned()),
        _ => Some("it does not exist, though it must".to_owned()),
    }
}
