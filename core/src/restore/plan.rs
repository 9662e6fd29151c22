//! The whole plan, as the API says it.
use super::choice::misspelled;
use super::{Bound, Choice, Side, StatePlan, Writing, plan_hash, plan_state, selection_key};
use crate::api::{Effect, Plan, PlanCounts, PlanRequest, PlannedState, StateSelection, VersionView};
use crate::apply::ApplyError;
use crate::json::Document;
use crate::model::{Seq, Snapshot, StateKey, StateType, Timestamp, Verdict, Version};
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
    /// The head that it replaces.
    pub now: Version,
}

/// There is no plan for what is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The selection names something that cannot be.
    #[error("selection: {0}")]
    Selection(String),
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

/// Works out a plan, and what it writes. `moved` are the states of the scope that have a version after the target: each
/// with its head, and its version at the target if it existed then.
///
/// # Errors
/// See [`PlanError`].
pub fn plan(
    asked: Asked,
    moved: Vec<(Version, Option<Version>)>,
    rules: Rules<'_>,
) -> Result<(Plan, Vec<Planned>), PlanError> {
    if let Some(wrong) = misspelled(&asked.request.selection) {
        return Err(PlanError::Selection(wrong));
    }
    let mut draft = Draft::new(&asked, rules);
    for (now, target) in moved {
        draft.state(now, target.as_ref())?;
    }
    let Draft { counts, states, written, bound, .. } = draft;
    let hash = plan_hash(
        asked.target_seq,
        &asked.request.scope,
        &asked.request.selection,
        bound.iter().map(|(key, now, target)| Bound { key, now, target: target.as_ref() }),
    );
    let (states, equal_listed) = listed(states);
    let plan = Plan {
        plan: hash,
        target: asked.request.target,
        target_seq: asked.target_seq,
        target_time: asked.target_time,
        scope: asked.request.scope,
        selection: asked.request.selection,
        seq: asked.seq,
        counts: PlanCounts {
            equal: asked.states_in_scope.saturating_sub(counts.written() + counts.damaged),
            ..counts
        },
        states,
        equal_listed,
        snapshot_before: Snapshot::before_restore_id(asked.seq).map(|id| id.to_string()).unwrap_or_default(),
    };
    Ok((plan, written))
}

/// A plan in the making.
struct Draft<'q, 'r> {
    asked: &'q Asked,
    rules: Rules<'r>,
    counts: PlanCounts,
    /// With whether each is as it was.
    states: Vec<(bool, PlannedState)>,
    written: Vec<Planned>,
    bound: Vec<(StateKey, Side, Option<Side>)>,
}

impl<'q, 'r> Draft<'q, 'r> {
    fn new(asked: &'q Asked, rules: Rules<'r>) -> Self {
        Self {
            asked,
            rules,
            counts: PlanCounts::default(),
            states: Vec::new(),
            written: Vec::new(),
            bound: Vec::new(),
        }
    }

    fn state(&mut self, now: Version, target: Option<&Version>) -> Result<(), PlanError> {
        let key = now.key.clone();
        let ticks = self.asked.request.selection.get(&selection_key(&key));
        let default = StateSelection::default();
        let ticked = Choice::Ticked(ticks.unwrap_or(&default));
        let choice = if self.asked.everything { Choice::Everything } else { ticked };
        let (side_now, side_target) = (Side::of(&now), target.map(Side::of));
        let rules = (self.rules.paths)(&key.state_type);
        let planned = plan_state(&side_now, side_target.as_ref(), choice, rules)
            .map_err(|source| PlanError::Result { key: key.clone(), source })?;
        let verdict = match &planned.writing {
            Writing::Data(data) => (self.rules.validate)(&key, data),
            Writing::Nothing | Writing::Tombstone => Verdict::NotChecked,
        };
        self.count(planned.effect, &verdict);
        self.states.push((planned.same, describe(&now, target, &planned, &verdict)));
        // What is damaged at the target is not written, so it binds nothing.
        if !planned.same && planned.effect != Effect::Damaged {
            self.bound.push((key.clone(), side_now, side_target));
        }
        if planned.writing != Writing::Nothing {
            self.written.push(Planned { key, writing: planned.writing, verdict, now });
        }
        Ok(())
    }

    fn count(&mut self, effect: Effect, verdict: &Verdict) {
        match effect {
            Effect::Changed => self.counts.changed += 1,
            Effect::Recreated => self.counts.recreated += 1,
            Effect::Deleted => self.counts.deleted += 1,
            Effect::Damaged => self.counts.damaged += 1,
            Effect::Equal => {}
        }
        self.counts.invalid += u64::from(verdict.is_invalid());
    }
}

fn describe(now: &Version, target: Option<&Version>, plan: &StatePlan, verdict: &Verdict) -> PlannedState {
    PlannedState {
        key: now.key.clone(),
        effect: plan.effect,
        now: VersionView::of(now),
        target: target.map(VersionView::of),
        next_version: now.version.next(),
        paths: plan.paths,
        selected: plan.selected,
        verdict: verdict.clone(),
    }
}

/// States that differ first, then some of the equal ones, with how many those are.
fn listed(mut states: Vec<(bool, PlannedState)>) -> (Vec<PlannedState>, u64) {
    states.sort_by(|(same, state), (other_same, other)| (same, &state.key).cmp(&(other_same, &other.key)));
    let differing = states.iter().filter(|(same, _)| !same).count();
    states.truncate(differing + EQUAL_LISTED);
    let equal_listed = (states.len() - differing) as u64;
    (states.into_iter().map(|(_, state)| state).collect(), equal_listed)
}
