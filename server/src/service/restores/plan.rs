//! Working out what a restore would write.

use std::collections::{HashMap, HashSet};

use stateloft_core::api::{Moment, Plan, PlanCounts, PlanRequest, RestoredTo, Scope, Selection};
use stateloft_core::json::{Document, Pointer};
use stateloft_core::model::{Seq, StateKey, StateType, Verdict, Version};
use stateloft_core::restore::{Asked, PlanError, Planned, Rules, Side, named, plan, selection_key};
use stateloft_core::schema::{Modes, path_rules};
use stateloft_core::validate::validate;

use crate::budget::{self, Class};
use crate::service::handshakes::Touched;
use crate::service::{Result, Service, ServiceError};
use crate::store::StoreError;

/// States read from the store at once.
const PAGE: usize = 1_000;
/// A plan names every state that differs and holds both of its documents while it is made: more than this does not fit
/// one plan. A restore of more is done in parts.
pub(super) const STATES_MAX: usize = 100_000;
const BYTES_MAX: usize = 128 << 20;

/// A plan, and what it writes.
pub(super) struct Worked {
    pub(super) plan: Plan,
    pub(super) writes: Vec<Planned>,
    /// What the states were at the target.
    pub(super) targets: HashMap<StateKey, Version>,
    /// Nobody looked at it: all of it is written, whatever is there.
    pub(super) everything: bool,
}

/// What a plan writes, and what of it is kept.
pub(super) struct ToWrite {
    pub(super) plan: String,
    pub(super) target: RestoredTo,
    pub(super) target_seq: Seq,
    pub(super) scope: Scope,
    pub(super) selection: Selection,
    pub(super) exact: bool,
    pub(super) counts: PlanCounts,
    pub(super) writes: Vec<Planned>,
    /// What the states are to be.
    pub(super) targets: HashMap<StateKey, Side>,
    /// As of [`Worked`].
    pub(super) everything: bool,
}

impl ToWrite {
    /// The states that it writes.
    pub(super) fn keys(&self) -> HashSet<&StateKey> {
        self.writes.iter().map(|planned| &planned.key).collect()
    }
}

impl From<Worked> for ToWrite {
    fn from(Worked { plan, writes, targets, everything }: Worked) -> Self {
        let Plan { plan, target, target_seq, scope, selection, exact, counts, .. } = plan;
        let targets = targets.into_iter().map(|(key, version)| (key, Side::of(&version))).collect();
        let target = target.into();
        Self { plan, target, target_seq, scope, selection, exact, counts, writes, targets, everything }
    }
}

impl Service {
    /// Works out what a restore would write; writes nothing.
    pub async fn plan(&self, request: PlanRequest) -> Result<Plan> {
        let mut worked = self.work_out(request, false).await?;
        self.say_who_holds(&mut worked).await?;
        Ok(worked.plan)
    }

    /// Says in a plan which live runs hold what it writes.
    pub(super) async fn say_who_holds(&self, worked: &mut Worked) -> Result<()> {
        let keys = worked.writes.iter().map(|planned| &planned.key).collect();
        worked.plan.held_by = self.held_by(&Touched::of(keys)).await?;
        Ok(())
    }

    /// A plan with what it writes. With `everything` noise and what is protected is written too.
    pub(super) async fn work_out(&self, request: PlanRequest, everything: bool) -> Result<Worked> {
        let seq = self.store.tip().await?.seq;
        let target_seq = match &request.target {
            Moment::Now => seq,
            moment => self.target_of(moment, &request.scope).await?,
        };
        let target_time = match target_seq {
            Seq::ZERO => None,
            target => match self.store.by_seq(target).await {
                // The moment is known all the same.
                Err(StoreError::DamagedVersion(_)) => None,
                found => found?.filter(|version| version.damaged.is_none()).map(|found| found.effective_at()),
            },
        };
        let mut moved = self.moved_since(target_seq, &request.scope).await?;
        self.add_named(&request, &mut moved).await?;
        let states_in_scope = self.store.count_scope(&request.scope).await?;
        let asked = Asked { request, everything, target_seq, target_time, seq, states_in_scope };
        let modes = self.settings.modes.clone();
        // Comparing and validating many documents takes a while: not on a thread that serves others.
        let work = tokio::task::spawn_blocking(move || compare(asked, moved, &modes));
        work.await.map_err(|error| ServiceError::Internal(error.to_string()))?
    }

    /// The seq that a target means. One state by itself was at a time what its own versions say, whatever the others were.
    async fn target_of(&self, moment: &Moment, scope: &Scope) -> Result<Seq> {
        let ([key], Moment::Time(time)) = (scope.states.as_slice(), moment) else {
            return self.seq_of(moment).await;
        };
        match self.store.then(key, *time).await? {
            Some(version) => Ok(version.seq),
            // Nothing of it was saved by then, so it is only recorded later.
            None => Ok(self.store.seq_at(*time).await?),
        }
    }

    /// Adds what the selection names and has not moved since the target: it is as it was, and what is said of it is checked.
    async fn add_named(
        &self,
        request: &PlanRequest,
        moved: &mut Vec<(Version, Option<Version>)>,
    ) -> Result<()> {
        // What can be no state's name is refused with the plan.
        let named = named(&request.selection).unwrap_or_default();
        let there: HashSet<&StateKey> = moved.iter().map(|(head, _)| &head.key).collect();
        let within = request.scope.within();
        let missing: Vec<StateKey> =
            named.into_iter().filter(|key| !there.contains(key) && within.has(key)).collect();
        for key in missing {
            if let Some(head) = self.store.head(&key).await? {
                budget::hold(Class::Work, weight(&head)).await?;
                moved.push((head.clone(), Some(head)));
            }
        }
        Ok(())
    }

    pub(in crate::service) async fn moved_since(
        &self,
        seq: Seq,
        scope: &Scope,
    ) -> Result<Vec<(Version, Option<Version>)>> {
        let mut moved: Vec<(Version, Option<Version>)> = Vec::new();
        let mut bytes = 0;
        loop {
            let after = moved.last().map(|(head, _)| head.key.clone());
            let page = self.store.moved_since(seq, scope, after.as_ref(), PAGE).await?;
            if page.is_empty() {
                return Ok(moved);
            }
            let before = bytes;
            for state in page {
                bytes += weight(&state.head) + state.target.as_ref().map_or(0, weight);
                moved.push((state.head, state.target));
            }
            // Both documents, and what of them is written in the end.
            budget::hold(Class::Work, bytes - before).await?;
            if moved.len() > STATES_MAX || bytes > BYTES_MAX {
                let text = format!(
                    "more than {STATES_MAX} states, or {} MiB of data, have changed since seq {seq}: \
                     restore them in parts, by type or by a prefix of their ids",
                    BYTES_MAX >> 20
                );
                return Err(ServiceError::TooLarge(text));
            }
        }
    }
}

pub(super) fn weight(version: &Version) -> usize {
    version.data.as_ref().map_or(0, Document::weight_at_most) + 1024
}

fn compare(asked: Asked, moved: Vec<(Version, Option<Version>)>, modes: &Modes) -> Result<Worked> {
    let targets: HashMap<StateKey, Version> =
        moved.iter().filter_map(|(head, target)| Some((head.key.clone(), target.clone()?))).collect();
    let everything = asked.everything;
    let (plan, writes) =
        with_rules(modes, |rules| plan(asked, moved, rules)).map_err(|error| unplanned(&error))?;
    Ok(Worked { plan, writes, targets, everything })
}

/// There is no plan for what is asked.
pub(super) fn unplanned(error: &PlanError) -> ServiceError {
    let (pointer, code) = match error {
        PlanError::State(name) => (in_selection(name), "unknown_state"),
        PlanError::Selection { key, .. } => (in_selection(&selection_key(key)), "unknown_path"),
        PlanError::Result { key, .. } => (in_selection(&selection_key(key)), "result"),
    };
    ServiceError::body(&pointer, code, error.to_string())
}

/// Where a request says something of a state.
fn in_selection(name: &str) -> String {
    let mut pointer = Pointer::root().join("selection");
    pointer.push(name);
    pointer.as_str().to_owned()
}

/// What today's rules are.
pub(super) fn with_rules<T>(modes: &Modes, work: impl FnOnce(Rules<'_>) -> T) -> T {
    work(Rules {
        paths: &|state_type: &StateType| path_rules(state_type.as_str()),
        validate: &|key: &StateKey, data: &Document| -> Verdict {
            validate(key.state_type.as_str(), data, modes.mode(&key.state_type))
        },
    })
}
