//! `stateloft runs mark-crashed --all`: every active run at once, if they are as many as whoever says so believes.

use std::io::{BufRead as _, Write as _};

use hyper::Method;
use stateloft_core::api::{MarkAllCrashed, MarkedCrashed, RunList, RunStatus};
use stateloft_core::model::RunName;

use crate::cli::client::{Client, Pages, Query, Written};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{counted, print_answer};
use crate::cli::say::{answer, remark};

/// Which runs, and why.
pub(super) struct All {
    pub(super) count: Option<u64>,
    pub(super) program: Option<RunName>,
    pub(super) reason: String,
    pub(super) author: Option<String>,
}

pub(super) async fn mark_all(client: &Client, all: All, json: bool) -> Result<(), Failure> {
    let All { count, program, reason, author } = all;
    let count = match count {
        Some(count) => count,
        None => asked(&active(client, program.as_ref()).await?)?,
    };
    let request = MarkAllCrashed { count, program, reason, user_id: author };
    let said = match client.write(Method::POST, "/runs/mark-crashed", Some(&request)).await? {
        Written::Stored(said) => said,
        // What ends runs does not wait in a journal.
        Written::Waits(pending) => {
            return Err(format!("it waits in the server's journal: {}", pending.pending_id).into());
        }
    };
    let marked: MarkedCrashed = client.understood(&said)?;
    if json {
        print_answer(&said);
        return Ok(());
    }
    for run in &marked.runs {
        answer!("{}", run.run_id);
    }
    remark!("{} marked as crashed", counted(marked.runs.len() as u64, "run"));
    Ok(())
}

/// The ids of all active runs.
async fn active(client: &Client, program: Option<&RunName>) -> Result<Vec<String>, Failure> {
    let query = Query::default().and("status", Some(RunStatus::Active.as_str())).and("program", program);
    let mut pages = Pages::<RunList>::new(client, "/runs", query, None);
    let mut runs = Vec::new();
    while let Some(page) = pages.next().await? {
        runs.extend(page.runs.into_iter().map(|row| row.run.run_id));
    }
    Ok(runs)
}

/// Shows the runs and asks how many they are. Only their number is a yes; where nobody answers, it is none.
fn asked(runs: &[String]) -> Result<u64, Failure> {
    let count = runs.len() as u64;
    for run in runs {
        remark!("{run}");
    }
    if count == 0 {
        return Ok(0);
    }
    let mut question = std::io::stderr().lock();
    let written = write!(question, "Type how many these are to mark them all as crashed: ");
    written.and_then(|()| question.flush()).map_err(|error| error.to_string())?;
    drop(question);
    let mut said = String::new();
    let read = std::io::stdin().lock().read_line(&mut said);
    if read.map_err(|error| format!("standard input: {error}"))? == 0 {
        remark!("");
    }
    match said.trim().parse::<u64>() {
        Ok(said) if said == count => Ok(count),
        _ => Err(Failure::new(
            Exit::NotConfirmed,
            "nothing was written; --count N says it without being asked",
        )),
    }
}
