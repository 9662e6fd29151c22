//! `stateloft runs`: who is writing, what ended, and an operator's word about it.

mod ask;
mod checkpoints;
mod choices;
mod crashed;
mod differences;
mod pause;
mod reconcile;
mod resume;
mod show;

use clap::{Args, Subcommand};
use hyper::Method;
use serde::Serialize;
use stateloft_core::api::{
    AskReconcile, EndRun, EndedAs, MarkCrashed, PauseRun, RunList, RunRow, RunStatus, StopHandshake,
};
use stateloft_core::json::Document;
use stateloft_core::model::{RunId, RunName};

use super::client::{Client, Pages, Query, Written};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Column, Table, print_json};
use super::reach::{Intent, ReachOrStore};
use super::{Done, asking};

const COLUMNS: [Column; 7] = [
    Column::text("RUN"),
    Column::text("STATUS"),
    Column::text("STARTED"),
    Column::text("ENDED"),
    Column::text("HOST"),
    Column::text("CODE"),
    Column::text("REASON"),
];

/// Look at runs of programs, and end those that do not end by themselves.
#[derive(Debug, Args)]
pub(super) struct Runs {
    #[command(flatten)]
    reach: ReachOrStore,
    #[command(subcommand)]
    what: What,
    /// Print the answer of the API; of a list a line of JSON for each run.
    #[arg(long, global = true)]
    json: bool,
}

/// What is to be done about runs.
#[derive(Debug, Subcommand)]
enum What {
    /// List them, the last changed first.
    List {
        /// Only these: active, completed, crashed, stopped or replaced.
        #[arg(long, value_name = "STATUS", value_parser = status)]
        status: Option<RunStatus>,
        /// Only of this program.
        #[arg(long, value_name = "NAME", value_parser = name)]
        program: Option<RunName>,
        /// Only of this instance.
        #[arg(long, value_name = "NAME", value_parser = name)]
        instance: Option<RunName>,
        /// At most so many; without it all.
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Show one: how it is, who holds its lease, and what it wrote.
    Show {
        /// Its id, such as btc-grid.main.17.
        #[arg(value_name = "RUN", value_parser = run_id)]
        run: RunId,
    },
    /// End a live run as one that has ended by itself.
    End {
        /// Its id.
        #[arg(value_name = "RUN", value_parser = run_id)]
        run: RunId,
        /// It has done what it was to do; without this it was stopped.
        #[arg(long)]
        completed: bool,
        /// The value of what it ends with, kept exactly.
        #[arg(long, value_name = "NUMBER", value_parser = number, allow_negative_numbers = true)]
        final_value: Option<Document>,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Who.
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
    },
    /// Have a live run pause until it is let go: it finishes what is under way, and nothing that it saves afterwards is written.
    Pause {
        /// Its id.
        #[arg(value_name = "RUN", value_parser = run_id)]
        run: RunId,
        /// Why; the run and whoever looks are told.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who.
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
        /// Wait so long for its word; 10 s when left out. Without it the run goes on.
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
        wait: Option<u64>,
    },
    /// Let a run go on that was paused with `runs pause`, or in the console.
    GoOn {
        /// Its id.
        #[arg(value_name = "RUN", value_parser = run_id)]
        run: RunId,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Who.
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
    },
    /// Have a live run ask its broker, and hold the list against the store. It is told so until it has reported.
    Ask {
        /// Its id.
        #[arg(value_name = "RUN", value_parser = run_id)]
        run: RunId,
        /// Why; the run and whoever looks are told.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Who.
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
    },
    /// Print what the last run of an instance has left: how it ended, its last checkpoint, and its states with what they hold now.
    Resume {
        /// The program, such as btc-grid, or one of its instances, such as btc-grid.main.
        #[arg(value_name = "PROGRAM[.INSTANCE]")]
        of: resume::Instance,
        /// What they held at the last checkpoint.
        #[arg(long)]
        at_checkpoint: bool,
    },
    /// List the checkpoints of a run, newest first: the last 100, and those that are pinned.
    Checkpoints {
        /// Its id.
        #[arg(value_name = "RUN", value_parser = run_id)]
        run: RunId,
        /// Every one.
        #[arg(long)]
        all: bool,
        /// At most so many.
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Hold a broker's list of positions against those of a run, and write what is chosen of what differs.
    Reconcile(Box<reconcile::Reconcile>),
    /// Say of a run that it is gone, before its lease has run out.
    MarkCrashed {
        /// Its id.
        #[arg(value_name = "RUN", value_parser = run_id, required_unless_present = "all")]
        run: Option<RunId>,
        /// Say it of all active runs, once their number is typed.
        #[arg(long, conflicts_with = "run")]
        all: bool,
        /// Their number, without being asked for it: if they are not so many, nothing is written.
        #[arg(long, value_name = "N", requires = "all")]
        count: Option<u64>,
        /// Only those of this program.
        #[arg(long, value_name = "NAME", value_parser = name, requires = "all")]
        program: Option<RunName>,
        /// Why that is certain.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who says so.
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
    },
}

impl What {
    fn intent(&self) -> Intent {
        match self {
            Self::List { .. } | Self::Show { .. } | Self::Resume { .. } | Self::Checkpoints { .. } => {
                Intent::Read
            }
            Self::Reconcile(asked) if !asked.writes() => Intent::Read,
            Self::End { .. }
            | Self::Pause { .. }
            | Self::GoOn { .. }
            | Self::Ask { .. }
            | Self::MarkCrashed { .. }
            | Self::Reconcile(_) => Intent::Write,
        }
    }
}

impl Runs {
    pub(super) async fn run(self) -> Done {
        let Self { reach, what, json } = self;
        asking(reach.client(what.intent()).await?, async |client| {
            match what {
                What::List { status, program, instance, limit } => {
                    let query = Query::default()
                        .and("status", status.map(RunStatus::as_str))
                        .and("program", program)
                        .and("instance", instance);
                    list(client, query, limit, json).await?;
                }
                What::Show { run } => {
                    let answer = client.get(&format!("/runs/{run}"), &Query::default()).await?;
                    show::print(client, &run, &answer, json)?;
                }
                What::End { run, completed, final_value, reason, author } => {
                    let status = if completed { EndedAs::Completed } else { EndedAs::Stopped };
                    let end = EndRun { status, final_value, reason, user_id: author };
                    write(client, &run, "end", &end, json).await?;
                }
                What::Pause { run, reason, author, wait } => {
                    let asked = PauseRun { reason, user_id: author, wait_seconds: wait };
                    pause::pause(client, &run, &asked, json).await?;
                }
                What::GoOn { run, reason, author } => {
                    let word = StopHandshake { reason, user_id: author };
                    pause::go_on(client, &run, &word, json).await?;
                }
                What::Ask { run, reason, author } => {
                    ask::ask(client, &run, &AskReconcile { reason, user_id: author }, json).await?;
                }
                What::Resume { of, at_checkpoint } => {
                    resume::resume(client, &of, at_checkpoint, json).await?;
                }
                What::Checkpoints { run, all, limit } => {
                    checkpoints::list(client, &run, all, limit, json).await?;
                }
                What::Reconcile(asked) => return asked.run(client, json).await,
                What::MarkCrashed { run: Some(run), reason, author, .. } => {
                    let crashed = MarkCrashed { reason, user_id: author };
                    write(client, &run, "mark-crashed", &crashed, json).await?;
                }
                What::MarkCrashed { run: None, count, program, reason, author, .. } => {
                    let all = crashed::All { count, program, reason, author };
                    crashed::mark_all(client, all, json).await?;
                }
            }
            Ok(Exit::Done)
        })
        .await
    }
}

fn status(text: &str) -> Result<RunStatus, String> {
    let all = [
        RunStatus::Active,
        RunStatus::Completed,
        RunStatus::Crashed,
        RunStatus::Stopped,
        RunStatus::Replaced,
    ];
    let found = all.into_iter().find(|status| status.as_str() == text);
    found.ok_or_else(|| "it must be active, completed, crashed, stopped or replaced".to_owned())
}

fn name(text: &str) -> Result<RunName, String> {
    RunName::new(text).map_err(|error| error.to_string())
}

fn run_id(text: &str) -> Result<RunId, String> {
    text.parse().map_err(|error: stateloft_core::model::RunIdError| error.to_string())
}

fn number(text: &str) -> Result<Document, String> {
    let number: Document =
        text.parse().map_err(|error: stateloft_core::json::JsonError| error.to_string())?;
    if number.root().as_decimal().is_some() { Ok(number) } else { Err("it must be a number".to_owned()) }
}

async fn write(
    client: &Client,
    run: &RunId,
    what: &str,
    body: &impl Serialize,
    json: bool,
) -> Result<(), Failure> {
    match client.write(Method::POST, &format!("/runs/{run}/{what}"), Some(body)).await? {
        Written::Stored(answer) => show::print(client, run, &answer, json),
        // What ends a run does not wait in a journal.
        Written::Waits(pending) => {
            Err(format!("it waits in the server's journal: {}", pending.pending_id).into())
        }
    }
}

async fn list(client: &Client, query: Query, limit: Option<usize>, json: bool) -> Result<(), Failure> {
    let mut pages = Pages::<RunList>::new(client, "/runs", query, limit);
    let mut table = Table::new(&COLUMNS);
    while let Some(page) = pages.next().await? {
        if json {
            page.runs.iter().try_for_each(print_json)?;
        } else {
            table.print(page.runs.iter().map(cells));
        }
    }
    Ok(())
}

fn cells(row: &RunRow) -> Vec<String> {
    let run = &row.run;
    let status = match (run.status, row.live) {
        (RunStatus::Active, false) => "active, not live",
        (status, _) => status.as_str(),
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        run.run_id.clone(),
        status.to_owned(),
        run.started_at.to_string(),
        run.ended_at.map(|at| at.to_string()).unwrap_or_default(),
        text(&run.host),
        text(&run.code),
        text(&run.reason),
    ]
}
