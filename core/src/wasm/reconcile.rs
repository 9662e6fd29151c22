//! A broker's list held against positions, and what is to be done about it, in a page as by the server.

use serde::{Deserialize, Serialize};

use super::Misuse;
use super::documents::read;
use super::ours::{self, Ours};
use crate::api::{
    AgreementCounts, BrokerShape, ChosenRow, PlannedRow, PlannedWrite, ReconcileOptions, ReconcileOutdated,
    ReconcilePlan, ReconcilePolicy, ReconcileReport, Unread,
};
use crate::diff::Change;
use crate::model::{RunId, StateKey, StateType, Timestamp};
use crate::reconcile::{OurState, PlanError, Planned, PlannedEdit, ReconcileError, Reconciling};

/// What is asked of a plan.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AskedPlan {
    /// The run that it is about.
    pub run_id: Option<String>,
    /// The type of states that are begun; `position` where it is left out.
    pub state_type: Option<StateType>,
    /// What is done with rows that nothing is chosen of.
    pub policy: ReconcilePolicy,
    /// What is chosen.
    pub choices: Vec<ChosenRow>,
    /// States that there are and that are not among ours: none of them is begun.
    pub taken: Vec<StateKey>,
}

/// What a plan would write to a state.
#[derive(Debug, PartialEq, Serialize)]
pub struct WrittenState {
    /// Which.
    #[serde(flatten)]
    pub key: StateKey,
    /// The version that was looked at; absent where the state is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// What changes of it. Everything else keeps every byte.
    pub changes: Vec<Change>,
    /// What it gets, as JSON text.
    pub text: String,
    /// The rows that it is about.
    pub rows: Vec<String>,
}

/// What comes of asking for a plan.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum PlanOrNot {
    /// The plan.
    Planned(Box<ShownPlan>),
    /// A choice cannot be taken.
    Refused {
        /// Which, and why.
        refused: RefusedChoice,
    },
    /// Rows that something was chosen of are not what was looked at.
    Outdated {
        /// Which, and what is left.
        outdated: Box<ReconcileOutdated>,
    },
}

/// Why a choice cannot be taken.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct RefusedChoice {
    /// Which of the choices, from 0 on.
    pub choice: usize,
    /// Which member of it.
    pub member: &'static str,
    /// A stable word.
    pub code: &'static str,
    /// Why, and what to do.
    pub message: String,
}

/// A plan as the API gives it, but for what is written: that is text, as numbers of a document do not survive as JavaScript's.
#[derive(Debug, PartialEq, Serialize)]
pub struct ShownPlan {
    plan: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
    policy: ReconcilePolicy,
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    list_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape: Option<BrokerShape>,
    as_of: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    counts: AgreementCounts,
    rows: Vec<PlannedRow>,
    unread: Vec<Unread>,
    choices: Vec<ChosenRow>,
    writes: Vec<WrittenState>,
}

/// Says how a broker's list stands to positions. `ours` is the text of the API's list of states with their data, or of such an array;
/// each may have what it held when the broker was asked (`then`). `list` is the broker's answer as it came, `None` where the
/// call failed.
///
/// # Errors
/// A text is not what it must be, or the options say what cannot be.
pub fn reconcile(
    ours: &str,
    list: Option<&str>,
    options: &ReconcileOptions,
) -> Result<ReconcileReport, Misuse> {
    let list = list.map(|text| read("list", text)).transpose()?;
    let ours = ours::read("ours", ours)?;
    let ours = ours::all(&ours)?;
    let states: Vec<OurState<'_>> = ours.iter().map(Ours::state).collect();
    crate::reconcile::reconcile(&states, list.as_ref(), options).map_err(|error| misuse(&error))
}

/// Says what choices would write, as `POST /runs/{run_id}/reconcile` does: the same states, list and choices give the same plan, with the
/// same hash, unless the server knows of states that were not given.
///
/// # Errors
/// As [`reconcile`], or what would be written is too large for one state. A choice that cannot be taken is a result.
pub fn reconcile_plan(
    ours: &str,
    list: Option<&str>,
    options: &ReconcileOptions,
    asked: &AskedPlan,
) -> Result<PlanOrNot, Misuse> {
    let list = list.map(|text| read("list", text)).transpose()?;
    let ours = ours::read("ours", ours)?;
    let ours = ours::all(&ours)?;
    let states: Vec<OurState<'_>> = ours.iter().map(Ours::state).collect();
    let position = StateType::new("position").map_err(wrong)?;
    let run: Option<RunId> = asked.run_id.as_deref().map(str::parse).transpose().map_err(wrong)?;
    let reconciling = Reconciling {
        run: run.as_ref(),
        state_type: asked.state_type.as_ref().unwrap_or(&position),
        options,
        policy: asked.policy,
        choices: &asked.choices,
        taken: &asked.taken,
    };
    match crate::reconcile::plan(&states, list.as_ref(), reconciling) {
        Ok(planned) => Ok(PlanOrNot::Planned(Box::new(shown(planned)))),
        Err(PlanError::Choice { nth, member, code, text }) => {
            Ok(PlanOrNot::Refused { refused: RefusedChoice { choice: nth, member, code, message: text } })
        }
        Err(PlanError::Moved(outdated)) => Ok(PlanOrNot::Outdated { outdated }),
        Err(PlanError::Report(error)) => Err(misuse(&error)),
        Err(error @ PlanError::TooLarge(_)) => Err(Misuse::Argument("list", error.to_string())),
    }
}

fn wrong(error: impl std::fmt::Display) -> Misuse {
    Misuse::Argument("asked", error.to_string())
}

pub(super) fn misuse(error: &ReconcileError) -> Misuse {
    let argument = if error.pointer() == "/list" { "list" } else { "options" };
    Misuse::Argument(argument, error.to_string())
}

fn shown(Planned { plan, edits, .. }: Planned) -> ShownPlan {
    // What a server keeps (`recorded`), nobody keeps here, and who is live (`held_by`), nobody knows.
    let ReconcilePlan {
        plan,
        run_id,
        policy,
        hash,
        list_hash,
        shape,
        as_of,
        failure,
        counts,
        rows,
        unread,
        choices,
        writes,
        held_by: _,
        recorded: _,
        answered: _,
    } = plan;
    let written = |(write, PlannedEdit { data, .. }): (PlannedWrite, PlannedEdit)| WrittenState {
        key: write.key,
        version: write.version,
        changes: write.changes,
        text: data.text().to_owned(),
        rows: write.rows,
    };
    let writes = writes.into_iter().zip(edits).map(written).collect();
    ShownPlan {
        plan,
        run_id,
        policy,
        hash,
        list_hash,
        shape,
        as_of,
        failure,
        counts,
        rows,
        unread,
        choices,
        writes,
    }
}
