//! Several writes, all or none.

use std::collections::HashSet;
use std::sync::Arc;

use stateloft_core::api::{
    BatchItem, BatchOperation, BatchRequest, BatchResponse, CloseMissing, CloseScope, Originated, StateView,
};
use stateloft_core::commit::{Change, Check, Closing, Expectation, Outcome, Signed, Terms, Write};
use stateloft_core::model::{StateId, StateKey, Verdict, VersionNumber, Violation};

use super::checks::{check_of, writes_only};
use super::signature::Signature;
use super::write::must_be_object;
use super::{Result, Service, ServiceError};

/// The most items of one batch.
pub(super) const BATCH_MAX: usize = 10_000;
/// The most closings of one batch.
const CLOSINGS_MAX: usize = 100;

impl Service {
    /// Several writes, all or none: `POST /batch`.
    pub async fn batch(&self, request: BatchRequest) -> Result<BatchResponse> {
        let checks = check_batch(&request)?;
        let closings = closings(request.close_missing.as_ref())?;
        let batch_id: Arc<str> = self.settings.ids.new_id(self.now()).into();
        let origin = request.origin();
        let mut who =
            Signature::new(request.user_id, request.description)?.from(origin)?.within(request.epoch)?;
        who.batch_id = Some(Arc::clone(&batch_id));
        let writes = self.batch_writes(request.items, &who, "items")?;
        self.accept_named(&writes, request.close_missing.as_ref()).await?;
        let count = writes.len();
        let outcomes = if checks.is_empty() && closings.is_empty() && who.fence.is_none() {
            self.commit(writes, None).await?.0
        } else {
            let terms = Terms { checks, closings, signed: signed(&who), fence: who.fence };
            self.commit_on_terms(writes, Box::new(terms)).await?
        };
        let mut results: Vec<StateView> = outcomes.iter().map(view_of).collect();
        let closed = results.split_off(count.min(results.len()));
        let written: Vec<_> =
            outcomes.iter().filter(|outcome| outcome.is_written()).map(Outcome::version).collect();
        let seq = written.last().map_or_else(|| self.events.last_seq(), |version| version.seq);
        let mut notices = self.notices(written.into_iter()).await;
        for result in &mut results {
            // Said once, of the first.
            result.notices.extend(notices.remove(&result.version.state_type));
        }
        let closed = request.close_missing.map(|_| closed);
        Ok(BatchResponse { batch_id: batch_id.to_string(), seq, results, closed })
    }

    /// Refuses types that nobody has named, in what is written and in what is closed.
    async fn accept_named(&self, writes: &[Write], closed: Option<&CloseMissing>) -> Result<()> {
        let place = |nth| format!("/items/{nth}/state_type");
        self.accept_types(writes.iter().map(|write| &write.key), place).await?;
        for (at, scope) in closed.into_iter().flat_map(CloseMissing::scopes) {
            self.accept_type_names(scope.types.iter(), |nth| format!("{at}/types/{nth}")).await?;
        }
        Ok(())
    }

    /// The writes of a batch; `list` is what the body calls its items.
    pub(super) fn batch_writes(
        &self,
        items: Vec<BatchItem>,
        who: &Signature,
        list: &str,
    ) -> Result<Vec<Write>> {
        let key = |item: &BatchItem| StateKey {
            state_type: item.state_type.clone(),
            state_id: item.state_id.clone(),
        };
        let saved: Vec<_> = items.iter().filter_map(|item| Some((key(item), item.data.clone()?))).collect();
        let mut verdicts = self.verdicts_to_store(&saved)?.into_iter();
        let mut broken = Vec::new();
        let mut writes = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            if item.op == BatchOperation::Check {
                continue;
            }
            let key = key(&item);
            let expected = item.expected_version.map(VersionNumber);
            let expectation = expected.map_or(Expectation::Any, Expectation::Version);
            let Some(data) = item.data else {
                writes.push(who.write(key, Change::Delete, expectation, Verdict::NotChecked));
                continue;
            };
            let verdict = verdicts.next().unwrap_or_default();
            if self.is_strict(&key) {
                broken.extend(
                    verdict.violations().iter().map(|v| (key.clone(), in_item(list, index, &key, v))),
                );
            }
            writes.push(who.write(key, Change::Save(data), expectation, verdict));
        }
        if broken.is_empty() { Ok(writes) } else { Err(ServiceError::Invalid(broken)) }
    }
}

/// Holds a batch against its shape, and answers what it checks.
fn check_batch(request: &BatchRequest) -> Result<Vec<Check>> {
    let items = &request.items;
    let writes = items.iter().any(|item| item.op != BatchOperation::Check);
    if !writes && request.close_missing.is_none() {
        let message = if items.is_empty() {
            "a batch needs at least one item, or close_missing"
        } else {
            "a batch writes something: it needs a save, a delete or close_missing besides its checks"
        };
        return Err(ServiceError::body("/items", "min_items", message));
    }
    if items.len() > BATCH_MAX {
        let message = format!("a batch takes at most {BATCH_MAX} items, this one has {}", items.len());
        return Err(ServiceError::body("/items", "max_items", message));
    }
    let mut seen = HashSet::with_capacity(items.len());
    let mut checks = Vec::new();
    for (index, item) in items.iter().enumerate() {
        if item.op == BatchOperation::Check {
            checks.push(check_of(index, item)?);
            continue;
        }
        writes_only(index, item)?;
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
            (BatchOperation::Delete, None) | (BatchOperation::Check, _) => {}
        }
    }
    Ok(checks)
}

/// What a batch closes besides.
fn closings(asked: Option<&CloseMissing>) -> Result<Vec<Closing>> {
    let scopes: Vec<_> = asked.into_iter().flat_map(CloseMissing::scopes).collect();
    if asked.is_some() && !(1..=CLOSINGS_MAX).contains(&scopes.len()) {
        let message = format!(
            "close_missing is one object with types and prefix, or a list of 1 to {CLOSINGS_MAX} such; leave it out to close nothing"
        );
        return Err(ServiceError::body("/close_missing", "items", message));
    }
    scopes.into_iter().map(|(at, scope)| closing(&at, scope)).collect()
}

fn closing(at: &str, scope: &CloseScope) -> Result<Closing> {
    if scope.types.is_empty() {
        let message = "name the types of which what is not in the batch is closed";
        return Err(ServiceError::body(&format!("{at}/types"), "min_items", message));
    }
    let prefix = scope.prefix.as_deref().filter(|prefix| !prefix.is_empty()).map(StateId::new).transpose();
    let prefix = prefix.map_err(|error| {
        let message = format!("no id can start with this prefix: {error}");
        ServiceError::body(&format!("{at}/prefix"), "prefix", message)
    })?;
    Ok(Closing { types: scope.types.clone(), prefix })
}

fn signed(who: &Signature) -> Signed {
    Signed {
        author: who.author.clone(),
        description: who.description.clone(),
        batch_id: who.batch_id.clone(),
        origin: who.origin.clone(),
    }
}

/// A violation as one of the whole body, which says whose it is.
fn in_item(list: &str, index: usize, key: &StateKey, violation: &Violation) -> Violation {
    Violation {
        pointer: format!("/{list}/{index}/data{}", violation.pointer),
        code: violation.code.clone(),
        message: format!("{key}: {}", violation.message),
    }
}

pub(super) fn view_of(outcome: &Outcome) -> StateView {
    let unchanged = matches!(outcome, Outcome::Unchanged(_));
    StateView { unchanged, ..StateView::of(outcome.version()) }
}
