//! `stateloft check`: real figures, of a store or of a running server.

use clap::Args;
use stateloft_core::api::{Overview, StateRow, StateRows, StateSummary, Status, Stops, TypeCount};

use super::client::{Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::figures::{age, bytes};
use super::output::style::theirs;
use super::output::{print_answer, verdict_words};
use super::reach::ReachOrStore;
use super::say::answer;
use super::status::{known, print_alarms};
use super::{Done, asking, book, logging};
use crate::config::{Loaded, StoreConfig};

/// Invalid states that are named; the others are counted.
const NAMED: usize = 20;
/// Broken rules that are named of each.
const RULES: usize = 3;

/// Look at the configuration and the store it names, or at a running server: figures, open positions, pairs, portfolio, broken
/// rules. Exit code 0: all is well; 1: something failed; 3: states break rules; 10: the store or the server does not answer.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    reach: ReachOrStore,
    /// Print the status as the API has it, and nothing else.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) async fn run(self) -> Done {
        let Self { reach, json } = self;
        let client = if let Some(server) = reach.server()? {
            server
        } else {
            let loaded = reach.configured_store()?;
            logging::start(loaded.config.log);
            if !json {
                print_configuration(&loaded);
            }
            super::reach::read(loaded.config).await?
        };
        asking(client, async |client| report(client, json).await).await
    }
}

fn print_configuration(Loaded { config, warnings }: &Loaded) {
    let file = config.file.as_ref().map_or("no file".to_owned(), |file| file.display().to_string());
    answer!("Configuration   {file}, environment: understood");
    for warning in warnings {
        answer!("  note: {warning}");
    }
    match &config.store {
        StoreConfig::Sqlite { path } => answer!("Store           sqlite, {}", path.display()),
        StoreConfig::Postgres(settings) => answer!("Store           postgresql, {settings}"),
        StoreConfig::Influx(options) => answer!("Store           influxdb, {options}"),
    }
    if let Some(mirror) = &config.mirror {
        let (types, fields) = mirror.fields.counts();
        answer!("Mirror          {fields} numbers of {types} types, to {}", mirror.bucket);
    }
}

async fn report(client: &Client, json: bool) -> Result<Exit, Failure> {
    let said = client.get("/status", &Query::default()).await?;
    let status: Status = client.understood(&said)?;
    if json {
        print_answer(&said);
    } else {
        print_status(client, &status);
    }
    if !status.store.up {
        return Err(Failure::new(Exit::Unavailable, "the store does not answer"));
    }
    if let Some(alarm) = status.alarms.iter().find(|alarm| alarm.stops == Stops::Writes) {
        return Err(format!("{} ({}): {}", alarm.code.title(), alarm.code, alarm.detail).into());
    }
    let total = status.states_invalid.unwrap_or_default();
    if !json {
        let overview: Overview =
            client.read("/overview", &Query::default().with("hours", 1).with("buckets", 1)).await?;
        for count in &overview.types {
            print_type(count, last_change(client, count, &status).await?);
        }
        book::print(client).await?;
        print_invalid(&invalid(client).await?, total);
    }
    Ok(if total == 0 { Exit::Done } else { Exit::InvalidStates })
}

fn print_status(client: &Client, status: &Status) {
    print_alarms(status);
    let size = status.store.size_bytes.map_or("size unknown".to_owned(), bytes);
    answer!("Asked           {}", client.place());
    answer!("Status          {}", if status.store.up { "connected" } else { "does not answer" });
    answer!("Engine          {}, {size}", status.store.engine);
    answer!("Versions        {}", known(status.seq.map(|seq| seq.0)));
    let (live, deleted) = (known(status.states_live), known(status.states_deleted));
    answer!("States          {live} live, {deleted} deleted");
    answer!("Snapshots       {}", known(status.snapshots));
}

fn print_type(count: &TypeCount, changed: Option<String>) {
    let changed = changed.map_or("no live state".to_owned(), |age| format!("last changed {age} ago"));
    answer!(
        "  {:<16}{} live, {} deleted, {} invalid; {changed}",
        count.state_type,
        count.live,
        count.deleted,
        count.invalid
    );
}

fn print_invalid(states: &[StateSummary], total: u64) {
    if total == 0 {
        answer!("Broken rules    none");
        return;
    }
    answer!("Broken rules    in {total} live {}", if total == 1 { "state" } else { "states" });
    for StateSummary { version, .. } in states {
        let id = theirs(version.state_id.as_str());
        answer!("  {} {id} v{}, {}", version.state_type, version.version, verdict_words(&version.verdict));
        for violation in version.verdict.violations().iter().take(RULES) {
            answer!("    {}: {}", theirs(&violation.pointer), theirs(&violation.message));
        }
    }
    let more = total.saturating_sub(states.len() as u64);
    if more > 0 {
        answer!("  ... and {more} more");
    }
}

async fn invalid(client: &Client) -> Result<Vec<StateSummary>, Failure> {
    let query = Query::default().with("validity", "invalid").with("limit", NAMED);
    let list: StateRows = client.read("/states", &query).await?;
    Ok(list.states.into_iter().filter_map(StateRow::stored).collect())
}

/// How long ago a state of the type changed last.
async fn last_change(client: &Client, count: &TypeCount, status: &Status) -> Result<Option<String>, Failure> {
    let query = Query::default().with("state_type", &count.state_type).with("limit", 1);
    let list: StateRows = client.read("/states", &query).await?;
    let newest = list.states.into_iter().find_map(StateRow::stored);
    Ok(newest.map(|state| age(state.version.timestamp, status.now)))
}
