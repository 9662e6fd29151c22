//! `stateloft snapshot`: names for moments.

use clap::{Args, Subcommand};
use hyper::Method;
use stateloft_core::api::{CreateSnapshot, SnapshotList, SnapshotView};
use stateloft_core::model::{Seq, SnapshotId};

use super::client::{Answer, Client, Pages, Query, Written};
use super::exit::Exit;
use super::failure::Failure;
use super::named::state_id;
use super::output::style::theirs;
use super::output::{Column, Table, print_answer, print_json};
use super::reach::{Intent, ReachOrStore};
use super::say::answer;
use super::{Done, asking};

const COLUMNS: [Column; 6] = [
    Column::text("SNAPSHOT"),
    Column::figure("SEQ"),
    Column::text("MADE"),
    Column::text("AUTHOR"),
    Column::text("KIND"),
    Column::text("REASON"),
];

/// Name a moment of the whole store, so that it can be found again. Nothing is copied: it costs the same at any size.
#[derive(Debug, Args)]
pub(super) struct Snapshots {
    #[command(flatten)]
    reach: ReachOrStore,
    #[command(subcommand)]
    what: What,
    /// Print the answer of the API; of a list a line of JSON for each snapshot.
    #[arg(long, global = true)]
    json: bool,
}

/// What is to be done about snapshots.
#[derive(Debug, Subcommand)]
enum What {
    /// Name the present moment, or an earlier one.
    Create {
        /// The name; it must be new.
        #[arg(value_name = "NAME", value_parser = state_id)]
        name: SnapshotId,
        /// The moment right after this version of the log; without it the present one.
        #[arg(long, value_name = "SEQ")]
        seq: Option<u64>,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Who.
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
    },
    /// List them, newest first.
    List {
        /// At most so many; without it all.
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Show one.
    Show {
        /// Its name.
        #[arg(value_name = "NAME", value_parser = state_id)]
        name: SnapshotId,
    },
    /// Forget a name. The versions stay, and so does every other way to go back to them.
    Delete {
        /// The name.
        #[arg(value_name = "NAME", value_parser = state_id)]
        name: SnapshotId,
    },
}

impl What {
    fn intent(&self) -> Intent {
        match self {
            Self::Create { .. } | Self::Delete { .. } => Intent::Write,
            Self::List { .. } | Self::Show { .. } => Intent::Read,
        }
    }
}

impl Snapshots {
    pub(super) async fn run(self) -> Done {
        let Self { reach, what, json } = self;
        asking(reach.client(what.intent()).await?, async |client| {
            match what {
                What::Create { name, seq, reason, author } => {
                    let seq = seq.map(Seq);
                    let made = CreateSnapshot {
                        snapshot_id: name.clone(),
                        description: reason,
                        user_id: author,
                        seq,
                    };
                    let written = client.write(Method::POST, "/snapshots", Some(&made)).await?;
                    print(client, &name, &stored(written)?, "names", json)?;
                }
                What::List { limit } => list(client, limit, json).await?,
                What::Show { name } => {
                    let answer = client.get("/snapshots/-", &named(&name)).await?;
                    print(client, &name, &answer, "names", json)?;
                }
                What::Delete { name } => {
                    let path = format!("/snapshots/-{}", named(&name).as_str());
                    let written = client.write(Method::DELETE, &path, None::<&()>).await?;
                    print(client, &name, &stored(written)?, "is forgotten; it named", json)?;
                }
            }
            Ok(Exit::Done)
        })
        .await
    }
}

fn named(name: &SnapshotId) -> Query {
    Query::default().with("snapshot_id", name)
}

/// Snapshots do not wait in a journal.
fn stored(written: Written) -> Result<Answer, Failure> {
    match written {
        Written::Stored(answer) => Ok(answer),
        Written::Waits(pending) => {
            Err(format!("it waits in the server's journal: {}", pending.pending_id).into())
        }
    }
}

fn print(client: &Client, name: &SnapshotId, said: &Answer, does: &str, json: bool) -> Result<(), Failure> {
    let found: SnapshotView = client.understood(said)?;
    if found.snapshot_id != *name {
        let place = client.place();
        return Err(format!(
            "{place} was asked about the snapshot {name} and answers about {}",
            found.snapshot_id
        )
        .into());
    }
    if json {
        print_answer(said);
        return Ok(());
    }
    let by = found.user_id.as_deref().map(|name| format!(" by {}", theirs(name))).unwrap_or_default();
    let why = found.description.as_deref().map(|text| format!(": {}", theirs(text))).unwrap_or_default();
    answer!("snapshot {} {does} seq {}, made {}{by}{why}", theirs(name.as_str()), found.seq, found.timestamp);
    Ok(())
}

async fn list(client: &Client, limit: Option<usize>, json: bool) -> Result<(), Failure> {
    let mut pages = Pages::<SnapshotList>::new(client, "/snapshots", Query::default(), limit);
    let mut table = Table::new(&COLUMNS);
    while let Some(page) = pages.next().await? {
        if json {
            page.snapshots.iter().try_for_each(print_json)?;
        } else {
            table.print(page.snapshots.iter().map(cells));
        }
    }
    Ok(())
}

fn cells(snapshot: &SnapshotView) -> Vec<String> {
    vec![
        snapshot.snapshot_id.to_string(),
        snapshot.seq.to_string(),
        snapshot.timestamp.to_string(),
        snapshot.user_id.as_deref().unwrap_or_default().to_owned(),
        snapshot.kind.as_str().to_owned(),
        snapshot.description.as_deref().unwrap_or_default().to_owned(),
    ]
}
