//! Several writes, all or none.

use std::collections::HashSet;
use std::sync::Arc;

use stateloft_core::api::{BatchItem, BatchOperation, BatchRequest, BatchResponse, Originated, StateView};
use stateloft_core::commit::{Change, Expectation, Outcome, Write};
use stateloft_core::model::{StateKey, Verdict, VersionNumber, Violation};

use super::signature::Signature;
use super::write::must_be_object;
use super::{Result, Service, ServiceError};

/// The most writes of one batch.
const BATCH_MAX: usize = 10_000;

impl Service {
    /// Several writes, all or none: `POST /batch`.
    pub async fn batch(&self, request: BatchRequest) -> Result<BatchResponse> {
        check_batch(&request.items)?;
        let batch_id: Arc<str> = self.settings.ids.new_id(self.now()).into();
        let origin = request.origin();
        let mut who = Signature::new(request.user_id, request.description)?.from(origin)?;
        who.batch_id = Some(Arc::clone(&batch_id));
        let writes = self.batch_writes(request.items, &who)?;
        let place = |nth| format!("/items/{nth}/state_type");
        self.accept_types(writes.iter().map(|write| &write.key), place).await?;
        let (outcomes, _) = self.commit(writes, None).await?;
        let mut results: Vec<StateView> = outcomes.iter().map(view_of).collect();
        let written: Vec<_> =
            outcomes.iter().filter(|outcome| outcome.is_written()).map(Outcome::version).collect();
        let seq = written.last().map_or_else(|| self.events.last_seq(), |version| version.seq);
        let mut notices = self.notices(written.into_iter()).await;
        for result in &mut results {
            // Said once, of the first.
            result.notices.extend(notices.remove(&result.version.state_type));
        }
        Ok(BatchResponse { batch_id: batch_id.to_string(), seq, results })
    }

    fn batch_writes(&self, items: Vec<BatchItem>, who: &Signature) -> Result<Vec<Write>> {
        let key = |item: &BatchItem| StateKey {
            state_type: item.state_type.clone(),
            state_id: item.state_id.clone(),
        };
        let saved: Vec<_> = items.iter().filter_map(|item| Some((key(item), item.data.clone()?))).collect();
        let mut verdicts = self.verdicts_to_store(&saved)?.into_iter();
        let mut broken = Vec::new();
        let mut writes = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let key = key(&item);
            let expected = item.expected_version.map(VersionNumber);
            let expectation = expected.map_or(Expectation::Any, Expectation::Version);
            let Some(data) = item.data else {
                writes.push(who.write(key, Change::Delete, expectation, Verdict::NotChecked));
                continue;
            };
            let verdict = verdicts.next().unwrap_or_default();
            if self.is_strict(&key) {
                broken.extend(verdict.violations().iter().map(|v| (key.clone(), in_item(index, &key, v))));
            }
            writes.push(who.write(key, Change::Save(data), expectation, verdict));
        }
        if broken.is_empty() { Ok(writes) } else { Err(ServiceError::Invalid(broken)) }
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
    let mut seen = HashSet::with_capacity(items.len());
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

/// A violation as one of the whole body, which says whose it is.
fn in_item(index: usize, key: &StateKey, violation: &Violation) -> Violation {
    Violation {
        pointer: format!("/items/{index}/data{}", violation.pointer),
        code: violation.code.clone(),
        message: format!("{key}: {}", violation.message),
    }
}

fn view_of(outcome: &Outcome) -> StateView {
    let unchanged = matches!(outcome, Outcome::Unchanged(_));
    StateView { unchanged, ..StateView::of(outcome.version()) }
}
