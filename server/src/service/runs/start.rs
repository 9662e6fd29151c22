//! Beginning a run.

use std::time::Duration;

use async_trait::async_trait;
use stateloft_core::api::{
    LeaseView, RunLeft, RunOutcome, RunStarted, RunStatus, Session, StartRun, TakeOver,
};
use stateloft_core::commit::{Change, Expectation, Outcome, Write};
use stateloft_core::model::{RunId, Seq, StateKey, Timestamp, Verdict, Version, VersionNumber};

use super::super::once::Repeatable;
use super::super::signature::Signature;
use super::super::{Result, Service, ServiceError};
use super::begin;
use super::known::{Known, document, later, with_end};
use crate::store::{Did, LeaseTerm};

/// How often a start is tried that finds another one ahead of it.
const ATTEMPTS: usize = 8;
/// States of the run before that an answer lists.
const LEFT: usize = 100;
/// How long an answer waits for what the run before has left: the run has begun, and its lease runs.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a start finds of the run before.
struct Before {
    id: Option<RunId>,
    outcome: RunOutcome,
    /// What ends it, if it has not ended.
    ending: Option<Write>,
}

impl Service {
    /// Begins a run: `POST /runs`. One of an instance is live at a time.
    pub async fn start_run(&self, request: StartRun) -> Result<RunStarted> {
        begin::check(&request)?;
        let instance = begin::instance(&request)?;
        for _ in 0..ATTEMPTS {
            let epoch = self.last_epoch(&request.program, &instance).await? + 1;
            let id = RunId::new(request.program.clone(), instance.clone(), epoch);
            let id = id.map_err(|error| ServiceError::Internal(error.to_string()))?;
            match self.try_to_start(&request, &id).await {
                // Another start was quicker, or the run before has ended meanwhile: what there is now is looked at anew.
                Err(ServiceError::Conflict(_) | ServiceError::ChecksFailed(_)) => {}
                other => return other,
            }
        }
        Err(ServiceError::Internal("an instance is started by others again and again".into()))
    }

    async fn try_to_start(&self, request: &StartRun, id: &RunId) -> Result<RunStarted> {
        let now = self.now();
        let before = self.run_before(request, id, now).await?;
        let session =
            begin::session(request, id, before.outcome, before.id.as_ref().map(ToString::to_string), now);
        let who = Signature::new(request.user_id.clone(), Some("run begun".into()))?;
        let begins = Change::Save(document(&session)?);
        let never = Expectation::Version(VersionNumber::ZERO);
        let begins = who.write(id.session().clone(), begins, never, Verdict::NotChecked);
        // The lease first: a run without one would never be found to have crashed.
        self.begin_lease(&session).await?;
        let ended = before.ending.as_ref().map(|write| write.key.state_id.to_string());
        let mut outcomes = self.commit_runs(before.ending.into_iter().chain([begins]).collect()).await?;
        if let Some(ended) = ended {
            self.forget_leases(&[ended]).await;
        }
        let begun = outcomes.pop().map(Outcome::into_version);
        let begun = begun.ok_or_else(|| ServiceError::Internal("a run began without a version".into()))?;
        self.started(begun).await
    }

    async fn begin_lease(&self, session: &Session) -> Result<()> {
        let term = Duration::from_secs(session.lease_seconds);
        let lease = [LeaseTerm { run_id: session.run_id.clone(), term }];
        if self.store.renew_leases(&lease, self.now()).await? != [true] {
            // It is of a start whose commit failed.
            self.store.forget_leases(std::slice::from_ref(&session.run_id)).await?;
            self.store.renew_leases(&lease, self.now()).await?;
        }
        Ok(())
    }

    /// What there is of the run before. One that is live is an error, unless it is to be replaced.
    async fn run_before(&self, request: &StartRun, id: &RunId, now: Timestamp) -> Result<Before> {
        let fresh = Before { id: None, outcome: RunOutcome::Fresh, ending: None };
        let Ok(last) = RunId::new(id.program().clone(), id.instance().clone(), id.epoch() - 1) else {
            return Ok(fresh);
        };
        let run = match self.known(&last).await {
            // Somebody has deleted it: nobody knows any more what it was.
            Err(ServiceError::StateDeleted(_)) | Ok(None) => {
                return Ok(Before { outcome: RunOutcome::AfterCrash, ..fresh });
            }
            Err(error) => return Err(error),
            Ok(Some(run)) => run,
        };
        let outcome = match run.session.status {
            RunStatus::Completed | RunStatus::Stopped => RunOutcome::Resumed,
            RunStatus::Active | RunStatus::Crashed | RunStatus::Replaced => RunOutcome::AfterCrash,
        };
        let ending = match run.session.status {
            RunStatus::Active => Some(self.ending(request, id, &run, now).await?),
            _ => None,
        };
        Ok(Before { id: Some(last), outcome, ending })
    }

    /// What ends a run that has not ended, so that the next one may begin.
    async fn ending(&self, request: &StartRun, next: &RunId, run: &Known, now: Timestamp) -> Result<Write> {
        let look = if run.is_live() { Some(self.lease_of(run).await?) } else { None };
        let (session, who, why) = match (&look, &request.take_over) {
            (Some(look), None) if !look.left.is_zero() => {
                return Err(ServiceError::RunHeld(Box::new(run.holder(Some(look), now))));
            }
            (Some(look), Some(TakeOver { reason, by })) if !look.left.is_zero() => {
                let session = with_end(run, RunStatus::Replaced, Some(look), now);
                let session = Session { reason: Some(reason.clone()), ..session };
                (session, Some(by.clone()), format!("run replaced: {reason}"))
            }
            (Some(look), _) => {
                let session = with_end(run, RunStatus::Crashed, Some(look), now);
                (session, None, "lease ran out".to_owned())
            }
            (None, _) => {
                let session = with_end(run, RunStatus::Crashed, None, now);
                let why = "its session was written by hand, which took its lease".to_owned();
                (Session { reason: Some(why.clone()), ..session }, None, why)
            }
        };
        let session = match session.status {
            RunStatus::Replaced => Session { replaced_by: Some(next.to_string()), ..session },
            _ => session,
        };
        run.ended(&session, &Signature::new(who, Some(why))?)
    }

    /// The answer to a start, of the first version of its session.
    async fn started(&self, begun: Version) -> Result<RunStarted> {
        let seq = begun.seq;
        let strange = || ServiceError::Internal(format!("seq {seq} is not the begin of a run"));
        let run = Known::of(begun).ok_or_else(strange)?;
        let (left, left_unknown) = match &run.session.previous {
            Some(previous) => self.left(previous).await,
            None => (None, false),
        };
        let seconds = run.session.lease_seconds;
        Ok(RunStarted {
            run_id: run.id.to_string(),
            epoch: run.id.epoch(),
            outcome: run.session.outcome,
            lease: LeaseView { seconds, until: later(self.now(), Duration::from_secs(seconds)) },
            seq,
            run: run.session,
            left,
            left_unknown,
        })
    }

    /// What was left to the run after this one, and whether it is unknown, wholly or in part. A run that has begun has begun, whatever
    /// can be read of the one before: an error would only have its starter try again, against a live run.
    async fn left(&self, previous: &str) -> (Option<RunLeft>, bool) {
        let mut found = None;
        let why = match tokio::time::timeout(PATIENCE, self.read_left(previous, &mut found)).await {
            Ok(Ok(None)) => return (None, false),
            Ok(Ok(Some((left, damaged)))) => {
                if damaged {
                    tracing::warn!(
                        run = previous,
                        "something that a run has left is damaged; the start of the next one says so"
                    );
                }
                return (Some(left), damaged);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it takes longer than {} seconds", PATIENCE.as_secs()),
        };
        tracing::warn!(
            run = previous,
            why,
            "what a run has left cannot be read; the start of the next one says so"
        );
        let left = found.map(|run: Known| RunLeft {
            run: run.session,
            states: Vec::new(),
            more: true,
            open_positions: None,
            pending_orders: None,
            changed_since: None,
            checkpoint: None,
        });
        (left, true)
    }

    /// Reads that, and whether something of it is damaged; notes whose it is as soon as it is known.
    async fn read_left(&self, previous: &str, found: &mut Option<Known>) -> Result<Option<(RunLeft, bool)>> {
        let Ok(id) = previous.parse::<RunId>() else { return Ok(None) };
        let run = match self.known(&id).await {
            Err(ServiceError::StateDeleted(_)) | Ok(None) => return Ok(None),
            Err(error) => return Err(error),
            Ok(Some(run)) => run,
        };
        *found = Some(run.clone());
        let run = self.last_that_wrote(run).await?;
        *found = Some(run.clone());
        let work = self.work_of(&run, LEFT).await?;
        let (checkpoint, damaged) = self.last_checkpoint(&run.id).await?.known();
        let open = work.open.known();
        let left = RunLeft {
            open_positions: open.map(|open| open.positions),
            pending_orders: open.map(|open| open.orders),
            changed_since: work.changed_since,
            more: work.others,
            run: run.session,
            states: work.first,
            checkpoint,
        };
        Ok(Some((left, damaged || work.open.is_damaged())))
    }

    /// The seq at which a run began.
    pub(in crate::service) async fn begun_at(&self, session: &StateKey) -> Result<Seq> {
        let first = self.store.version(session, VersionNumber(1)).await?;
        Ok(first.map_or(Seq::ZERO, |first| first.seq))
    }
}

#[async_trait]
impl Repeatable for RunStarted {
    async fn again(service: &Service, did: Did) -> Result<Self> {
        let begun = match &did {
            Did::Batch { outcomes, .. } => outcomes.last(),
            _ => None,
        };
        let (seq, _) = begun.ok_or_else(|| ServiceError::Internal(format!("a receipt says {did:?}")))?;
        let begun = service.version_at(*seq).await?;
        service.started(begun).await
    }
}
