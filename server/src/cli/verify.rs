//! `stateloft verify`.

use clap::Args;
use serde::Serialize;
use stateloft_core::api::{Stops, Unreadable, VerifyReport};
use stateloft_core::model::Seq;

use super::client::{Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Progress, print_json};
use super::say::answer;
use super::source::{Source, load};
use super::{Done, logging, open};
use crate::store::{StateStore, verify_stretch};

const STRETCH: usize = 10_000;

/// Check the hash chain of every version. Exit code 0: whole; 1: broken, or the store cannot be read.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    source: Source,
    /// Print a line of JSON for each version that is not as it was written, and then one for the whole.
    #[arg(long)]
    json: bool,
}

/// The whole, for programs.
#[derive(Serialize)]
struct Verified<'a> {
    whole: bool,
    seq: Seq,
    broken: u64,
    /// What else is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl Verify {
    pub(super) async fn run(self) -> Done {
        let config = load(self.source)?.config;
        logging::start(config.log);
        let store = open::store_to_read(&config).await?;
        let done = verified(store.as_ref(), self.json).await;
        store.close().await;
        done.map(Into::into)
    }
}

async fn verified(store: &dyn StateStore, json: bool) -> Result<Exit, Failure> {
    let stretch = async |after: Seq| {
        let report = verify_stretch(store, after, STRETCH).await;
        report.map_err(|error| Failure::from(error.to_string()))
    };
    // A log does not say what is missing at its end; what stands beside it does.
    let beside = || {
        let stopped = store.alarms().into_iter().find(|alarm| alarm.stops == Stops::Writes);
        stopped.map(|alarm| alarm.detail)
    };
    check_log(stretch, beside, json).await
}

/// The same of the log of whoever is asked.
pub(super) async fn verified_by(client: &Client, json: bool) -> Result<Exit, Failure> {
    let stretch = async |after: Seq| {
        let query = Query::default().with("after", after).with("limit", STRETCH);
        client.read::<VerifyReport>("/verify", &query).await
    };
    check_log(stretch, || None, json).await
}

/// Checks a log, a stretch after each seq, and says what is wrong with it, and what else is wrong.
async fn check_log(
    stretch: impl AsyncFn(Seq) -> Result<VerifyReport, Failure>,
    beside: impl FnOnce() -> Option<String>,
    json: bool,
) -> Result<Exit, Failure> {
    let progress = Progress::new();
    let (mut after, mut broken) = (Seq::ZERO, 0_u64);
    loop {
        let report = stretch(after).await?;
        for fault in &report.faults {
            if json {
                print_json(fault)?;
            } else {
                print(fault, (broken == 0).then_some(report.verified_to));
            }
            broken += 1;
        }
        if report.checked_to >= report.seq {
            drop(progress);
            return conclude(report.seq, broken, beside().as_deref(), json);
        }
        progress.is_at("checked", report.checked_to.0, report.seq.0, "versions");
        after = report.checked_to;
    }
}

/// Says one thing that is wrong; of the first up to where everything is right.
fn print(Unreadable { seq, reason }: &Unreadable, whole_to: Option<Seq>) {
    match whole_to {
        Some(whole) => {
            answer!("broken: versions up to seq {whole} are as they were written, then: seq {seq}: {reason}");
        }
        None => answer!("also seq {seq}: {reason}"),
    }
}

fn conclude(seq: Seq, broken: u64, detail: Option<&str>, json: bool) -> Result<Exit, Failure> {
    let whole = broken == 0 && detail.is_none();
    match (json, broken, detail) {
        (true, ..) => print_json(&Verified { whole, seq, broken, detail })?,
        (false, 0, None) => answer!("whole: all {seq} versions are as they were written"),
        (false, 0, Some(detail)) => {
            answer!("broken: all {seq} versions are as they were written, but {detail}");
        }
        (false, broken, _) => answer!("{broken} of {seq} versions are not as they were written"),
    }
    Ok(if whole { Exit::Done } else { Exit::Failed })
}
