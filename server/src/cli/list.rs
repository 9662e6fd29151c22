//! `stateloft list`: states, as they are or were.

use clap::{Args, ValueEnum};
use stateloft_core::api::{Moment, StateRow, StateRows};
use stateloft_core::model::{Operation, StateType};

use super::client::{Client, Pages, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::figures::bytes;
use super::named::{moment, state_type};
use super::output::{Column, Table, print_json, verdict_words};
use super::reach::{Intent, ReachOrStore};
use super::say::remark;
use super::{Done, asking};

const COLUMNS: [Column; 8] = [
    Column::text("TYPE"),
    Column::text("ID"),
    Column::figure("VERSION"),
    Column::figure("SEQ"),
    Column::text("CHANGED"),
    Column::text("AUTHOR"),
    Column::figure("SIZE"),
    Column::text("RULES"),
];

/// List and search states, the last change first. On a terminal a table; elsewhere a line a state, with tabs between its
/// columns.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    reach: ReachOrStore,
    /// Only these types, separated by commas.
    #[arg(value_name = "TYPE", value_delimiter = ',', value_parser = state_type)]
    types: Vec<StateType>,
    /// Only ids that begin with this.
    #[arg(long, value_name = "TEXT")]
    prefix: Option<String>,
    /// Only states that have this text in id, type or data.
    #[arg(short, long, value_name = "TEXT")]
    q: Option<String>,
    /// Only states of this verdict.
    #[arg(long, value_enum)]
    validity: Option<Validity>,
    /// Whether deleted states are listed.
    #[arg(long, value_enum, default_value = "exclude")]
    deleted: Among,
    /// Only states that changed after this moment.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    changed_since: Option<Moment>,
    /// Only states that these wrote last, separated by commas.
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// As they were at this moment: a time with zone, `seq:N` or `snapshot:NAME`.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Moment>,
    /// The order.
    #[arg(long, value_enum, default_value = "changed")]
    sort: Order,
    /// At most so many; without it all.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// With their data; only with --json.
    #[arg(long, requires = "json")]
    data: bool,
    /// While the store is away, list what the server remembers; without it that is an error.
    #[arg(long)]
    stale: bool,
    /// Print a line of JSON for each state.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Validity {
    Valid,
    Invalid,
    NotChecked,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Among {
    Exclude,
    Include,
    Only,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Order {
    Changed,
    Id,
}

/// The word that the API has for a choice, which is the one on the command line.
fn word(choice: &impl ValueEnum) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

impl List {
    pub(super) async fn run(self) -> Done {
        let query = self.query();
        let Self { reach, limit, json, .. } = self;
        asking(reach.client(Intent::Read).await?, async |client| print(client, query, limit, json).await)
            .await
    }

    fn query(&self) -> Query {
        let types = self.types.iter().map(StateType::as_str).collect::<Vec<_>>().join(",");
        Query::default()
            .and("state_type", (!types.is_empty()).then_some(types))
            .and("prefix", self.prefix.as_deref())
            .and("q", self.q.as_deref())
            .and("validity", self.validity.as_ref().map(word))
            .with("deleted", word(&self.deleted))
            .and("changed_since", self.changed_since.as_ref())
            .and("author", self.author.as_deref())
            .and("at", self.at.as_ref())
            .with("sort", word(&self.sort))
            .with("data", self.data)
            .with("stale", if self.stale { "allow" } else { "refuse" })
    }
}

async fn print(client: &Client, query: Query, limit: Option<usize>, json: bool) -> Result<Exit, Failure> {
    let mut pages = Pages::<StateRows>::new(client, "/states", query, limit);
    let mut table = Table::new(&COLUMNS);
    while let Some(page) = pages.next().await? {
        if json {
            page.states.iter().try_for_each(print_json)?;
        } else {
            table.print(page.states.iter().map(cells));
        }
        if let Some(note) = page.note.filter(|_| !page.complete) {
            remark!("stateloft: not complete: {note}");
        }
    }
    Ok(Exit::Done)
}

fn cells(row: &StateRow) -> Vec<String> {
    match row {
        StateRow::Stored(state) => {
            let version = &state.version;
            let rules = match (version.damaged, version.operation) {
                (true, _) => "damaged".to_owned(),
                (false, Operation::Delete) => "deleted".to_owned(),
                (false, _) => verdict_words(&version.verdict),
            };
            vec![
                version.state_type.to_string(),
                version.state_id.to_string(),
                version.version.to_string(),
                version.seq.to_string(),
                version.timestamp.to_string(),
                version.user_id.as_deref().unwrap_or_default().to_owned(),
                bytes(version.size as u64),
                rules,
            ]
        }
        StateRow::Pending(pending) => vec![
            pending.state_type.to_string(),
            pending.state_id.to_string(),
            String::new(),
            String::new(),
            pending.accepted_at.to_string(),
            pending.user_id.as_deref().unwrap_or_default().to_owned(),
            bytes(pending.size as u64),
            "waits".to_owned(),
        ],
    }
}
