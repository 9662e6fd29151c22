//! Taking writes into the journal.

use std::collections::HashMap;

use stateloft_core::api::PendingWrite;
use stateloft_core::commit::{Change, Expectation, Write};
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{Seq, StateKey, Timestamp, VersionNumber, saved_at};

use super::FallbackStore;
use super::entry::{Before, Entry, EntryWrite, Record};
use crate::ids::timed_id;
use crate::store::{RequestKey, Result, WriteRefusal, WriteRequest, Written};

type Answer = std::result::Result<Written, WriteRefusal>;

fn is_imported(write: &Write) -> bool {
    matches!(write.change, Change::Record { .. }) || write.batch_id.as_deref().and_then(saved_at).is_some()
}

impl FallbackStore {
    /// Makes what can wait of a group durable in the journal, and says of each request what became of it. A group that was
    /// sent to the store, which did not say what became of it, stands after `sent_after` if it was written.
    pub(super) async fn accept(
        &self,
        group: &[WriteRequest],
        sent_after: Option<Seq>,
        now: Timestamp,
    ) -> Result<Vec<Answer>> {
        let in_doubt = sent_after.is_some();
        let mut ahead = self.journal().pending().len() as u64;
        let mut group_waits = HashMap::new();
        let (mut records, mut answers) = (Vec::new(), Vec::new());
        for request in group {
            let (request, once) = request.parts();
            let (writes, fence) = match request {
                // An entry has one id for all it writes, and each version of an import says by its own when it was saved.
                WriteRequest::Batch { writes, restore: None } if !writes.iter().any(is_imported) => {
                    (writes, None)
                }
                // What is written on other terms is not kept: what they would mean at the replay, nobody has looked at. A run that
                // has lost its lease has lost it for ever. Nor is what runs were asked for: who is live is decided now or not at all.
                WriteRequest::OnTerms { writes, terms, told: None } if terms.only_fence() => {
                    (writes, terms.fence.as_ref())
                }
                _ => {
                    let refusal =
                        if in_doubt { WriteRefusal::OutcomeUnknown } else { WriteRefusal::NeedsStore };
                    answers.push(Err(refusal));
                    continue;
                }
            };
            if in_doubt && !writes.iter().all(|write| write.batch_id.is_some()) {
                // It could not be found again.
                answers.push(Err(WriteRefusal::OutcomeUnknown));
                continue;
            }
            match self.entry(writes, sent_after, &mut group_waits, now) {
                Ok(entry) => {
                    answers.push(Ok(Written::Pending(waits(&entry, ahead))));
                    ahead += 1;
                    records.push(Record::Entry(Entry {
                        once: once.copied(),
                        fence: fence.cloned(),
                        ..entry
                    }));
                }
                // Sent with the others of its group, it may have found them written.
                Err(_) if in_doubt => answers.push(Err(WriteRefusal::OutcomeUnknown)),
                Err(refusal) => answers.push(Err(refusal)),
            }
        }
        if !records.is_empty() {
            self.with_journal(move |journal| journal.append(records)).await?;
            self.wake.notify_one();
        }
        Ok(answers)
    }

    /// The request that waits under a key, and its answer: what was accepted, and how many are before it now.
    #[must_use]
    pub fn waiting_under(&self, key: &RequestHash) -> Option<(RequestKey, PendingWrite)> {
        let journal = self.journal();
        let mut entries = journal.pending().iter().zip(0..);
        let found = entries.find_map(|(entry, ahead)| {
            Some((entry.once?, entry, ahead)).filter(|(once, ..)| once.key == *key)
        });
        found.map(|(once, entry, ahead)| (once, waits(entry, ahead)))
    }

    /// The entry for a batch. `group_waits` says which entry of this group wrote a state last, and whether it deletes it.
    fn entry(
        &self,
        writes: &[Write],
        sent_after: Option<Seq>,
        group_waits: &mut HashMap<StateKey, (String, bool)>,
        now: Timestamp,
    ) -> std::result::Result<Entry, WriteRefusal> {
        // The batch id is an id as good as any.
        let id = writes.iter().find_map(|write| write.batch_id.as_deref());
        let id = id.map_or_else(|| timed_id(now), str::to_owned);
        let mut kept = Vec::with_capacity(writes.len());
        for write in writes {
            let waiting = self.journal().waiting(&write.key);
            let before = group_waits.get(&write.key).cloned();
            let before = before
                .or_else(|| waiting.map(|waiting| (waiting.entry.id.clone(), waiting.write().is_delete())));
            if before.as_ref().is_some_and(|(_, deletes)| !may_follow(write.expectation, *deletes)) {
                return Err(WriteRefusal::StatePending(write.key.clone()));
            }
            // What was sent was decided by the store on the head that it had. Only what others wrote later is in its way.
            let base = if before.is_some() || sent_after.is_some() { None } else { self.base_of(&write.key) };
            let after = before.map_or(Before::Nothing, |(id, _)| Before::Entry(id));
            kept.push(EntryWrite::of(write, base, after).ok_or(WriteRefusal::NeedsStore)?);
        }
        // Only now: a refused batch is followed by nothing.
        group_waits.extend(kept.iter().map(|write| (write.key.clone(), (id.clone(), write.is_delete()))));
        Ok(Entry { number: 0, id, accepted_at: now, sent_after, once: None, fence: None, writes: kept })
    }

    fn base_of(&self, key: &StateKey) -> Option<VersionNumber> {
        let (head, _) = self.last_known(key)?;
        Some(head.map_or(VersionNumber::ZERO, |head| head.version))
    }
}

fn waits(entry: &Entry, ahead: u64) -> PendingWrite {
    PendingWrite {
        pending_id: entry.id.clone(),
        durable: "fallback".to_owned(),
        accepted_at: entry.taken_at(),
        ahead,
    }
}

/// Whether what a write expects can be true after one that waits, which may be a delete. A version cannot: what waits has
/// no number yet.
fn may_follow(expectation: Expectation, deletes: bool) -> bool {
    match expectation {
        Expectation::Any => true,
        Expectation::Present => !deletes,
        Expectation::Absent => deletes,
        Expectation::Version(_) => false,
    }
}
