//! The whole plan, as the API says it.
use std::collections::BTreeSet;

use super::choice::only_skips;
use super::{
    Choice, Side, StateError, StatePlan, Unclear, Writing, bound_hash, named, plan_hash, plan_state,
    selection_key,
};
use crate::api::{Effect, Plan, PlanCounts, PlanRequest, PlannedState, Scope, StateSelection, VersionView};
use crate::apply::ApplyError;
use crate::commit::Fence;
use crate::json::Document;
use crate::model::{
    Seq, Snapshot, StateKey, StateType, Timestamp, Verdict, Version, VersionNumber, is_kept_of_runs,
    is_session,
};
use crate::schema::PathRules;

/// At most this many equal states are listed in a plan.
const EQUAL_LISTED: usize = 100;

/// What is asked, with what the store says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The request.
    pub request: PlanRequest,
    /// Write all of it, noise and what is protected too; the request's selection is then empty.
    pub everything: bool,
    /// The target resolved.
    pub target_seq: Seq,
    /// When the last version at the target was recorded.
    pub target_time: Option<Timestamp>,
    /// The store's last seq.
    pub seq: Seq,
    /// How many states of the scope have a version at all.
    pub states_in_scope: u64,
}

/// What is known of types, and how data is validated.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// What the paths of a type mean.
    pub paths: &'a dyn Fn(&StateType) -> &'a PathRules,
    /// What today's rules say of data.
    pub validate: &'a dyn Fn(&StateKey, &Document) -> Verdict,
}

/// One state with what is written to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Which state.
    pub key: StateKey,
    /// What is written; never nothing.
    pub writing: Writing,
    /// What today's rules say of it.
    pub verdict: Verdict,
    /// The version that it replaces; 0 if there never was one.
    pub replaces: VersionNumber,
    /// What binds it; see [`bound_hash`].
    pub bound: Option<String>,
}

/// There is no plan for what is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The selection names what is no state, or none of the scope.
    #[error(
        "{0:?} is no state that this restore is about: a selection names states of its scope, as <type>/<id>"
    )]
    State(String),
    /// The selection names something in a state that is not there, or that means two things.
    #[error("{key}: {source}")]
    Selection {
        /// Of which state.
        key: StateKey,
        /// What.
        source: Unclear,
    },
    /// The chosen changes make something that cannot be stored: what was added since stays, what was removed comes
    /// back, and together they are too large.
    #[error("{key}: {source}")]
    Result {
        /// Of which state.
        key: StateKey,
        /// Why.
        source: ApplyError,
    },
}

impl PlanError {
    pub(super) fn of(key: &StateKey, error: StateError) -> Self {
        let key = key.clone();
        match error {
            StateError::Selection(source) => Self::Selection { key, source },
            StateError::Result(source) => Self::Result { key, source },
        }
    }
}

/// Works out a plan, and what it writes. `moved` are the states of the scope that have a version after the target, each
/// with its head, and its version at the target if it existed then; and those that the selection names besides.
///
/// # Errors
/// See [`PlanError`].
pub fn plan(
    asked: Asked,
    moved: Vec<(Version, Option<Version>)>,
    rules: Rules<'_>,
) -> Result<(Plan, Vec<Planned>), PlanError> {
    let named = named(&asked.request.selection).map_err(PlanError::State)?;
    let (stays, moved): (Vec<_>, Vec<_>) =
        moved.into_iter().partition(|(now, _)| stays(&asked.request.scope, now));
    let in_scope = asked.states_in_scope.saturating_sub(stays.len() as u64);
    // What does not exist has no hash.
    let differs = |(now, target): &(Version, Option<Version>)| {
        target.as_ref().and_then(|target| target.content_hash) != now.content_hash
    };
    let left_out = stays.into_iter().filter(differs).map(|(now, _)| now.key).collect();
    let there: BTreeSet<&StateKey> = moved.iter().map(|(now, _)| &now.key).collect();
    if let Some(strange) = named.iter().find(|key| !there.contains(key)) {
        return Err(PlanError::State(selection_key(strange)));
    }
    let mut draft = Draft::new(&asked, rules);
    for (now, target) in moved {
        draft.state(&now, target.as_ref())?;
    }
    let Draft { counts, states, written, .. } = draft;
    let bound = states.iter().filter_map(|(_, state)| Some((&state.key, state.bound.as_deref()?)));
    let (request, seq) = (&asked.request, asked.target_seq);
    let hash = plan_hash(seq, &request.scope, &request.selection, request.exact, bound);
    let (states, equal_listed) = listed(states, |state| &state.key);
    let plan = Plan {
        plan: hash,
        target: asked.request.target,
        target_seq: asked.target_seq,
        target_time: asked.target_time,
        scope: asked.request.scope,
        selection: asked.request.selection,
        exact: asked.request.exact,
        seq: asked.seq,
        counts: PlanCounts { equal: in_scope.saturating_sub(counts.written() + counts.damaged), ..counts },
        states,
        equal_listed,
        snapshot_before: Snapshot::before_restore_id(asked.seq).map(|id| id.to_string()).unwrap_or_default(),
        held_by: Vec::new(),
        left_out,
    };
    Ok((plan, written))
}

/// Whether a state stays as it is though it is in the scope: what the server keeps of live runs is not taken back by itself. Who means
/// it names the state.
#[must_use]
pub fn stays(scope: &Scope, now: &Version) -> bool {
    let live_session = is_session(&now.key) && Fence::is_live(now.version, now.data.as_ref());
    records_stay(scope, &now.key) || (live_session && !scope.states.contains(&now.key))
}

/// The same of a state of which only the name counts, and that need not be there: a record of runs.
#[must_use]
pub fn records_stay(scope: &Scope, key: &StateKey) -> bool {
    is_kept_of_runs(key) && !scope.states.contains(key)
}

/// A plan in the making.
struct Draft<'q, 'r> {
    asked: &'q Asked,
    rules: Rules<'r>,
    counts: PlanCounts,
    /// With whether each is as it was.
    states: Vec<(bool, PlannedState)>,
    written: Vec<Planned>,
}

impl<'q, 'r> Draft<'q, 'r> {
    fn new(asked: &'q Asked, rules: Rules<'r>) -> Self {
        Self { asked, rules, counts: PlanCounts::default(), states: Vec::new(), written: Vec::new() }
    }

    fn state(&mut self, now: &Version, target: Option<&Version>) -> Result<(), PlanError> {
        let key = now.key.clone();
        let request = &self.asked.request;
        let default = StateSelection::default();
        let ticks = request.selection.get(&selection_key(&key)).unwrap_or(&default);
        let choice = Choice::among(ticks, self.asked.everything || request.exact);
        if request.exact {
            only_skips(Choice::Ticked(ticks), true).map_err(|error| PlanError::of(&key, error.into()))?;
        }
        let (now_side, target_side) = (Side::of(now), target.map(Side::of));
        let worked = Worked::out(&key, &now_side, target_side.as_ref(), choice, request.exact, self.rules);
        let Worked { planned, verdict, exact, bound } = worked.map_err(|error| PlanError::of(&key, error))?;
        count(&mut self.counts, planned.effect, &verdict, exact);
        let same = planned.same;
        let state = PlannedState {
            key: key.clone(),
            effect: planned.effect,
            now: VersionView::of(now),
            target: target.map(VersionView::of),
            next_version: now.version.next(),
            paths: planned.paths,
            selected: planned.selected,
            verdict: verdict.clone(),
            exact,
            result_hash: planned.writing.content_hash(),
            bound,
        };
        if planned.writing != Writing::Nothing {
            let bound = state.bound.clone();
            let replaces = now.version;
            self.written.push(Planned { key, writing: planned.writing, verdict, replaces, bound });
        }
        self.states.push((same, state));
        Ok(())
    }
}

/// Counts one more state.
pub(super) fn count(counts: &mut PlanCounts, effect: Effect, verdict: &Verdict, exact: bool) {
    match effect {
        Effect::Changed => counts.changed += 1,
        Effect::Recreated => counts.recreated += 1,
        Effect::Deleted => counts.deleted += 1,
        Effect::Damaged => counts.damaged += 1,
        Effect::Equal => {}
    }
    counts.invalid += u64::from(verdict.is_invalid());
    counts.exact += u64::from(exact);
}

/// One state worked out.
pub(super) struct Worked {
    pub(super) planned: StatePlan,
    pub(super) verdict: Verdict,
    /// What is written is the target, byte for byte.
    pub(super) exact: bool,
    pub(super) bound: Option<String>,
}

impl Worked {
    pub(super) fn out(
        key: &StateKey,
        now: &Side,
        target: Option<&Side>,
        choice: Choice<'_>,
        exact: bool,
        rules: Rules<'_>,
    ) -> Result<Self, StateError> {
        let paths = (rules.paths)(&key.state_type);
        let planned = plan_state(now, target, choice, paths)?;
        let verdict = match &planned.writing {
            Writing::Data(data) => (rules.validate)(key, data),
            Writing::Nothing | Writing::Tombstone => Verdict::NotChecked,
        };
        let bound = bound_hash(now, &planned, &verdict, paths, exact);
        let is_target = match &planned.writing {
            Writing::Nothing => false,
            Writing::Data(data) => target.and_then(|target| target.data.as_ref()) == Some(data),
            Writing::Tombstone => true,
        };
        Ok(Self { planned, verdict, exact: is_target, bound })
    }
}

/// States that differ first, then some of the equal ones, each group by type and id, with how many equal ones those are.
pub(super) fn listed<S>(mut states: Vec<(bool, S)>, key: impl Fn(&S) -> &StateKey) -> (Vec<S>, u64) {
    states.sort_by(|(same, state), (other_same, other)| (same, key(state)).cmp(&(other_same, key(other))));
    let differing = states.iter().filter(|(same, _)| !same).count();
    states.truncate(differing + EQUAL_LISTED);
    let equal_listed = (states.len() - differing) as u64;
    (states.into_iter().map(|(_, state)| state).collect(), equal_listed)
}
