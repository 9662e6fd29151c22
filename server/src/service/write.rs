//! Saving, deleting, bringing back, and several of those at once.

use std::sync::Arc;

use statehouse_core::api::{
    BatchItem, BatchOperation, BatchRequest, BatchResponse, ClientOperation, PutRequest, SaveRequest,
    StateView,
};
use statehouse_core::commit::{Change, Expectation, Outcome, Refusal, Write};
use statehouse_core::json::Document;
use statehouse_core::model::{StateKey, Verdict, Version, VersionNumber, Violation};

use super::precondition::Demand;
use super::{Precondition, Result, Service, ServiceError};
use crate::store::{NewRestore, WriteRefusal, WriteRequest, Written};

/// Who changes a state, why, and what must be true of it: for a delete and an undelete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeRequest {
    /// Who.
    pub user_id: Option<String>,
    /// Why.
    pub description: Option<String>,
    /// The version last seen.
    pub expected_version: Option<u64>,
    /// From the headers.
    pub precondition: Precondition,
}

/// The longest `user_id`, in bytes.
const AUTHOR_MAX_BYTES: usize = 256;
/// The longest `description`, in bytes.
const DESCRIPTION_MAX_BYTES: usize = 8 << 10;
/// The most writes of one batch.
const BATCH_MAX: usize = 10_000;

impl Service {
    /// Saves a state: `POST /states`.
    pub async fn save(&self, request: SaveRequest, precondition: &Precondition) -> Result<Outcome> {
        let key = StateKey { state_type: request.state_type, state_id: request.state_id };
        let demand = Demand {
            expected_version: request.expected_version,
            must_not_exist: request.operation == ClientOperation::Create,
            precondition,
        };
        let who = Signature::new(request.user_id, request.description)?;
        self.store_data(key, request.data, demand, who).await
    }

    /// Creates or replaces a state: `PUT /states/{state_id}`.
    pub async fn put(
        &self,
        key: StateKey,
        request: PutRequest,
        precondition: &Precondition,
    ) -> Result<Outcome> {
        let demand =
            Demand { expected_version: request.expected_version, must_not_exist: false, precondition };
        let who = Signature::new(request.user_id, request.description)?;
        self.store_data(key, request.data, demand, who).await
    }

    async fn store_data(
        &self,
        key: StateKey,
        data: Document,
        demand: Demand<'_>,
        who: Signature,
    ) -> Result<Outcome> {
        must_be_object(&data, "/data")?;
        let verdict = self.accept(&key, &data)?;
        let expectation = self.expectation(&key, demand).await?;
        let write = who.write(key, Change::Save(data), expectation, verdict);
        self.commit_one(write, demand.precondition).await
    }

    /// Writes a tombstone; the history stays. The tombstone is returned.
    pub async fn delete(&self, key: StateKey, request: ChangeRequest) -> Result<Version> {
        let demand = request.demand();
        let who = Signature::new(request.user_id.clone(), request.description.clone())?;
        let expectation = self.expectation(&key, demand).await?;
        let write = who.write(key, Change::Delete, expectation, Verdict::NotChecked);
        self.commit_one(write, demand.precondition).await.map(Outcome::into_version)
    }

    /// Writes the data from before the tombstone again.
    pub async fn undelete(&self, key: StateKey, request: ChangeRequest) -> Result<Version> {
        let demand = request.demand();
        let who = Signature::new(request.user_id.clone(), request.description.clone())?;
        let expected = self.expectation(&key, demand).await?;
        let tombstone =
            self.store.head(&key).await?.ok_or_else(|| ServiceError::StateNotFound(key.clone()))?;
        if !tombstone.is_deleted() {
            return Err(ServiceError::NotDeleted(Box::new(tombstone)));
        }
        let before = VersionNumber(tombstone.version.0 - 1);
        let data = self.store.version(&key, before).await?.and_then(|version| version.data);
        let data =
            data.ok_or_else(|| ServiceError::Internal(format!("{key} has no data before its tombstone")))?;
        let verdict = self.accept(&key, &data)?;
        // A demand that named a version is kept; else the tombstone just read must still be the head.
        let expectation = match expected {
            Expectation::Version(_) | Expectation::Present => expected,
            Expectation::Any | Expectation::Absent => Expectation::Version(tombstone.version),
        };
        let write = who.write(key, Change::Restore(data), expectation, verdict);
        self.commit_one(write, demand.precondition).await.map(Outcome::into_version)
    }

    /// Several writes, all or none: `POST /batch`.
    pub async fn batch(&self, request: BatchRequest) -> Result<BatchResponse> {
        check_batch(&request.items)?;
        let batch_id: Arc<str> = self.settings.ids.new_id(self.now()).into();
        let mut who = Signature::new(request.user_id, request.description)?;
        who.batch_id = Some(Arc::clone(&batch_id));
        let writes = self.batch_writes(request.items, &who)?;
        let (outcomes, _) = self.commit(writes, None).await?;
        let seq = outcomes.iter().map(|outcome| outcome.version().seq).max().unwrap_or_default();
        let results = outcomes.iter().map(view_of).collect();
        let seq = seq.max(self.events.last_seq());
        Ok(BatchResponse { batch_id: batch_id.to_string(), seq, results })
    }

    fn batch_writes(&self, items: Vec<BatchItem>, who: &Signature) -> Result<Vec<Write>> {
        let mut broken = Vec::new();
        let mut writes = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let key = StateKey { state_type: item.state_type, state_id: item.state_id };
            let expected = item.expected_version.map(VersionNumber);
            let expectation = expected.map_or(Expectation::Any, Expectation::Version);
            let Some(data) = item.data else {
                writes.push(who.write(key, Change::Delete, expectation, Verdict::NotChecked));
                continue;
            };
            match self.accept(&key, &data) {
                Ok(verdict) => writes.push(who.write(key, Change::Save(data), expectation, verdict)),
                Err(ServiceError::Invalid(violations)) => {
                    broken.extend(violations.into_iter().map(|(key, v)| (key, in_item(index, v))));
                }
                Err(error) => return Err(error),
            }
        }
        if broken.is_empty() { Ok(writes) } else { Err(ServiceError::Invalid(broken)) }
    }

    async fn commit_one(&self, write: Write, precondition: &Precondition) -> Result<Outcome> {
        let conditional = *precondition != Precondition::None;
        match self.commit(vec![write], None).await {
            Ok((mut outcomes, _)) => {
                outcomes.pop().ok_or_else(|| ServiceError::Internal("a write without an outcome".into()))
            }
            // The headers' demand was turned into an expectation: its failure is theirs.
            Err(ServiceError::Conflict(moved)) if conditional => {
                let moved = moved.into_iter().next();
                moved.map_or(Err(ServiceError::Conflict(Vec::new())), |moved| {
                    let head = moved.head.map(Box::new);
                    Err(ServiceError::PreconditionFailed { key: moved.key, head })
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Commits one atomic batch.
    pub(super) async fn commit(
        &self,
        writes: Vec<Write>,
        restore: Option<Box<NewRestore>>,
    ) -> Result<(Vec<Outcome>, Option<Box<statehouse_core::api::RestoreRecord>>)> {
        match self.writer.write(WriteRequest::Batch { writes, restore }).await? {
            Ok(Written::Batch { outcomes, restore }) => Ok((outcomes, restore)),
            Err(WriteRefusal::Batch(refusal)) => Err(match refusal {
                Refusal::Conflict(moved) => ServiceError::Conflict(moved),
                Refusal::NotFound(key) => ServiceError::StateNotFound(key),
                Refusal::AlreadyDeleted(tombstone) => ServiceError::StateDeleted(tombstone),
            }),
            Err(WriteRefusal::NothingToRestore) => Err(ServiceError::NothingToRestore),
            other => Err(ServiceError::Internal(format!("a batch was answered with {other:?}"))),
        }
    }
}

impl ChangeRequest {
    fn demand(&self) -> Demand<'_> {
        Demand {
            expected_version: self.expected_version,
            must_not_exist: false,
            precondition: &self.precondition,
        }
    }
}

/// Who writes and why, checked.
#[derive(Debug, Clone, Default)]
pub(super) struct Signature {
    pub(super) author: Option<Arc<str>>,
    pub(super) description: Option<Arc<str>>,
    pub(super) batch_id: Option<Arc<str>>,
}

impl Signature {
    pub(super) fn new(author: Option<String>, description: Option<String>) -> Result<Self> {
        let author = checked_text("/user_id", author, AUTHOR_MAX_BYTES)?;
        let description = checked_text("/description", description, DESCRIPTION_MAX_BYTES)?;
        Ok(Self { author, description, batch_id: None })
    }

    /// A reason, checked as a description is.
    pub(super) fn reason(text: &str) -> Result<Option<Arc<str>>> {
        checked_text("/reason", Some(text.to_owned()), DESCRIPTION_MAX_BYTES)
    }

    pub(super) fn write(
        &self,
        key: StateKey,
        change: Change,
        expectation: Expectation,
        verdict: Verdict,
    ) -> Write {
        Write {
            key,
            change,
            expectation,
            verdict,
            author: self.author.clone(),
            description: self.description.clone(),
            batch_id: self.batch_id.clone(),
        }
    }
}

fn checked_text(pointer: &str, text: Option<String>, max: usize) -> Result<Option<Arc<str>>> {
    let name = &pointer[1..];
    match text {
        Some(text) if text.len() > max => Err(ServiceError::body(
            pointer,
            "max_length",
            format!("{name} is {} bytes long, more than {max}", text.len()),
        )),
        Some(text) if text.contains('\0') => {
            Err(ServiceError::body(pointer, "nul", format!("{name} holds the character U+0000")))
        }
        text => Ok(text.map(Into::into)),
    }
}

pub(super) fn must_be_object(data: &Document, pointer: &str) -> Result<()> {
    if data.text().starts_with('{') {
        Ok(())
    } else {
        Err(ServiceError::body(pointer, "type", "data must be a JSON object"))
    }
}

fn check_batch(items: &[BatchItem]) -> Result<()> {
    if items.is_empty() {
        return Err(ServiceError::body("/items", "min_items", "a batch needs at least one item"));
    }
    if items.len() > BATCH_MAX {
        let message = format!("a batch takes at most {BATCH_MAX} items, this one has {}", items.len());
        return Err(ServiceError::body("/items", "max_items", message));
    }
    let mut seen = std::collections::HashSet::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        if !seen.insert((&item.state_type, &item.state_id)) {
            let message = format!("{} {} is in the batch twice", item.state_type, item.state_id);
            return Err(ServiceError::body(&format!("/items/{index}"), "unique", message));
        }
        let pointer = format!("/items/{index}/data");
        match (item.op, &item.data) {
            (BatchOperation::Save, Some(data)) => must_be_object(data, &pointer)?,
            (BatchOperation::Save, None) => {
                return Err(ServiceError::body(&pointer, "required", "a save needs data"));
            }
            (BatchOperation::Delete, Some(_)) => {
                return Err(ServiceError::body(&pointer, "unexpected", "a delete takes no data"));
            }
            (BatchOperation::Delete, None) => {}
        }
    }
    Ok(())
}

fn in_item(index: usize, violation: Violation) -> Violation {
    Violation { pointer: format!("/items/{index}/data{}", violation.pointer), ..violation }
}

fn view_of(outcome: &Outcome) -> StateView {
    let unchanged = matches!(outcome, Outcome::Unchanged(_));
    StateView { unchanged, ..StateView::of(outcome.version()) }
}
