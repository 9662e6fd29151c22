//! What is in quarantine, settled: named, so that it becomes a state, or dropped. Either way its tombstone and its history stay.

use stateloft_core::api::{Originated, SettleAs, SettleQuarantine, SettledQuarantine, VersionView};
use stateloft_core::commit::{Change, Expectation, Outcome, Write};
use stateloft_core::import::{document_of, kept};
use stateloft_core::json::Document;
use stateloft_core::model::{StateKey, StateType, Verdict, Version, VersionNumber};

use crate::heavy;
use crate::service::signature::Signature;
use crate::service::{Result, Service, ServiceError};
use crate::store::StoreError;

impl Service {
    /// Names or drops something in quarantine, in one commit: `POST /imports/settle`.
    pub async fn settle_quarantine(&self, request: SettleQuarantine) -> Result<SettledQuarantine> {
        let origin = request.origin();
        let SettleQuarantine { state_id, expected_version, save_as, reason, user_id, .. } = request;
        if reason.trim().is_empty() {
            let message = "say why it is settled so: the reason is kept with it";
            return Err(ServiceError::body("/reason", "required", message));
        }
        let who = Signature::new(user_id, Some(reason))?.from(origin)?;
        let quarantine = StateType::new(kept::QUARANTINE);
        let state_type = quarantine.map_err(|error| ServiceError::Internal(error.to_string()))?;
        let key = StateKey { state_type, state_id };
        let held = self.held(&key).await?;
        let expectation = Expectation::Version(VersionNumber(expected_version));
        let mut writes = vec![who.write(key, Change::Delete, expectation, Verdict::NotChecked)];
        if let Some(named) = save_as {
            writes.push(self.named(named, &held, &who).await?);
        }
        let (outcomes, _) = self.commit(writes, None).await?;
        let mut versions = outcomes.iter().map(Outcome::version).map(VersionView::of);
        let settled = versions.next();
        let settled = settled.ok_or_else(|| ServiceError::Internal("a write without an outcome".into()))?;
        Ok(SettledQuarantine { settled, saved: versions.next() })
    }

    /// What waits there; a deleted one was settled before.
    async fn held(&self, key: &StateKey) -> Result<Version> {
        let head = self.store.head(key).await?.ok_or_else(|| ServiceError::StateNotFound(key.clone()))?;
        let head = StoreError::unless_damaged(head)?;
        if head.is_deleted() { Err(ServiceError::StateDeleted(Box::new(head))) } else { Ok(head) }
    }

    /// The write of the state that it is said to be.
    async fn named(&self, named: SettleAs, held: &Version, who: &Signature) -> Result<Write> {
        let SettleAs { state_type, state_id, expected_version } = named;
        if state_type.as_str() == kept::QUARANTINE {
            let message = "what is named leaves quarantine: name another type";
            return Err(ServiceError::body("/save_as/state_type", "invalid", message));
        }
        let data = data_of(held)?;
        let key = StateKey { state_type, state_id };
        self.accept_types(std::iter::once(&key), |_| "/save_as/state_type".to_owned()).await?;
        let verdict = self.accept(&key, &data)?;
        let expectation = Expectation::Version(VersionNumber(expected_version));
        Ok(who.write(key, Change::Save(data), expectation, verdict))
    }
}

/// What is held, as the data of a state.
fn data_of(held: &Version) -> Result<Document> {
    let wrong = |message: String| ServiceError::body("/save_as", "no_state", message);
    let data = held.data.as_ref().ok_or_else(|| wrong("there is nothing in it".to_owned()))?;
    let bytes = kept::bytes_of(data).map_err(|error| wrong(error.to_string()))?;
    heavy::work(bytes.len(), || document_of(&bytes)).map_err(|error| wrong(error.to_string()))
}
