//! What is to be done about a report: which rows, what that writes, and the hash that binds what was looked at. Pure like the report: the
//! same states, list and choices give the same plan.

mod choose;
mod create;
pub(crate) mod edit;
mod lot;
mod name;
#[cfg(feature = "validate")]
mod rebase;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use choose::{Choosing, Refused};
use create::Created;
use edit::diff_of;
use name::{names, which_of};
#[cfg(feature = "validate")]
pub use rebase::OntoLots;

use super::compare::{self, Row};
use super::ours::holdings;
use super::{OurState, ReconcileError, Sides, report};
use crate::api::{
    ChosenRow, PlannedRow, PlannedWrite, ReconcileOptions, ReconcileOutdated, ReconcilePlan, ReconcilePolicy,
    ReconcileRow, RowChoice, RowMoved,
};
use crate::apply::{ApplyError, apply};
use crate::book::Holding;
use crate::diff::{Change, Diff};
use crate::hash::{ContentHash, RequestHash};
use crate::json::Document;
use crate::model::{RunId, StateKey, StateType, VersionNumber};

/// What is asked besides the states and the list.
#[derive(Debug, Clone, Copy)]
pub struct Reconciling<'a> {
    /// The run that it is about.
    pub run: Option<&'a RunId>,
    /// The type of states that are begun.
    pub state_type: &'a StateType,
    /// How the list is read.
    pub options: &'a ReconcileOptions,
    /// What is done with rows of which nothing is chosen.
    pub policy: ReconcilePolicy,
    /// What is chosen.
    pub choices: &'a [ChosenRow],
    /// States that there are and that were not looked at: none of them is begun.
    pub taken: &'a [StateKey],
}

/// There is no plan for what is asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// There is no report.
    #[error(transparent)]
    Report(#[from] ReconcileError),
    /// A choice cannot be taken.
    #[error("{text}")]
    Choice {
        /// Which of them.
        nth: usize,
        /// Which member of it.
        member: &'static str,
        /// A stable word.
        code: &'static str,
        /// Why, and what to do.
        text: String,
    },
    /// Rows of which something was chosen are not what was looked at.
    #[error("rows that something was chosen of have moved since they were looked at")]
    Moved(Box<ReconcileOutdated>),
    /// What would be written is no document, or too large for one.
    #[error("what would be written to {0} is too large for one state")]
    TooLarge(StateKey),
}

/// A plan, and what it writes.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// For people.
    pub plan: ReconcilePlan,
    /// In the order of its `writes`.
    pub edits: Vec<PlannedEdit>,
    /// Whether the broker's list is whole.
    pub whole: bool,
}

/// What becomes of a state.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedEdit {
    /// Which.
    pub key: StateKey,
    /// The version that it is written in place of; `None` where there is no such state.
    pub replaces: Option<VersionNumber>,
    /// What it gets.
    pub data: Document,
    /// What is written where it has moved: absent of what is new.
    pub edited: Option<Edited>,
}

/// Changes of a state, and what it holds, closed or not: they may be made to a later version that holds the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    changes: Diff,
    held: Vec<(Holding<'static>, bool)>,
}

/// Works out what choices would write. Without any, nothing.
///
/// # Errors
/// [`PlanError`]
pub fn plan(
    ours: &[OurState<'_>],
    list: Option<&Document>,
    asked: Reconciling<'_>,
) -> Result<Planned, PlanError> {
    let sides = Sides::of(ours, list.map(Document::root), asked.options)?;
    let rows = compare::rows(&sides, asked.options);
    let said = report(&sides, &rows, asked.options);
    let names = names(said.rows.iter());
    let offers: Vec<Offer<'_>> =
        rows.iter().zip(&names).map(|(row, name)| Offer::of(row, name, ours, asked.options)).collect();
    let mut planned: Vec<PlannedRow> =
        said.rows.into_iter().zip(&offers).map(|(said, offer)| shown(said, offer)).collect();
    let found = find(asked.choices, &names)?;
    if found.contains(&None) {
        return Err(outdated(ours, list, asked, &found, &planned));
    }
    let chosen = chosen(asked, &offers, found.into_iter().flatten());
    let Work { choices, edits, writes } = Work::out(ours, asked, &offers, &chosen)?;
    let of_row: HashMap<&str, RowChoice> =
        choices.iter().map(|chosen| (chosen.row.as_str(), chosen.choice)).collect();
    for row in &mut planned {
        row.chosen = of_row.get(row.row.as_str()).copied();
    }
    let list_hash = list.map(|list| ContentHash::of(list).to_string());
    let plan = ReconcilePlan {
        plan: hash(asked, list_hash.as_deref(), &choices, &writes),
        run_id: asked.run.map(RunId::to_string),
        policy: asked.policy,
        hash: said.hash,
        list_hash,
        shape: said.shape,
        as_of: said.as_of,
        failure: said.failure,
        counts: said.counts,
        rows: planned,
        unread: said.unread,
        choices,
        writes,
        held_by: Vec::new(),
        recorded: None,
        answered: None,
    };
    Ok(Planned { plan, edits, whole: sides.is_whole(asked.options) })
}

/// A row, and what may be chosen of it.
struct Offer<'a> {
    row: Choosing<'a>,
    choices: Vec<RowChoice>,
}

impl<'a> Offer<'a> {
    fn of(row: &'a Row<'a>, name: &'a str, ours: &'a [OurState<'a>], options: &'a ReconcileOptions) -> Self {
        let row = Choosing { row, name, ours, options };
        Self { choices: row.offered(), row }
    }
}

/// Something that is chosen of a row.
struct Chosen {
    /// Which row.
    at: usize,
    /// Which choice of the request; `None` where its policy chose.
    nth: Option<usize>,
    choice: ChosenRow,
}

/// What is chosen, by the request or else by its policy, in the order of the rows.
fn chosen(asked: Reconciling<'_>, offers: &[Offer<'_>], found: impl Iterator<Item = usize>) -> Vec<Chosen> {
    let mut of_row: BTreeMap<usize, Chosen> = BTreeMap::new();
    for (nth, (at, choice)) in found.zip(asked.choices).enumerate() {
        of_row.insert(at, Chosen { at, nth: Some(nth), choice: choice.clone() });
    }
    for (at, offer) in offers.iter().enumerate() {
        if let Some(choice) = offer.row.by_policy(asked.policy, &offer.choices) {
            of_row.entry(at).or_insert(Chosen { at, nth: None, choice });
        }
    }
    of_row.into_values().collect()
}

/// What choices write.
struct Work {
    choices: Vec<ChosenRow>,
    edits: Vec<PlannedEdit>,
    writes: Vec<PlannedWrite>,
}

impl Work {
    fn out(
        ours: &[OurState<'_>],
        asked: Reconciling<'_>,
        offers: &[Offer<'_>],
        chosen: &[Chosen],
    ) -> Result<Self, PlanError> {
        let mut created = Created::new(ours, asked);
        let mut written: BTreeMap<usize, Written> = BTreeMap::new();
        let mut work =
            Self { choices: Vec::with_capacity(chosen.len()), edits: Vec::new(), writes: Vec::new() };
        for Chosen { at, nth, choice } in chosen {
            let Offer { row, choices } = &offers[*at];
            match (row.write(choice, choices, &mut created), nth) {
                (Ok(changes), _) => {
                    for (state, changes) in changes {
                        written.entry(state).or_default().add(changes, row);
                    }
                    work.choices.push(choice.clone());
                }
                // What a policy cannot do by itself is left to people.
                (Err(_), None) => {}
                (Err(Refused { member, code, text }), Some(nth)) => {
                    return Err(PlanError::Choice { nth: *nth, member, code, text });
                }
            }
        }
        for (state, written) in written {
            let (edit, write) = written.finish(&ours[state])?;
            work.edits.push(edit);
            work.writes.push(write);
        }
        for write in created.into_writes()? {
            let data = write.data.clone().ok_or_else(|| PlanError::TooLarge(write.key.clone()))?;
            work.edits.push(PlannedEdit { key: write.key.clone(), replaces: None, data, edited: None });
            work.writes.push(write);
        }
        Ok(work)
    }
}

fn shown(said: ReconcileRow, offer: &Offer<'_>) -> PlannedRow {
    PlannedRow {
        row: offer.row.name.to_owned(),
        said,
        choices: offer.choices.clone(),
        chosen: None,
        agreed: None,
        since: None,
    }
}

/// Where the rows stand that something is chosen of; `None` where one is not there as it was looked at.
fn find(choices: &[ChosenRow], names: &[String]) -> Result<Vec<Option<usize>>, PlanError> {
    let places: HashMap<&str, usize> =
        names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let mut seen = HashSet::new();
    let wrong = |nth, code, text: &str| PlanError::Choice { nth, member: "row", code, text: text.to_owned() };
    let place = |(nth, chosen): (usize, &ChosenRow)| {
        let which = which_of(&chosen.row)
            .ok_or_else(|| wrong(nth, "row", "this is the name of no row: they stand in the plan's rows"))?;
        if !seen.insert(which.to_owned()) {
            return Err(wrong(nth, "unique", "something is chosen of this row twice"));
        }
        Ok(places.get(chosen.row.as_str()).copied())
    };
    choices.iter().enumerate().map(place).collect()
}

/// The refusal where rows moved: which, and the plan without them.
fn outdated(
    ours: &[OurState<'_>],
    list: Option<&Document>,
    asked: Reconciling<'_>,
    found: &[Option<usize>],
    rows: &[PlannedRow],
) -> PlanError {
    let here: HashMap<&str, &PlannedRow> =
        rows.iter().filter_map(|row| Some((which_of(&row.row)?, row))).collect();
    let (mut moved, mut left) = (Vec::new(), Vec::new());
    for (chosen, found) in asked.choices.iter().zip(found) {
        if found.is_some() {
            left.push(chosen.clone());
            continue;
        }
        let now = which_of(&chosen.row).and_then(|which| here.get(which)).map(|row| Box::new((*row).clone()));
        moved.push(RowMoved { row: chosen.row.clone(), now });
    }
    match plan(ours, list, Reconciling { choices: &left, policy: ReconcilePolicy::Halt, ..asked }) {
        Ok(Planned { plan, .. }) => {
            PlanError::Moved(Box::new(ReconcileOutdated { plan: plan.plan, choices: plan.choices, moved }))
        }
        Err(error) => error,
    }
}

/// What is written to one state.
#[derive(Default)]
struct Written {
    changes: Vec<Change>,
    rows: Vec<String>,
}

impl Written {
    fn add(&mut self, changes: Vec<Change>, row: &Choosing<'_>) {
        self.changes.extend(changes);
        if self.rows.last().map(String::as_str) != Some(row.name) {
            self.rows.push(row.name.to_owned());
        }
    }

    fn finish(self, state: &OurState<'_>) -> Result<(PlannedEdit, PlannedWrite), PlanError> {
        let Self { changes, rows } = self;
        let too_large = || PlanError::TooLarge(state.key.clone());
        let now = state.data.ok_or_else(too_large)?;
        let data = with_changes(&now.to_document(), &changes).map_err(|_| too_large())?;
        let write = PlannedWrite {
            key: state.key.clone(),
            version: Some(state.version.0),
            changes: changes.clone(),
            data: None,
            rows,
        };
        let held =
            holdings(now).into_iter().map(|(holding, closed)| (holding.into_owned(), closed)).collect();
        let edited = Some(Edited { changes: diff_of(changes), held });
        let edit = PlannedEdit { key: state.key.clone(), replaces: Some(state.version), data, edited };
        Ok((edit, write))
    }
}

fn with_changes(document: &Document, changes: &[Change]) -> Result<Document, ApplyError> {
    apply(document, &diff_of(changes.to_vec()))
}

/// What a plan binds. Versions are not in it: a price that is written into a position meanwhile makes it no other plan.
fn hash(
    asked: Reconciling<'_>,
    list_hash: Option<&str>,
    choices: &[ChosenRow],
    writes: &[PlannedWrite],
) -> String {
    let writes: Vec<_> = writes.iter().map(|write| (&write.key, &write.changes, &write.data)).collect();
    // Texts and numbers: writing them cannot fail.
    let said = serde_json::to_vec(&(asked.run.map(RunId::as_str), asked.options, list_hash, choices, writes));
    RequestHash::of(&[b"stateloft-reconcile-1", &said.unwrap_or_default()]).to_string()
}
