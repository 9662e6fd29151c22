//! What a reconciliation says, for people and their tools.

use stateloft_core::api::{Apart, AppliedReconcile, PlannedRow, ReconcilePlan};

use crate::cli::output::style::theirs;
use crate::cli::output::{Column, Table, counted};
use crate::cli::restore::{held, unread};
use crate::cli::say::{answer, remark};

const COLUMNS: [Column; 8] = [
    Column::text("ROW"),
    Column::text("VERDICT"),
    Column::text("SYMBOL"),
    Column::figure("OURS"),
    Column::figure("THEIRS"),
    Column::figure("APART"),
    Column::text("CHOSEN"),
    Column::text("MAY BE CHOSEN"),
];

/// The rows on standard output, the worst first; what they come to beside them.
pub(super) fn print(plan: &ReconcilePlan) {
    Table::new(&COLUMNS).print(plan.rows.iter().map(cells));
    for unread in &plan.unread {
        remark!("not understood at {} of the list: {}", theirs(&unread.pointer), theirs(&unread.reason));
    }
    let counts = &plan.counts;
    let apart = counts.quantity_mismatch + counts.price_mismatch + counts.missing_here + counts.missing_there;
    remark!(
        "{} matched, {} differ, {} unknown, as of {}",
        counted(counts.matched, "row"),
        apart,
        counts.unknown,
        plan.as_of
    );
    for write in &plan.writes {
        let what = match write.version {
            None => "a new state".to_owned(),
            Some(version) => {
                format!("{} behind version {version}", counted(write.changes.len() as u64, "change"))
            }
        };
        remark!("writes {} {}: {what}", write.key.state_type, theirs(write.key.state_id.as_str()));
    }
    for line in held(&plan.held_by) {
        remark!("{line}");
    }
    if !plan.choices.is_empty() {
        remark!("plan {}", plan.plan);
    }
}

/// What was written, and the way back.
pub(super) fn print_applied(applied: &AppliedReconcile) {
    for version in &applied.versions {
        answer!(
            "{} {}: version {}, seq {}",
            version.state_type,
            theirs(version.state_id.as_str()),
            version.version,
            version.seq
        );
    }
    unread(applied.handshake.as_deref());
    remark!("a restore of these states to {} takes it back", applied.before);
}

fn cells(row: &PlannedRow) -> Vec<String> {
    let said = &row.said;
    let verdict = word(&said.verdict);
    let verdict = said.because.map_or(verdict.clone(), |because| format!("{verdict} ({})", word(&because)));
    // Where quantities agree, what is apart is the price.
    let apart =
        said.price.as_ref().filter(|_| word(&said.verdict) == "price_mismatch").or(said.quantity.as_ref());
    let of = |side: fn(&Apart) -> &String, held: Option<&String>| {
        apart.map(side).or(held).cloned().unwrap_or_default()
    };
    let choices: Vec<String> = row.choices.iter().map(word).collect();
    vec![
        row.row.clone(),
        verdict,
        said.symbol.clone().unwrap_or_else(|| said.ids.join(" ")),
        of(|apart| &apart.ours, said.ours.first().and_then(|held| held.quantity.as_ref())),
        of(|apart| &apart.theirs, said.theirs.first().and_then(|held| held.quantity.as_ref())),
        apart.and_then(|apart| apart.delta.clone()).unwrap_or_default(),
        row.chosen.as_ref().map(word).unwrap_or_default(),
        choices.join(" "),
    ]
}

/// A word of the API.
fn word(word: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(word).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
