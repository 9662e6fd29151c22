//! Ending runs that do not renew.

use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::Instant;

use futures::StreamExt as _;
use stateloft_core::api::{RunStatus, Session, Sort};
use stateloft_core::model::{RunId, RunName, StateType};
use tokio_util::sync::CancellationToken;

use super::super::handshakes::{Ended, handshake_of_lease};
use super::super::signature::Signature;
use super::super::{Result, Service, ServiceError};
use super::LOOK;
use super::known::{Known, with_end};
use crate::repeats::Repeats;
use crate::store::{LeaseLook, LeaseTerm, ListQuery, StoreError};

/// Runs that are ended at the same time.
const AT_ONCE: usize = 64;
/// Sessions that are read at a time.
const PAGE: usize = 1_000;
/// How often live runs and open handshakes are looked for whose lease nobody knows, such as those of a bundle.
const SEARCH: std::time::Duration = std::time::Duration::from_mins(10);

/// A lease that is over.
struct Over {
    name: String,
    /// The one that follows it, if what it is of goes on.
    next: Option<LeaseTerm>,
}

impl Service {
    /// Keeps ending runs whose lease is over, until `stop` is cancelled. Several servers on one store may all do it: a run is ended
    /// once, as its session is expected to be as it was.
    pub async fn keep_watching_runs(&self, stop: CancellationToken) {
        // A store that hangs keeps nobody from stopping: what is under way is written whole, or not at all.
        stop.run_until_cancelled(self.watch_runs()).await;
    }

    async fn watch_runs(&self) {
        let failing = Repeats::new();
        let mut searched: Option<Instant> = None;
        loop {
            let looked = async {
                let mut found = Ok(());
                if searched.is_none_or(|at| at.elapsed() >= SEARCH) {
                    found = self.expect_unknown_leases().await;
                    searched = found.is_ok().then(Instant::now).or(searched);
                }
                // Whatever could not be searched: a lease that is known runs out.
                let ended = self.end_lost_runs().await;
                found.and(ended)
            };
            match looked.await {
                Ok(()) => {
                    if let Some(times) = failing.ended() {
                        tracing::info!(times, "leases of runs are looked at again");
                    }
                }
                Err(error) => {
                    if let Some(times) = failing.happened() {
                        tracing::warn!(%error, times, "leases of runs cannot be looked at; each gets a full term when they can");
                    }
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Looks once at all leases, and ends the runs whose lease is over: each by itself, so that one that cannot be read keeps no other.
    async fn end_lost_runs(&self) -> Result<()> {
        let looked = self.store.look_at_leases().await;
        self.count_live(looked.as_deref().ok());
        let mut over = looked?;
        over.retain(|look| look.left.is_zero());
        let looks = futures::stream::iter(over).map(|look| self.end_lost_run(look)).buffer_unordered(AT_ONCE);
        let (mut ended, mut go_on, mut failed) = (Vec::new(), Vec::new(), Ok(()));
        for outcome in looks.collect::<Vec<Result<Over>>>().await {
            match outcome {
                Ok(Over { name, next }) => {
                    ended.push(name);
                    go_on.extend(next);
                }
                Err(error) => failed = failed.and(Err(error)),
            }
        }
        if !ended.is_empty() {
            self.store.forget_leases(&ended).await?;
        }
        if !go_on.is_empty() {
            self.store.expect_leases(&go_on).await?;
        }
        failed
    }

    fn count_live(&self, looks: Option<&[LeaseLook]>) {
        // Handshakes hold leases, too.
        let holds = |look: &&LeaseLook| !look.left.is_zero() && look.run_id.parse::<RunId>().is_ok();
        let live = looks.map(|looks| looks.iter().filter(holds).count() as u64);
        *self.runs_live.lock().unwrap_or_else(PoisonError::into_inner) = live;
    }

    /// How many runs held their lease at the last look, which is made twice a second; nothing where nobody looks, or could not.
    pub(in crate::service) fn runs_live(&self) -> Option<u64> {
        *self.runs_live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn end_lost_run(&self, look: LeaseLook) -> Result<Over> {
        let over = |next| Over { name: look.run_id.clone(), next };
        if let Some(handshake) = handshake_of_lease(&look.run_id) {
            return Ok(match self.lease_is_over(handshake).await? {
                Ended::Yes => over(None),
                Ended::GoesOn(next) => over(Some(next)),
            });
        }
        let run = match look.run_id.parse::<RunId>() {
            Ok(id) => self.known(&id).await,
            Err(_) => Ok(None),
        };
        let run = match run {
            // It never began, or somebody has deleted it.
            Ok(None) | Err(ServiceError::StateDeleted(_)) => return Ok(over(None)),
            Ok(Some(run)) if run.session.status != RunStatus::Active => return Ok(over(None)),
            Ok(Some(run)) => run,
            Err(error) => return Err(error),
        };
        let (session, why) = self.crashed(&run, &look);
        let write = run.ended(&session, &Signature::new(None, Some(why))?)?;
        match self.commit_runs(vec![write]).await {
            // Or something else has ended it.
            Ok(_) | Err(ServiceError::Conflict(_) | ServiceError::ChecksFailed(_)) => Ok(over(None)),
            Err(error) => Err(error),
        }
    }

    fn crashed(&self, run: &Known, look: &LeaseLook) -> (Session, String) {
        let session = with_end(run, RunStatus::Crashed, Some(look), self.now());
        if run.is_live() {
            return (session, "lease ran out".to_owned());
        }
        let why = "its session was written by hand, which took its lease".to_owned();
        (Session { reason: Some(why.clone()), ..session }, why)
    }

    /// Begins a full term for each live run and open handshake whose lease nobody knows.
    async fn expect_unknown_leases(&self) -> Result<()> {
        self.expect_live_runs().await?;
        Ok(self.store.expect_leases(&self.open_handshakes().await?).await?)
    }

    /// The same for runs. One whose session is damaged keeps no other from being found.
    async fn expect_live_runs(&self) -> Result<()> {
        let mut last: HashMap<(RunName, RunName), RunId> = HashMap::new();
        let session = StateType::new("session").map_err(|error| ServiceError::Internal(error.to_string()))?;
        let mut query =
            ListQuery { types: vec![session], sort: Sort::Id, limit: PAGE, ..ListQuery::default() };
        loop {
            let page = self.store.list(&query).await?;
            for id in page.rows.iter().filter_map(|row| row.version.state_id.as_str().parse::<RunId>().ok()) {
                let of = (id.program().clone(), id.instance().clone());
                if last.get(&of).is_none_or(|known| known.epoch() < id.epoch()) {
                    last.insert(of, id);
                }
            }
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
        }
        let mut live: Vec<LeaseTerm> = Vec::new();
        for id in last.values() {
            match self.known(id).await {
                Ok(run) => live.extend(run.filter(Known::is_live).map(|run| run.lease())),
                Err(ServiceError::StateDeleted(_)) => {}
                Err(ServiceError::Store(StoreError::Damaged(_) | StoreError::DamagedVersion(_))) => {
                    tracing::warn!(run = %id, "the session of a run is damaged: nobody knows whether it is live");
                }
                Err(error) => return Err(error),
            }
        }
        if live.is_empty() { Ok(()) } else { Ok(self.store.expect_leases(&live).await?) }
    }
}
