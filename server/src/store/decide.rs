//! What a group of requests writes, worked out in memory: the same for every backend, which only has to read what the
//! group needs to know and to write what comes out.

use std::collections::{HashMap, HashSet};

use stateloft_core::api::RestoreRecord;
use stateloft_core::commit::{Outcome, Refusal, Terms, Tip, TooMuch, Write, decide, decide_on_terms};
use stateloft_core::diff::summarise;
use stateloft_core::hash::RequestHash;
use stateloft_core::model::{Seq, Snapshot, SnapshotId, SnapshotKind, StateKey, Timestamp, Version};

use super::closing::Asked;
use super::newcomers::Passed;
use super::receipt::{Did, Receipt, Receipts};
use super::{NewRestore, NewSnapshot, Told, WriteRefusal, WriteRequest, Written};
use crate::heavy;

/// The start of every name given to a snapshot that a restore takes first.
pub(super) const BEFORE_RESTORE: &str = "before-restore-";

/// What must be known before a group can be decided.
#[derive(Debug, Default)]
pub(super) struct Needs<'a> {
    /// States whose heads are needed.
    pub(super) heads: HashSet<&'a StateKey>,
    /// Requests that close what they do not name: the heads of living states there are needed as well.
    pub(super) closings: Vec<Asked<'a>>,
    /// Snapshots that are needed, as far as they exist.
    pub(super) snapshots: HashSet<&'a SnapshotId>,
    /// Keys whose receipts are needed, as far as they exist.
    pub(super) receipts: HashSet<&'a RequestHash>,
    /// Of requests before which runs were asked, who was: what runs have written since the earliest is needed.
    pub(super) told: Vec<&'a Told>,
    /// Whether every snapshot whose name starts with [`BEFORE_RESTORE`] is needed too.
    pub(super) before_restore: bool,
}

impl<'a> Needs<'a> {
    pub(super) fn of(group: &'a [WriteRequest]) -> Self {
        let mut needs = Self::default();
        for (nth, request) in group.iter().enumerate() {
            let (request, key) = request.parts();
            needs.receipts.extend(key.map(|key| &key.key));
            match request {
                WriteRequest::Batch { writes, restore } => {
                    needs.heads.extend(writes.iter().map(|write| &write.key));
                    let beside = restore.iter().flat_map(|restore| &restore.beside);
                    needs.heads.extend(beside.map(|write| &write.key));
                    needs.told.extend(restore.iter().map(|restore| &restore.told));
                    needs.before_restore |= restore.is_some();
                }
                WriteRequest::Import { writes, .. } => {
                    needs.heads.extend(writes.iter().map(|write| &write.key));
                }
                WriteRequest::OnTerms { writes, terms, told } => {
                    needs.heads.extend(terms.named(writes));
                    needs.told.extend(told);
                    needs.closings.extend(Asked::of(nth, writes, terms));
                }
                WriteRequest::CreateSnapshot(snapshot) => {
                    needs.snapshots.insert(&snapshot.id);
                }
                WriteRequest::DeleteSnapshot(id) => {
                    needs.snapshots.insert(id);
                }
                WriteRequest::AdoptSnapshot(snapshot) => {
                    needs.snapshots.insert(&snapshot.id);
                }
                // A record says everything itself, and what is done once is one of the others.
                WriteRequest::AdoptRestore(_) | WriteRequest::Once(..) => {}
            }
        }
        needs
    }

    /// The seq from which on it is needed what runs have written, if it is.
    pub(super) fn passed_since(&self) -> Option<Seq> {
        self.told.iter().map(|told| told.seq).min()
    }
}

/// What is known while a group is decided; moves on from request to request.
#[derive(Debug)]
pub(super) struct Known {
    /// The end of the log.
    pub(super) tip: Tip,
    /// The heads needed, as far as they exist, and those of all living states of which some are closed.
    pub(super) heads: HashMap<StateKey, Version>,
    /// The requests that would close more than one may: what lives there is not among the heads.
    pub(super) crowded: HashSet<usize>,
    /// The snapshots needed, as far as they exist.
    pub(super) snapshots: HashMap<SnapshotId, Snapshot>,
    /// The receipts needed, as far as they exist.
    pub(super) receipts: Receipts,
    /// What was written since those were asked who held what a restore writes, as far as a run began or wrote it; `None` if that is more
    /// than is looked through.
    pub(super) passed: Option<Vec<Passed>>,
}

/// A change to the list of snapshots.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SnapshotChange {
    Made(Snapshot),
    Forgotten(SnapshotId),
}

/// What a group writes.
#[derive(Debug, Default)]
pub(super) struct Decided {
    /// One answer a request.
    pub(super) answers: Vec<Result<Written, WriteRefusal>>,
    /// New versions, by seq.
    pub(super) versions: Vec<Version>,
    /// Changes to the list of snapshots, in order.
    pub(super) snapshots: Vec<SnapshotChange>,
    /// New restores, in order.
    pub(super) restores: Vec<RestoreRecord>,
    /// Receipts of requests with a key, in order.
    pub(super) receipts: Vec<Receipt>,
}

impl Decided {
    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.versions.is_empty()
            && self.snapshots.is_empty()
            && self.restores.is_empty()
            && self.receipts.is_empty()
    }
}

/// Decides each request in order; a refused one changes nothing for the next.
pub(super) fn decide_group(group: &[WriteRequest], known: Known, now: Timestamp) -> Decided {
    let looked_at: usize =
        if group.iter().any(is_on_terms) { known.heads.values().map(Version::size).sum() } else { 0 };
    let bytes = group.iter().map(WriteRequest::data_bytes).sum::<usize>() + looked_at;
    heavy::work(bytes, || decide_each(group, known, now))
}

fn is_on_terms(request: &WriteRequest) -> bool {
    matches!(request.parts().0, WriteRequest::OnTerms { .. })
}

fn decide_each(group: &[WriteRequest], mut known: Known, now: Timestamp) -> Decided {
    let mut decided = Decided::default();
    for (nth, request) in group.iter().enumerate() {
        let (request, key) = request.parts();
        let free = key.map_or(Ok(()), |key| known.receipts.check(key, now));
        let free = free.and_then(|()| known.has_room_for(nth));
        let answer = free.and_then(|()| decided.decide(request, &mut known, now));
        let did = answer.as_ref().ok().and_then(|written| Did::of(request, written, known.tip.seq));
        if let (Some(key), Some(did)) = (key, did) {
            let receipt = Receipt { key: *key, at: now, did };
            known.receipts.add(receipt.clone());
            decided.receipts.push(receipt);
        }
        decided.answers.push(answer);
    }
    decided
}

impl Decided {
    fn decide(
        &mut self,
        request: &WriteRequest,
        known: &mut Known,
        now: Timestamp,
    ) -> Result<Written, WriteRefusal> {
        match request {
            WriteRequest::Batch { writes, restore: None } | WriteRequest::Import { writes, .. } => {
                let outcomes = known.batch(writes, now)?;
                self.keep(&outcomes);
                Ok(Written::Batch { outcomes, restore: None })
            }
            WriteRequest::OnTerms { writes, terms, told } => {
                if let Some(told) = told {
                    let before = self.versions.iter().filter_map(Passed::of);
                    known.nobody_has_come(writes, told, before)?;
                }
                let outcomes = known.on_terms(writes, terms, now)?;
                self.keep(&outcomes);
                Ok(Written::Batch { outcomes, restore: None })
            }
            WriteRequest::Batch { writes, restore: Some(restore) } => {
                let before = self.versions.iter().filter_map(Passed::of);
                known.nobody_has_come(writes, &restore.told, before)?;
                let (outcomes, record, snapshot) = known.restore(writes, restore, now)?;
                self.keep(&outcomes);
                self.snapshots.push(SnapshotChange::Made(snapshot));
                self.restores.push(record.clone());
                Ok(Written::Batch { outcomes, restore: Some(Box::new(record)) })
            }
            WriteRequest::CreateSnapshot(snapshot) => {
                let snapshot = known.create_snapshot(snapshot, now)?;
                self.snapshots.push(SnapshotChange::Made(snapshot.clone()));
                Ok(Written::Snapshot(snapshot))
            }
            WriteRequest::DeleteSnapshot(id) => match known.snapshots.remove(id) {
                Some(snapshot) => {
                    self.snapshots.push(SnapshotChange::Forgotten(id.clone()));
                    Ok(Written::SnapshotDeleted(snapshot))
                }
                None => Err(WriteRefusal::SnapshotNotFound(id.clone())),
            },
            WriteRequest::AdoptSnapshot(snapshot) => {
                known.adopt_snapshot(snapshot)?;
                self.snapshots.push(SnapshotChange::Made(snapshot.clone()));
                Ok(Written::Snapshot(snapshot.clone()))
            }
            WriteRequest::AdoptRestore(record) => {
                known.has_reached(record.last_seq)?;
                self.restores.push((**record).clone());
                Ok(Written::Batch { outcomes: Vec::new(), restore: Some(record.clone()) })
            }
            WriteRequest::Once(_, request) => self.decide(request, known, now),
        }
    }

    fn keep(&mut self, outcomes: &[Outcome]) {
        self.versions.extend(outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Written(version) => Some(version.clone()),
            Outcome::Unchanged(_) => None,
        }));
    }
}

impl Known {
    /// Refuses a request that would close more than one may.
    fn has_room_for(&self, nth: usize) -> Result<(), WriteRefusal> {
        let crowded = self.crowded.contains(&nth);
        if crowded { Err(WriteRefusal::Batch(Refusal::TooMuch(TooMuch::ToClose))) } else { Ok(()) }
    }

    fn batch(&mut self, writes: &[Write], now: Timestamp) -> Result<Vec<Outcome>, WriteRefusal> {
        decide(writes, &mut self.tip, &mut self.heads, now, &summarise).map_err(WriteRefusal::Batch)
    }

    fn on_terms(
        &mut self,
        writes: &[Write],
        terms: &Terms,
        now: Timestamp,
    ) -> Result<Vec<Outcome>, WriteRefusal> {
        let decided = decide_on_terms(writes, terms, &mut self.tip, &mut self.heads, now, &summarise);
        decided.map_err(WriteRefusal::Batch)
    }

    /// Refuses writes when a run has come that was not asked; `before` is what the group has written in front of them.
    fn nobody_has_come(
        &self,
        writes: &[Write],
        told: &Told,
        mut before: impl Iterator<Item = Passed>,
    ) -> Result<(), WriteRefusal> {
        let passed = self.passed.as_ref().ok_or(WriteRefusal::RunsHaveCome)?;
        let keys: HashSet<&StateKey> = writes.iter().map(|write| &write.key).collect();
        let is_one = |passed: &Passed| passed.is_newcomer(told, &keys);
        let come = passed.iter().any(is_one) || before.any(|passed| is_one(&passed));
        if come { Err(WriteRefusal::RunsHaveCome) } else { Ok(()) }
    }

    fn restore(
        &mut self,
        writes: &[Write],
        new: &NewRestore,
        now: Timestamp,
    ) -> Result<(Vec<Outcome>, RestoreRecord, Snapshot), WriteRefusal> {
        let before = self.tip;
        // Letters and digits are always a name, and numbers do not run out: there is one.
        let id = self.before_restore_name(before.seq).ok_or(WriteRefusal::NothingToRestore)?;
        let all: Vec<Write> = writes.iter().chain(&new.beside).cloned().collect();
        let outcomes = self.batch(if new.beside.is_empty() { writes } else { &all }, now)?;
        let own = outcomes.iter().take(writes.len());
        let last = own.filter(|outcome| outcome.is_written()).map(Outcome::version).next_back();
        let Some((last_seq, timestamp)) = last.map(|last| (last.seq, last.recorded_at)) else {
            return Err(WriteRefusal::NothingToRestore);
        };
        let snapshot = Snapshot {
            id,
            seq: before.seq,
            description: Some(new.reason.as_str().into()),
            author: new.author.clone(),
            created_at: now.max(before.recorded_at),
            kind: SnapshotKind::BeforeRestore,
        };
        self.snapshots.insert(snapshot.id.clone(), snapshot.clone());
        let record = RestoreRecord {
            restore_id: new.restore_id.to_string(),
            plan: new.plan.clone(),
            target: new.target.clone(),
            target_seq: new.target_seq,
            scope: new.scope.clone(),
            counts: new.counts,
            first_seq: before.seq.next(),
            last_seq,
            snapshot_before: snapshot.id.clone(),
            timestamp,
            user_id: new.author.as_deref().map(str::to_owned),
            reason: new.reason.clone(),
            undoes: new.undoes.clone(),
        };
        Ok((outcomes, record, snapshot))
    }

    /// `before-restore-<seq>`, with a number behind it where somebody took that name.
    fn before_restore_name(&self, seq: Seq) -> Option<SnapshotId> {
        let numbered = (2_u64..).map(|number| format!("{BEFORE_RESTORE}{seq}-{number}"));
        std::iter::once(format!("{BEFORE_RESTORE}{seq}"))
            .chain(numbered)
            .filter_map(|name| SnapshotId::new(&name).ok())
            .find(|name| !self.snapshots.contains_key(name))
    }

    fn create_snapshot(&mut self, new: &NewSnapshot, now: Timestamp) -> Result<Snapshot, WriteRefusal> {
        if let Some(there) = self.snapshots.get(&new.id) {
            return Err(WriteRefusal::SnapshotExists(there.clone()));
        }
        self.has_reached(new.seq.unwrap_or(self.tip.seq))?;
        let snapshot = Snapshot {
            id: new.id.clone(),
            seq: new.seq.unwrap_or(self.tip.seq),
            description: new.description.clone(),
            author: new.author.clone(),
            created_at: now.max(self.tip.recorded_at),
            kind: new.kind,
        };
        self.snapshots.insert(snapshot.id.clone(), snapshot.clone());
        Ok(snapshot)
    }

    fn adopt_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), WriteRefusal> {
        if let Some(there) = self.snapshots.get(&snapshot.id) {
            return Err(WriteRefusal::SnapshotExists(there.clone()));
        }
        self.has_reached(snapshot.seq)?;
        self.snapshots.insert(snapshot.id.clone(), snapshot.clone());
        Ok(())
    }

    fn has_reached(&self, seq: Seq) -> Result<(), WriteRefusal> {
        if seq <= self.tip.seq { Ok(()) } else { Err(WriteRefusal::NotThereYet(self.tip.seq)) }
    }
}
