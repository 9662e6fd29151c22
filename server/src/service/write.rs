//! Saving, deleting, bringing back, and several of those at once.

use std::sync::Arc;

use stateloft_core::api::{ClientOperation, FieldError, Originated, PutRequest, RestoreRecord, SaveRequest};
use stateloft_core::commit::{Change, Expectation, Fence, Foreseen, Outcome, Refusal, Terms, Write};
use stateloft_core::diff::summarise;
use stateloft_core::json::{Document, ENCODED_TWICE, Kind, is_encoded_twice};
use stateloft_core::model::{Origin, StateKey, Verdict, Version, VersionNumber};

use super::checks;
use super::once::keyed;
use super::precondition::Demand;
use super::signature::Signature;
use super::{Precondition, Result, Service, ServiceError};
use crate::heavy;
use crate::store::{ImportSaid, NewRestore, StoreError, Told, WriteRefusal, WriteRequest, Written};

/// Who changes a state, why, and what must be true of it: for a delete and an undelete.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeRequest {
    /// Who.
    pub user_id: Option<String>,
    /// Why.
    pub description: Option<String>,
    /// Where the write comes from.
    pub origin: Origin,
    /// The number of the run that writes, which must hold its lease.
    pub epoch: Option<u64>,
    /// The version last seen.
    pub expected_version: Option<u64>,
    /// From the headers.
    pub precondition: Precondition,
}

impl Service {
    /// Saves a state: `POST /states`.
    pub async fn save(&self, request: SaveRequest, precondition: &Precondition) -> Result<Outcome> {
        let origin = request.origin();
        let key = StateKey { state_type: request.state_type, state_id: request.state_id };
        let demand = Demand {
            expected_version: request.expected_version,
            must_not_exist: request.operation == ClientOperation::Create,
            precondition,
        };
        let who =
            Signature::new(request.user_id, request.description)?.from(origin)?.within(request.epoch)?;
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
        let origin = request.origin();
        let who =
            Signature::new(request.user_id, request.description)?.from(origin)?.within(request.epoch)?;
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
        self.accept_types(std::iter::once(&key), |_| "/state_type".to_owned()).await?;
        let verdict = self.accept(&key, &data)?;
        let expectation = self.expectation(&key, demand).await?;
        let write = who.write(key, Change::Save(data), expectation, verdict);
        self.commit_one(write, demand.precondition, who.fence).await
    }

    /// Writes a tombstone; the history stays. The tombstone is returned.
    pub async fn delete(&self, key: StateKey, request: ChangeRequest) -> Result<Version> {
        let demand = request.demand();
        let who = Signature::new(request.user_id.clone(), request.description.clone())?
            .from(request.origin.clone())?
            .within(request.epoch)?;
        let expectation = self.expectation(&key, demand).await?;
        let write = who.write(key, Change::Delete, expectation, Verdict::NotChecked);
        self.commit_one(write, demand.precondition, who.fence).await.map(Outcome::into_version)
    }

    /// Writes the data from before the tombstone again.
    pub async fn undelete(&self, key: StateKey, request: ChangeRequest) -> Result<Version> {
        let demand = request.demand();
        let who = Signature::new(request.user_id.clone(), request.description.clone())?
            .from(request.origin.clone())?
            .within(request.epoch)?;
        let expected = self.expectation(&key, demand).await?;
        let tombstone =
            self.store.head(&key).await?.ok_or_else(|| ServiceError::StateNotFound(key.clone()))?;
        let tombstone = StoreError::unless_damaged(tombstone)?;
        if !tombstone.is_deleted() {
            return Err(ServiceError::NotDeleted(Box::new(tombstone)));
        }
        let before = VersionNumber(tombstone.version.0 - 1);
        let last = self.store.version(&key, before).await?.map(StoreError::unless_damaged).transpose()?;
        let data = last.and_then(|version| version.data);
        let data =
            data.ok_or_else(|| ServiceError::Internal(format!("{key} has no data before its tombstone")))?;
        let verdict = self.accept(&key, &data)?;
        // A demand that named a version is kept; else the tombstone just read must still be the head.
        let expectation = match expected {
            Expectation::Version(_) | Expectation::Present => expected,
            Expectation::Any | Expectation::Absent => Expectation::Version(tombstone.version),
        };
        let write = who.write(key, Change::Restore(data), expectation, verdict);
        self.commit_one(write, demand.precondition, who.fence).await.map(Outcome::into_version)
    }

    async fn commit_one(
        &self,
        write: Write,
        precondition: &Precondition,
        fence: Option<Fence>,
    ) -> Result<Outcome> {
        let conditional = *precondition != Precondition::None;
        let done = match fence {
            None => self.commit(vec![write], None).await.map(|(outcomes, _)| outcomes),
            fence => {
                let terms = Box::new(Terms { fence, ..Terms::default() });
                self.commit_on_terms(vec![write], terms).await
            }
        };
        match done {
            Ok(mut outcomes) => {
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
    ) -> Result<(Vec<Outcome>, Option<Box<RestoreRecord>>)> {
        self.commit_as(writes, |writes| WriteRequest::Batch { writes, restore }).await
    }

    /// Commits one atomic batch that is an import.
    pub(super) async fn commit_import(&self, writes: Vec<Write>, said: ImportSaid) -> Result<Vec<Outcome>> {
        let said = Box::new(said);
        let done = self.commit_as(writes, |writes| WriteRequest::Import { writes, said }).await;
        done.map(|(outcomes, _)| outcomes)
    }

    /// Commits one atomic batch on terms. The outcomes of what it closes are behind those of its writes.
    pub(super) async fn commit_on_terms(
        &self,
        writes: Vec<Write>,
        terms: Box<Terms>,
    ) -> Result<Vec<Outcome>> {
        self.commit_told(writes, terms, None).await
    }

    /// The same, unless a run has come since live runs were asked.
    pub(super) async fn commit_told(
        &self,
        writes: Vec<Write>,
        terms: Box<Terms>,
        told: Option<Told>,
    ) -> Result<Vec<Outcome>> {
        let done = self.commit_as(writes, |writes| WriteRequest::OnTerms { writes, terms, told }).await;
        done.map(|(outcomes, _)| outcomes).map_err(|error| match error {
            ServiceError::NeedsStore => ServiceError::TermsNeedStore,
            other => other,
        })
    }

    async fn commit_as(
        &self,
        mut writes: Vec<Write>,
        request: impl FnOnce(Vec<Write>) -> WriteRequest,
    ) -> Result<(Vec<Outcome>, Option<Box<RestoreRecord>>)> {
        if self.settings.resilience.fallback.is_some() && writes.iter().any(|write| write.batch_id.is_none())
        {
            // By its id the journal finds a write again of which the store did not say what became of it.
            let id: Arc<str> = self.settings.ids.new_id(self.now()).into();
            for write in &mut writes {
                write.batch_id = Some(Arc::clone(&id));
            }
        }
        for write in &mut writes {
            self.foresee(write).await;
        }
        match self.writer.write(keyed(request(writes))).await? {
            Ok(Written::Batch { outcomes, restore }) => Ok((outcomes, restore)),
            Ok(Written::Pending(pending)) => Err(ServiceError::Deferred(pending)),
            Err(WriteRefusal::StatePending(key)) => Err(ServiceError::StatePending(key)),
            Err(WriteRefusal::NeedsStore) => Err(ServiceError::NeedsStore),
            Err(WriteRefusal::OutcomeUnknown) => Err(ServiceError::OutcomeUnknown),
            Err(WriteRefusal::Batch(refusal)) => Err(match refusal {
                Refusal::Conflict(moved) => ServiceError::Conflict(moved),
                Refusal::ChecksFailed(failed) => checks::not_holding(failed),
                Refusal::LeaseLost { fence, session } => self.lost(&fence, session.as_deref()).await,
                Refusal::RunPaused { fence, pause } => Self::run_paused(&fence, &pause),
                Refusal::TooMuch(what) => ServiceError::TooLarge(what.to_string()),
                Refusal::NotFound(key) => ServiceError::StateNotFound(key),
                Refusal::AlreadyDeleted(tombstone) => ServiceError::StateDeleted(tombstone),
                misfit @ Refusal::DoesNotFollow { .. } => {
                    ServiceError::Internal(format!("a write was answered with {misfit:?}"))
                }
            }),
            Err(WriteRefusal::WrittenBefore) => Err(ServiceError::WrittenBefore),
            Err(WriteRefusal::KeyTaken) => Err(ServiceError::KeyTaken),
            // The plan is worked out again, and whoever has come is asked.
            Err(WriteRefusal::RunsHaveCome) => Err(ServiceError::Conflict(Vec::new())),
            Err(WriteRefusal::NothingToRestore) => Err(ServiceError::NothingToRestore),
            other => Err(ServiceError::Internal(format!("a batch was answered with {other:?}"))),
        }
    }
}

impl Service {
    /// Works out ahead what of a large write would keep all others waiting while it is committed.
    async fn foresee(&self, write: &mut Write) {
        let Some(data) = write.change.data().filter(|data| heavy::is_long(data.len())) else { return };
        // Where the head cannot be read, the commit will say why.
        let Ok(head) = self.store.head(&write.key).await else { return };
        let bytes = data.len() + head.as_ref().map_or(0, Version::size);
        let foreseen = || Foreseen::of(&write.key.state_type, head.as_ref(), data, &summarise);
        write.foreseen = Some(Arc::new(heavy::alone(bytes, foreseen)));
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

pub(super) fn must_be_object(data: &Document, pointer: &str) -> Result<()> {
    let root = data.root();
    if root.kind() == Kind::Object {
        return Ok(());
    }
    let message = format!("data must be a JSON object, not {}", root.kind().name());
    let hint = is_encoded_twice(root).then(|| ENCODED_TWICE.to_owned());
    Err(ServiceError::Body(vec![FieldError { hint, ..FieldError::new(pointer, "type", message) }]))
}
