//! `stateloft history`: the versions of a state.

use clap::Args;
use stateloft_core::api::{History, StateSummary};
use stateloft_core::model::Timestamp;

use super::client::{Pages, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::figures::bytes;
use super::named::{Named, time};
use super::output::{Column, Table, effect_of_change, print_json, shown_change, verdict_words};
use super::reach::{Intent, ReachOrStore};
use super::say::remark;
use super::{Done, asking};
use stateloft_core::api::OfState as _;

const COLUMNS: [Column; 9] = [
    Column::figure("VERSION"),
    Column::figure("SEQ"),
    Column::text("TIME"),
    Column::text("AUTHOR"),
    Column::text("WHAT"),
    Column::figure("SIZE"),
    Column::text("RULES"),
    Column::text("CHANGE"),
    Column::text("REASON"),
];

/// List the versions of a state, newest first.
#[derive(Debug, Args)]
pub(super) struct HistoryOf {
    #[command(flatten)]
    reach: ReachOrStore,
    #[command(flatten)]
    named: Named,
    /// Only versions that were there since this time or later.
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Timestamp>,
    /// Only versions that were there by this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Timestamp>,
    /// Only versions that this run of a program wrote.
    #[arg(long, value_name = "ID")]
    run_id: Option<String>,
    /// Only versions of this correlation.
    #[arg(long, value_name = "ID")]
    correlation_id: Option<String>,
    /// At most so many; without it all.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// With their data; only with --json.
    #[arg(long, requires = "json")]
    data: bool,
    /// Print a line of JSON for each version.
    #[arg(long)]
    json: bool,
}

impl HistoryOf {
    pub(super) async fn run(self) -> Done {
        let Self { reach, named, from, to, run_id, correlation_id, limit, data, json } = self;
        let key = named.key();
        let query = Query::of(&key)
            .and("start_time", from)
            .and("end_time", to)
            .and("run_id", run_id)
            .and("correlation_id", correlation_id)
            .with("data", data);
        asking(reach.client(Intent::Read).await?, async |client| {
            let mut pages = Pages::<History>::new(client, "/states/-/history", query, limit);
            let mut table = Table::new(&COLUMNS);
            let mut waiting = 0;
            while let Some(page) = pages.next().await? {
                if let Some(other) = page.other(&key) {
                    return Err(Failure::from(format!(
                        "{} was asked about {key} and answers about {other}",
                        client.place()
                    )));
                }
                waiting = page.pending.len();
                if json {
                    page.versions.iter().try_for_each(print_json)?;
                } else {
                    table.print(page.versions.iter().map(cells));
                }
            }
            if waiting > 0 {
                remark!("stateloft: {waiting} more wait in the journal and have no version yet");
            }
            Ok(Exit::Done)
        })
        .await
    }
}

fn cells(row: &StateSummary) -> Vec<String> {
    let version = &row.version;
    let first = version.change.first.as_deref().map(shown_change).unwrap_or_default();
    let change = [effect_of_change(&version.change), first];
    vec![
        version.version.to_string(),
        version.seq.to_string(),
        version.effective_at().to_string(),
        version.user_id.as_deref().unwrap_or_default().to_owned(),
        version.operation.to_string(),
        bytes(version.size as u64),
        if version.damaged { "damaged".to_owned() } else { verdict_words(&version.verdict) },
        change.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("  "),
        version.description.as_deref().unwrap_or_default().to_owned(),
    ]
}
