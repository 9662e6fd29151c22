//! `stateloft runs checkpoints`: the checkpoints of a run, newest first.

use stateloft_core::api::{CheckpointList, CheckpointStatistics, CheckpointView, RunView};
use stateloft_core::model::RunId;

use crate::cli::client::{Client, Pages, Query};
use crate::cli::failure::Failure;
use crate::cli::output::style::theirs;
use crate::cli::output::{Column, Table, counted, print_json};
use crate::cli::say::remark;

const COLUMNS: [Column; 7] = [
    Column::figure("NUMBER"),
    Column::text("TAKEN"),
    Column::figure("SEQ"),
    Column::figure("STATES"),
    Column::figure("OPEN"),
    Column::figure("PENDING"),
    Column::text("NAME"),
];

/// Prints those that are kept, or with `all` every one.
pub(super) async fn list(
    client: &Client,
    run: &RunId,
    all: bool,
    limit: Option<usize>,
    json: bool,
) -> Result<(), Failure> {
    let query = Query::default().and("keep", all.then_some(u64::MAX));
    let mut pages = Pages::<CheckpointList>::new(client, format!("/runs/{run}/checkpoints"), query, limit);
    let mut table = Table::new(&COLUMNS);
    let mut statistics = CheckpointStatistics::default();
    while let Some(page) = pages.next().await? {
        if json {
            page.checkpoints.iter().try_for_each(print_json)?;
        } else {
            table.print(page.checkpoints.iter().map(cells));
        }
        for number in &page.damaged {
            remark!("{number} is not shown: what is stored of it is damaged");
        }
        statistics = page.statistics;
    }
    if !json && statistics.count > 0 {
        let every = statistics.average_interval_seconds.map(|seconds| format!(", one every {seconds:.1} s"));
        remark!("{}{}", counted(statistics.count, "checkpoint"), every.unwrap_or_default());
    }
    Ok(())
}

fn cells(checkpoint: &CheckpointView) -> Vec<String> {
    let figure = |count: Option<u64>| count.map(|count| count.to_string()).unwrap_or_default();
    let pinned = if checkpoint.pinned { "pinned" } else { "" };
    let name = [checkpoint.name.as_deref().unwrap_or_default(), pinned];
    vec![
        checkpoint.number.to_string(),
        checkpoint.taken_at.to_string(),
        checkpoint.seq.to_string(),
        checkpoint.states.to_string(),
        figure(checkpoint.open_positions),
        figure(checkpoint.pending_orders),
        name.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", "),
    ]
}

/// The last checkpoint of a run in a line; nothing where it took none.
pub(super) fn last_told(run: &RunView) -> Option<String> {
    match &run.last_checkpoint {
        None if run.checkpoint_unknown => Some("not known: what is stored of it is damaged".to_owned()),
        last => last.as_ref().map(told),
    }
}

fn told(checkpoint: &CheckpointView) -> String {
    let name = checkpoint.name.as_deref().map(|name| format!(" ({})", theirs(name)));
    format!(
        "{}{} of {}, seq {}",
        checkpoint.number,
        name.unwrap_or_default(),
        checkpoint.taken_at,
        checkpoint.seq
    )
}
