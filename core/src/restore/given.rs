//! What a restore to given documents would write: a file's states, which are no moment of the store's.

use std::collections::BTreeSet;

use super::choice::only_skips;
use super::plan::{Worked, count, listed};
use super::{Choice, PlanError, Planned, Rules, Side, Writing, named, plan_hash, selection_key};
use crate::api::{GivenPlan, GivenPlanned, PlanCounts, Scope, Selection, StateSelection, VersionView};
use crate::hash::{ContentHash, RequestHash};
use crate::json::Document;
use crate::model::{Seq, Snapshot, StateKey, Version};

/// What is asked, with what the store says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenAsked {
    /// What the documents come from.
    pub name: String,
    /// Which states.
    pub scope: Scope,
    /// Which parts of them.
    pub selection: Selection,
    /// Byte for byte.
    pub exact: bool,
    /// Whether states of the scope go that are not given.
    pub delete_others: bool,
    /// The store's last seq.
    pub seq: Seq,
    /// States of the scope that differ and are left as they are.
    pub left_out: Vec<StateKey>,
}

/// A state that is given, or that goes because it is not.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenNow {
    /// Which state.
    pub key: StateKey,
    /// Its last version; absent if it never existed.
    pub now: Option<Version>,
    /// What is given of it.
    pub data: Option<Document>,
}

/// Works out the plan, and what it writes.
///
/// # Errors
/// See [`PlanError`].
pub fn plan_given(
    asked: GivenAsked,
    states: Vec<GivenNow>,
    rules: Rules<'_>,
) -> Result<(GivenPlan, Vec<Planned>), PlanError> {
    let named = named(&asked.selection).map_err(PlanError::State)?;
    let there: BTreeSet<&StateKey> = states.iter().map(|state| &state.key).collect();
    if let Some(strange) = named.iter().find(|key| !there.contains(key)) {
        return Err(PlanError::State(selection_key(strange)));
    }
    let (mut counts, mut rows, mut written) = (PlanCounts::default(), Vec::new(), Vec::new());
    for state in states {
        let (same, row, planned) = one(&asked, state, rules)?;
        count(&mut counts, row.effect, &row.verdict, row.exact);
        rows.push((same, row));
        written.extend(planned);
    }
    counts.equal = rows.len() as u64 - counts.written() - counts.damaged;
    let plan = hash(&asked, rows.iter().map(|(_, row)| row));
    let (states, equal_listed) = listed(rows, |row| &row.key);
    let GivenAsked { name, scope, selection, exact, delete_others, seq, left_out } = asked;
    let snapshot_before = Snapshot::before_restore_id(seq).map(|id| id.to_string()).unwrap_or_default();
    let plan = GivenPlan {
        plan,
        name,
        scope,
        selection,
        exact,
        delete_others,
        seq,
        counts,
        states,
        equal_listed,
        snapshot_before,
        held_by: Vec::new(),
        left_out,
    };
    Ok((plan, written))
}

fn one(
    asked: &GivenAsked,
    state: GivenNow,
    rules: Rules<'_>,
) -> Result<(bool, GivenPlanned, Option<Planned>), PlanError> {
    let GivenNow { key, now, data } = state;
    let default = StateSelection::default();
    let ticks = asked.selection.get(&selection_key(&key)).unwrap_or(&default);
    if asked.exact {
        only_skips(Choice::Ticked(ticks), true).map_err(|error| PlanError::of(&key, error.into()))?;
    }
    let side = now.as_ref().map_or(Side::NOWHERE, Side::of);
    let (given, content_hash) = (data.clone().map(Side::given), data.as_ref().map(ContentHash::of));
    let choice = Choice::among(ticks, asked.exact);
    let worked = Worked::out(&key, &side, given.as_ref(), choice, asked.exact, rules);
    let Worked { planned, verdict, exact, bound } = worked.map_err(|error| PlanError::of(&key, error))?;
    let row = GivenPlanned {
        key: key.clone(),
        effect: planned.effect,
        now: now.as_ref().map(VersionView::of),
        content_hash,
        next_version: side.version.next(),
        paths: planned.paths,
        selected: planned.selected,
        verdict: verdict.clone(),
        exact,
        result_hash: planned.writing.content_hash(),
        bound: bound.clone(),
    };
    let writes = planned.writing != Writing::Nothing;
    let replaces = side.version;
    let written = writes.then_some(Planned { key, writing: planned.writing, verdict, replaces, bound });
    Ok((planned.same, row, written))
}

/// Binds what [`plan_hash`] does, and that it is no plan that goes back to a moment.
fn hash<'a>(asked: &GivenAsked, rows: impl Iterator<Item = &'a GivenPlanned>) -> String {
    let bound = rows.filter_map(|row| Some((&row.key, row.bound.as_deref()?)));
    let states = plan_hash(Seq::ZERO, &asked.scope, &asked.selection, asked.exact, bound);
    let others: &[u8] = if asked.delete_others { b"delete" } else { b"keep" };
    RequestHash::of(&[b"stateloft-documents-plan-1", others, states.as_bytes()]).to_string()
}
