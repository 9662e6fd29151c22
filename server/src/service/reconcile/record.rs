//! What is kept of a plan that was applied, in the same commit: the choices, the rows, and the broker's list as it came.

use serde::Serialize;
use stateloft_core::api::{AgreementCounts, ChosenRow, PlannedRow, ReconcileOptions, ReconcilePlan};
use stateloft_core::commit::{Change, Expectation, Write};
use stateloft_core::json::Document;
use stateloft_core::model::{RunId, StateKey, Verdict};

use crate::service::signature::Signature;
use crate::service::{Result, ServiceError};

/// The type of the states that keep it; one a run, a version each time.
const RECONCILE: &str = "reconcile";
/// The most bytes of a broker's list that are kept, and so the most that can be applied.
pub(super) const LIST_MAX: usize = 8 << 20;

#[derive(Serialize)]
struct Record<'a> {
    plan: &'a str,
    run_id: &'a str,
    options: &'a ReconcileOptions,
    counts: AgreementCounts,
    choices: &'a [ChosenRow],
    /// Those that something was chosen of.
    rows: Vec<&'a PlannedRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<&'a Document>,
}

/// The write that keeps it. Its texts are bounded by those of the list and of the choices.
pub(super) fn record(
    run: &RunId,
    plan: &ReconcilePlan,
    (list, options): (Option<&Document>, &ReconcileOptions),
    who: &Signature,
) -> Result<Write> {
    let record = Record {
        plan: &plan.plan,
        run_id: run.as_str(),
        options,
        counts: plan.counts,
        choices: &plan.choices,
        rows: plan.rows.iter().filter(|row| row.chosen.is_some()).collect(),
        list_hash: plan.list_hash.as_deref(),
        list,
    };
    let data = Document::from_serialize(&record).map_err(|_| {
        ServiceError::TooLarge(
            "so many choices at once are too large for one record: apply them in parts".into(),
        )
    })?;
    let key = StateKey::new(RECONCILE, run.as_str());
    let key = key.map_err(|error| ServiceError::Internal(error.to_string()))?;
    let change = Change::Record { data, restored: false };
    Ok(who.write(key, change, Expectation::Any, Verdict::NotChecked))
}
