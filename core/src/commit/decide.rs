//! Turns a batch of writes into versions, or says why nothing may be written.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use super::adopt::adopted;
use super::{Expectation, Foreseen, HeadMoved, Refusal, Terms};
use crate::hash::{ChainHash, ContentHash, Link};
use crate::json::Document;
use crate::model::{ChangeSummary, Operation, Origin, Seq, StateKey, StateType, Timestamp, Verdict, Version};

/// The end of the log: what the next version continues from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tip {
    /// The last seq given out.
    pub seq: Seq,
    /// The chain hash of that version.
    pub chain_hash: ChainHash,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

impl Tip {
    /// The tip of an empty store.
    pub const START: Self =
        Self { seq: Seq::ZERO, chain_hash: ChainHash::START, recorded_at: Timestamp::from_micros(0) };
}

/// What to do to a state.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Store this data: `create` where there is no live state, else `update`.
    Save(Document),
    /// Store the data of an earlier moment: always `restore`.
    Restore(Document),
    /// Write a tombstone.
    Delete,
    /// Store what another store kept as a version of its own: a version here, too, even where the data equals the head's.
    Record {
        /// The data.
        data: Document,
        /// Whether it was the data of an earlier moment there: `restore`; else as [`Change::Save`].
        restored: bool,
    },
    /// Store once more what the state held before the batch, with the verdict that it had: `restore`, or a tombstone if it was
    /// deleted. It is for the end of a batch that puts something into the state's history: whatever the head is by then stays.
    Keep,
    /// Take in this version of another store exactly as it is. It must be the one that follows the end of the log.
    Adopt(Box<Version>),
}

impl Change {
    /// The data to store; `None` for a tombstone.
    #[must_use]
    pub fn data(&self) -> Option<&Document> {
        match self {
            Self::Save(data) | Self::Restore(data) | Self::Record { data, .. } => Some(data),
            Self::Adopt(version) => version.data.as_ref(),
            // What is kept is known when it is decided.
            Self::Delete | Self::Keep => None,
        }
    }
}

/// One write of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// Which state.
    pub key: StateKey,
    /// What to do to it.
    pub change: Change,
    /// What must be true of its head.
    pub expectation: Expectation,
    /// What validation said of the data.
    pub verdict: Verdict,
    /// Who.
    pub author: Option<Arc<str>>,
    /// Why.
    pub description: Option<Arc<str>>,
    /// The atomic batch this write belongs to, when it has several.
    pub batch_id: Option<Arc<str>>,
    /// Where it comes from.
    pub origin: Option<Arc<Origin>>,
    /// What was worked out of it ahead, if anything was.
    pub foreseen: Option<Arc<Foreseen>>,
    /// What is written instead where the head is not as expected; without it that is a conflict.
    pub rebase: Option<Rebasing>,
}

impl Write {
    /// Takes in a version of another store. Everything that a write says else is said by the version.
    #[must_use]
    pub fn adopting(version: Version) -> Self {
        Self {
            key: version.key.clone(),
            change: Change::Adopt(Box::new(version)),
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
}

/// What became of one write.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A new version.
    Written(Version),
    /// The data equals the head's: no version was made. The head is returned.
    Unchanged(Version),
}

impl Outcome {
    /// The version that is the head after the write.
    #[must_use]
    pub fn version(&self) -> &Version {
        match self {
            Self::Written(version) | Self::Unchanged(version) => version,
        }
    }

    /// Whether a version was made.
    #[must_use]
    pub fn is_written(&self) -> bool {
        matches!(self, Self::Written(_))
    }

    /// The version itself.
    #[must_use]
    pub fn into_version(self) -> Version {
        match self {
            Self::Written(version) | Self::Unchanged(version) => version,
        }
    }
}

/// How versions are compared in brief; see [`crate::model::ChangeSummary`].
pub type Summarise<'a> = &'a dyn Fn(&StateType, Option<&Document>, Option<&Document>) -> ChangeSummary;

/// What a write means for a head that nobody expected.
pub trait Rebase: std::fmt::Debug + Send + Sync {
    /// What is to be written onto this head.
    fn onto(&self, head: &Version) -> Onto;
}

/// What is to be written onto a head.
#[derive(Debug, Clone, PartialEq)]
pub enum Onto {
    /// This, of which validation says that.
    Write(Change, Verdict),
    /// Nothing: it is so already.
    Nothing,
    /// Nothing may be written: what moved is what the write was about.
    Moved,
}

/// A shared [`Rebase`]. Two are equal if they are the same one.
#[derive(Debug, Clone)]
pub struct Rebasing(pub Arc<dyn Rebase>);

impl PartialEq for Rebasing {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Decides one atomic batch. On success the heads and the tip are moved on; on refusal they are as before.
///
/// `heads` must hold the head (tombstones too) of every state the batch names, as far as it exists. A batch that names
/// a state twice sees its own earlier write.
pub fn decide<S: BuildHasher>(
    batch: &[Write],
    tip: &mut Tip,
    heads: &mut HashMap<StateKey, Version, S>,
    now: Timestamp,
    summarise: Summarise<'_>,
) -> Result<Vec<Outcome>, Refusal> {
    check_expectations(batch, heads)?;
    decide_each(batch.iter(), tip, heads, now, summarise)
}

/// As [`decide`], of a batch that is written on terms. What is closed follows what the batch writes, in the same commit, and so
/// do the outcomes.
///
/// `heads` must hold the heads of the states that are checked as well, as far as they exist, and those of all living states in
/// the terms' closings.
pub fn decide_on_terms<S: BuildHasher>(
    batch: &[Write],
    terms: &Terms,
    tip: &mut Tip,
    heads: &mut HashMap<StateKey, Version, S>,
    now: Timestamp,
    summarise: Summarise<'_>,
) -> Result<Vec<Outcome>, Refusal> {
    // First of all: what a run that has lost its lease expects is of a world that its successor has moved.
    terms.stop_who_lost(heads)?;
    check_expectations(batch, heads)?;
    terms.check(heads)?;
    let closed = terms.deletes(batch, heads)?;
    decide_each(batch.iter().chain(&closed), tip, heads, now, summarise)
}

fn decide_each<'w, S: BuildHasher>(
    writes: impl Iterator<Item = &'w Write>,
    tip: &mut Tip,
    heads: &mut HashMap<StateKey, Version, S>,
    now: Timestamp,
    summarise: Summarise<'_>,
) -> Result<Vec<Outcome>, Refusal> {
    let mut new_tip = *tip;
    let mut moved: HashMap<StateKey, Version> = HashMap::new();
    let mut outcomes = Vec::with_capacity(writes.size_hint().0);
    for write in writes {
        let before = heads.get(&write.key);
        let head = moved.get(&write.key).or(before);
        let kept = matches!(write.change, Change::Keep).then(|| keeping(write, before)).transpose()?;
        let outcome = match rebased(kept.as_ref().unwrap_or(write), head)? {
            Some(write) => decide_one(&write, head, &new_tip, now, summarise)?,
            None => Outcome::Unchanged(head.cloned().ok_or_else(|| conflict(write, None))?),
        };
        if let Outcome::Written(version) = &outcome {
            new_tip =
                Tip { seq: version.seq, chain_hash: version.chain_hash, recorded_at: version.recorded_at };
            moved.insert(write.key.clone(), version.clone());
        }
        outcomes.push(outcome);
    }
    *tip = new_tip;
    heads.extend(moved);
    Ok(outcomes)
}

fn check_expectations<S: BuildHasher>(
    batch: &[Write],
    heads: &HashMap<StateKey, Version, S>,
) -> Result<(), Refusal> {
    let moved: Vec<HeadMoved> = batch
        .iter()
        .filter(|write| write.rebase.is_none() && !write.expectation.holds(heads.get(&write.key)))
        .map(|write| head_moved(write, heads.get(&write.key)))
        .collect();
    if moved.is_empty() { Ok(()) } else { Err(Refusal::Conflict(moved)) }
}

fn head_moved(write: &Write, head: Option<&Version>) -> HeadMoved {
    HeadMoved { key: write.key.clone(), expected: write.expectation, head: head.cloned() }
}

fn conflict(write: &Write, head: Option<&Version>) -> Refusal {
    Refusal::Conflict(vec![head_moved(write, head)])
}

/// What a [`Change::Keep`] writes, where this was the head before the batch.
fn keeping(write: &Write, before: Option<&Version>) -> Result<Write, Refusal> {
    let before = before.ok_or_else(|| Refusal::NotFound(write.key.clone()))?;
    let change = before.data.clone().map_or(Change::Delete, Change::Restore);
    Ok(Write { change, verdict: before.verdict.clone(), ..write.clone() })
}

/// The write as it is onto this head; `None` if there is nothing to write onto it.
fn rebased<'w>(write: &'w Write, head: Option<&Version>) -> Result<Option<Cow<'w, Write>>, Refusal> {
    let Some(Rebasing(rebase)) = write.rebase.as_ref().filter(|_| !write.expectation.holds(head)) else {
        return Ok(Some(Cow::Borrowed(write)));
    };
    match head.map_or(Onto::Moved, |head| rebase.onto(head)) {
        Onto::Write(change, verdict) => {
            Ok(Some(Cow::Owned(Write { change, verdict, foreseen: None, ..write.clone() })))
        }
        Onto::Nothing => Ok(None),
        Onto::Moved => Err(conflict(write, head)),
    }
}

fn decide_one(
    write: &Write,
    head: Option<&Version>,
    tip: &Tip,
    now: Timestamp,
    summarise: Summarise<'_>,
) -> Result<Outcome, Refusal> {
    let live = head.is_some_and(|head| !head.is_deleted());
    let operation = match (&write.change, head) {
        (Change::Restore(_) | Change::Record { restored: true, .. }, _) => Operation::Restore,
        (Change::Save(_) | Change::Record { .. }, _) if live => Operation::Update,
        (Change::Save(_) | Change::Record { .. }, _) => Operation::Create,
        (Change::Adopt(version), _) => return adopted(version, head, tip).map(Outcome::Written),
        // It has become one of the others.
        (Change::Keep, _) | (Change::Delete, None) => return Err(Refusal::NotFound(write.key.clone())),
        (Change::Delete, Some(head)) if !live => return Err(Refusal::AlreadyDeleted(Box::new(head.clone()))),
        (Change::Delete, Some(_)) => Operation::Delete,
    };
    let data = write.change.data();
    if let (Some(head), Some(data)) = (head, data)
        && head.data.as_ref() == Some(data)
        && !matches!(write.change, Change::Record { .. })
    {
        return Ok(Outcome::Unchanged(head.clone()));
    }
    let foreseen = write.foreseen.as_ref().filter(|_| data.is_some());
    let change = foreseen.and_then(|foreseen| foreseen.change_from(head)).unwrap_or_else(|| {
        let old = head.and_then(|head| head.data.as_ref());
        summarise(&write.key.state_type, old, data)
    });
    Ok(Outcome::Written(new_version(write, head, tip, now, operation, data.cloned(), change)))
}

fn new_version(
    write: &Write,
    head: Option<&Version>,
    tip: &Tip,
    now: Timestamp,
    operation: Operation,
    data: Option<Document>,
    change: ChangeSummary,
) -> Version {
    let content_hash = data.as_ref().map(|data| {
        write.foreseen.as_ref().map_or_else(|| ContentHash::of(data), |foreseen| foreseen.content_hash())
    });
    let verdict = if data.is_some() { write.verdict.clone() } else { Verdict::NotChecked };
    let seq = tip.seq.next();
    let version = head.map(|head| head.version).unwrap_or_default().next();
    let recorded_at = tip.recorded_at.not_before(now);
    let chain_hash = tip.chain_hash.followed_by(&Link {
        seq,
        key: &write.key,
        version,
        operation,
        content_hash: content_hash.as_ref(),
        recorded_at,
        author: write.author.as_deref(),
        description: write.description.as_deref(),
        batch_id: write.batch_id.as_deref(),
        verdict: &verdict,
        origin: write.origin.as_deref(),
    });
    Version {
        seq,
        key: write.key.clone(),
        version,
        operation,
        data,
        content_hash,
        chain_hash,
        recorded_at,
        author: write.author.clone(),
        description: write.description.clone(),
        batch_id: write.batch_id.clone(),
        origin: write.origin.clone(),
        verdict,
        change,
        damaged: None,
    }
}
