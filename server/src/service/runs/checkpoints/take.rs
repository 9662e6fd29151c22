//! Taking a checkpoint.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use stateloft_core::api::{
    BatchItem, BatchOperation, CheckpointPins, CheckpointRecord, CheckpointState, CheckpointTaken, StateView,
    TakeCheckpoint,
};
use stateloft_core::book::OpenCounts;
use stateloft_core::commit::{Change, Check, Condition, Expectation, Fence, Outcome, Terms, Write};
use stateloft_core::json::Document;
use stateloft_core::model::{Origin, RunId, StateKey, Verdict, VersionNumber};

use super::super::super::batch::{BATCH_MAX, view_of};
use super::super::super::once::Repeatable;
use super::super::super::signature::Signature;
use super::super::super::write::must_be_object;
use super::super::super::{Result, Service, ServiceError};
use super::super::begin::check_text;
use super::super::known::run_id;
use super::{Pinned, keys, view};
use crate::store::Did;

/// How often one that is pinned is tried again because another was taken meanwhile.
const ATTEMPTS: usize = 8;
/// What a run may have pinned.
pub(super) const PINS_MAX: usize = 1_000;

/// A checkpoint, ready to be written.
struct Taking {
    run: RunId,
    who: Signature,
    record: Document,
    states: Vec<Write>,
}

impl Service {
    /// Saves states and names the moment, in one commit: `POST /runs/{run_id}/checkpoints`.
    pub async fn take_checkpoint(&self, id: &str, request: TakeCheckpoint) -> Result<CheckpointTaken> {
        let run = run_id(id)?;
        self.must_be_known(&run).await?;
        let pinned = request.pinned;
        let taking = self.taking(run, request).await?;
        let outcomes =
            if pinned { self.commit_pinned(&taking).await? } else { self.commit_taking(&taking).await? };
        self.taken(outcomes, pinned).await
    }

    /// Refuses a run that never was. While the store is away nobody knows: then the journal keeps it, and the replay decides.
    async fn must_be_known(&self, run: &RunId) -> Result<()> {
        match self.run(run).await {
            // Whether it holds its lease is decided inside the commit.
            Ok(_) | Err(ServiceError::StateDeleted(_)) => Ok(()),
            Err(ServiceError::Store(error)) if error.is_outage() => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn taking(&self, run: RunId, request: TakeCheckpoint) -> Result<Taking> {
        check(&run, &request)?;
        let TakeCheckpoint { epoch, name, reason, user_id, states, correlation_id, causation_id, .. } =
            request;
        let said = match (&reason, &name) {
            (Some(reason), _) => reason.clone(),
            (None, Some(name)) => format!("checkpoint {name}"),
            (None, None) => "checkpoint".to_owned(),
        };
        let origin = Origin { run_id: Some(run.as_str().into()), correlation_id, causation_id };
        let who = Signature::new(user_id, Some(said))?;
        let batch_id: Arc<str> = self.settings.ids.new_id(self.now()).into();
        let mut who = who.from(origin)?.within(Some(epoch.unwrap_or(run.epoch())))?;
        who.batch_id = Some(Arc::clone(&batch_id));
        let counts = (!states.is_empty()).then(|| counts(&states));
        let record = CheckpointRecord {
            batch_id: batch_id.to_string(),
            name,
            reason,
            states: states.len() as u64,
            open_positions: counts.map(|counts| counts.positions),
            pending_orders: counts.map(|counts| counts.orders),
        };
        let states = self.batch_writes(states.into_iter().map(item).collect(), &who, "states")?;
        let place = |nth| format!("/states/{nth}/state_type");
        self.accept_types(states.iter().map(|write| &write.key), place).await?;
        Ok(Taking { record: document(&record)?, run, who, states })
    }

    async fn commit_taking(&self, taking: &Taking) -> Result<Vec<Outcome>> {
        let (key, _) = keys(&taking.run)?;
        let record = taking.record(key, taking.record.clone());
        let writes = taking.states.iter().cloned().chain([record]).collect();
        self.commit_on_terms(writes, Box::new(taking.terms(Vec::new()))).await
    }

    /// One that is pinned says its number in the same commit, so nothing may come between.
    async fn commit_pinned(&self, taking: &Taking) -> Result<Vec<Outcome>> {
        let (checkpoints, pins) = keys(&taking.run)?;
        for _ in 0..ATTEMPTS {
            let last = self.store.head(&checkpoints).await?.map_or(VersionNumber::ZERO, |head| head.version);
            let Pinned { pins: pinned, version } = self.pinned(&taking.run).await?;
            let pinned = pinned.with(last.next().0, true);
            check_room(&pinned)?;
            let writes = [
                taking.record(pins.clone(), document(&pinned)?),
                taking.record(checkpoints.clone(), taking.record.clone()),
            ];
            let writes = taking.states.iter().cloned().chain(writes).collect();
            let checks = [(&checkpoints, last), (&pins, version)].map(|(key, version)| Check {
                item: 0,
                key: key.clone(),
                condition: Condition::Head(Expectation::Version(version)),
            });
            match self.commit_on_terms(writes, Box::new(taking.terms(checks.to_vec()))).await {
                Err(ServiceError::ChecksFailed(_)) => {}
                Err(ServiceError::TermsNeedStore) => return Err(ServiceError::NeedsStore),
                other => {
                    let mut outcomes = other?;
                    outcomes.remove(taking.states.len());
                    return Ok(outcomes);
                }
            }
        }
        Err(ServiceError::Internal(format!(
            "checkpoints of {} are taken by others again and again",
            taking.run
        )))
    }

    /// The answer, of what became of the states and, last, of the checkpoint.
    async fn taken(&self, outcomes: Vec<Outcome>, pinned: bool) -> Result<CheckpointTaken> {
        let strange = || ServiceError::Internal("a checkpoint was taken without a version".into());
        let (last, states) = outcomes.split_last().ok_or_else(strange)?;
        let version = last.version();
        let pins = CheckpointPins::default().with(version.version.0, pinned);
        let checkpoint = view(version, &pins).ok_or_else(strange)?;
        let mut states: Vec<StateView> = states.iter().map(view_of).collect();
        let written = outcomes.iter().filter(|outcome| outcome.is_written()).map(Outcome::version);
        let mut notices = self.notices(written).await;
        for state in &mut states {
            state.notices.extend(notices.remove(&state.version.state_type));
        }
        Ok(CheckpointTaken { checkpoint, states })
    }
}

impl Taking {
    /// A write of what is kept of the checkpoint itself. It is the run's book-keeping and none of the states that it works on, so it does not
    /// name the run as where it comes from.
    fn record(&self, key: StateKey, data: Document) -> Write {
        let write = self.who.write(key, Change::Save(data), Expectation::Any, Verdict::NotChecked);
        Write { origin: None, ..write }
    }

    fn terms(&self, checks: Vec<Check>) -> Terms {
        Terms { checks, fence: Some(Fence::of(&self.run)), ..Terms::default() }
    }
}

/// Refuses what cannot be meant.
fn check(run: &RunId, request: &TakeCheckpoint) -> Result<()> {
    if let Some(name) = &request.name {
        check_text("/name", name)?;
    }
    if let Some(reason) = &request.reason {
        Signature::reason(reason)?;
    }
    if request.states.len() >= BATCH_MAX {
        let message =
            format!("a checkpoint saves fewer than {BATCH_MAX} states, this one {}", request.states.len());
        return Err(ServiceError::body("/states", "max_items", message));
    }
    let (checkpoints, pins) = keys(run)?;
    let own = [run.session(), run.pause(), &checkpoints, &pins].map(|key| (&key.state_type, &key.state_id));
    let mut seen = HashSet::new();
    for (nth, state) in request.states.iter().enumerate() {
        must_be_object(&state.data, &format!("/states/{nth}/data"))?;
        if own.contains(&(&state.state_type, &state.state_id)) {
            let message = format!(
                "{} {} is what the server keeps of this run itself, which only the server writes: leave it out, or give the state \
                 another type or id",
                state.state_type, state.state_id
            );
            return Err(ServiceError::body(&format!("/states/{nth}"), "kept_of_run", message));
        }
        if !seen.insert((&state.state_type, &state.state_id)) {
            let message =
                format!("{} {} is written twice by this checkpoint", state.state_type, state.state_id);
            return Err(ServiceError::body(&format!("/states/{nth}"), "unique", message));
        }
    }
    Ok(())
}

pub(super) fn check_room(pins: &CheckpointPins) -> Result<()> {
    if pins.pinned.len() <= PINS_MAX {
        return Ok(());
    }
    let message = format!("a run has at most {PINS_MAX} checkpoints pinned: unpin others first");
    Err(ServiceError::body("/pinned", "max_items", message))
}

fn counts(states: &[CheckpointState]) -> OpenCounts {
    let mut counts = OpenCounts::default();
    for CheckpointState { state_type, state_id, data, .. } in states {
        counts.add(&StateKey { state_type: state_type.clone(), state_id: state_id.clone() }, Some(data));
    }
    counts
}

fn item(state: CheckpointState) -> BatchItem {
    let CheckpointState { state_type, state_id, data, expected_version } = state;
    BatchItem {
        data: Some(data),
        expected_version,
        ..BatchItem::new(BatchOperation::Save, state_type, state_id)
    }
}

pub(super) fn document<T: serde::Serialize>(value: &T) -> Result<Document> {
    let text = serde_json::to_string(value).map_err(|error| ServiceError::Internal(error.to_string()))?;
    text.parse().map_err(|error: stateloft_core::json::JsonError| ServiceError::Internal(error.to_string()))
}

#[async_trait]
impl Repeatable for CheckpointTaken {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        let strange = || ServiceError::Internal(format!("a receipt says {did:?}"));
        let Did::Batch { outcomes, .. } = &did else { return Err(strange()) };
        let mut found = Vec::with_capacity(outcomes.len());
        for (seq, made) in outcomes {
            let version = service.version_at(*seq).await?;
            found.push(if *made { Outcome::Written(version) } else { Outcome::Unchanged(version) });
        }
        let run = found.last().ok_or_else(strange)?.version().key.state_id.as_str().parse::<RunId>();
        let (_, pins) = keys(&run.map_err(|_| strange())?)?;
        let before = found.len();
        found.retain(|outcome| outcome.version().key != pins);
        service.taken(found.clone(), found.len() < before).await
    }
}
