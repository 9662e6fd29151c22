//! `stateloft runs reconcile`: a broker's list held against the positions of a run, and what is done about it.

use std::path::{Path, PathBuf};

use clap::Args;
use hyper::Method;
use stateloft_core::api::{
    Agreement, AppliedReconcile, ApplyReconcile, BrokerShape, PlanReconcile, PlannedRow, ReconcileOptions,
    ReconcilePlan, ReconcilePolicy, Scope, Tolerance, Unread,
};
use stateloft_core::model::{RunId, Timestamp};

use super::choices::Choice;
use super::differences;
use crate::cli::client::{Client, Written};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{print_answer, print_json};
use crate::cli::restore::Asking;
use crate::cli::save::document;
use crate::cli::say::remark;

/// What is asked of a reconciliation.
#[derive(Debug, Args)]
pub(super) struct Reconcile {
    /// The run, such as btc-grid.main.17.
    #[arg(value_name = "RUN", value_parser = super::run_id)]
    run: RunId,
    /// The broker's answer as it came, in JSON; `-` reads standard input.
    #[arg(value_name = "LIST_FILE", required_unless_present = "failure", conflicts_with = "failure")]
    list: Option<PathBuf>,
    /// The call failed with this: there is no list, and nothing is known.
    #[arg(long, value_name = "TEXT")]
    failure: Option<String>,
    /// When the broker was asked (RFC 3339). Without it, when the file was written, which is good for a look.
    #[arg(long, value_name = "TIME", value_parser = time)]
    as_of: Option<Timestamp>,
    /// In whose words the list is; without it, it is recognised.
    #[arg(long, value_name = "SHAPE", value_parser = word::<BrokerShape>)]
    shape: Option<BrokerShape>,
    /// The list is not whole.
    #[arg(long)]
    partial: bool,
    /// How far apart quantities may be.
    #[arg(long, value_name = "NUMBER")]
    quantity_tolerance: Option<String>,
    /// How far apart prices may be.
    #[arg(long, value_name = "NUMBER")]
    price_tolerance: Option<String>,
    /// What the broker calls a symbol of ours.
    #[arg(long, value_name = "THEIRS=OURS", value_parser = symbol)]
    symbol: Vec<(String, String)>,
    /// What is done with rows that nothing is chosen of: halt (nothing, as without it), adopt, ignore.
    #[arg(long, value_name = "POLICY", value_parser = word::<ReconcilePolicy>)]
    policy: Option<ReconcilePolicy>,
    /// What is done with a row, by its name: theirs, ours or close, then what belongs to it, such as
    /// ROW=close,reason=manual,price=1.0832 or ROW=theirs,id=lot-7.
    #[arg(long, value_name = "ROW=CHOICE")]
    choose: Vec<Choice>,
    /// Only say what would be written, as without --apply.
    #[arg(long, conflicts_with = "apply")]
    dry_run: bool,
    /// Write what is chosen.
    #[arg(long, requires = "reason", requires = "as_of")]
    apply: bool,
    /// Why.
    #[arg(long, value_name = "TEXT", requires = "apply")]
    reason: Option<String>,
    /// Who.
    #[arg(long, value_name = "NAME", requires = "apply")]
    author: Option<String>,
    /// Write only if the plan is still the one of this hash, which a look without --apply said.
    #[arg(long, value_name = "HASH", requires = "apply")]
    plan_hash: Option<String>,
    #[command(flatten)]
    ask: Asking,
}

impl Reconcile {
    pub(super) fn writes(&self) -> bool {
        self.apply
    }

    pub(super) async fn run(self, client: &Client, json: bool) -> Result<Exit, Failure> {
        if !self.apply && self.ask.is_said() {
            return Err(Failure::usage(
                "nobody is asked without --apply: leave out --wait and --without-word",
            ));
        }
        let as_of = match (self.as_of, &self.list) {
            (Some(as_of), _) => as_of,
            (None, Some(file)) => written_at(file)?,
            (None, None) => {
                return Err(needs_as_of("there is no file whose time says when the broker was asked"));
            }
        };
        let list = self.list.as_deref().map(document).transpose()?;
        let options = ReconcileOptions {
            as_of,
            shape: self.shape,
            failure: self.failure,
            partial: self.partial,
            tolerance: Tolerance { quantity: self.quantity_tolerance, price: self.price_tolerance },
            symbols: self.symbol.into_iter().collect(),
        };
        let handshake = self.ask.terms(self.author.as_deref());
        let ask = PlanReconcile {
            scope: Scope::default(),
            list,
            options,
            policy: self.policy.unwrap_or_default(),
            choices: self.choose.into_iter().map(Choice::into_row).collect(),
            record: false,
            answers: None,
            epoch: None,
        };
        let plan: ReconcilePlan = client.ask(&format!("/runs/{}/reconcile", self.run), &ask).await?;
        if json {
            print_json(&plan)?;
        } else {
            differences::print(&plan);
        }
        if !self.apply {
            return Ok(outcome(plan.rows.iter(), &plan.unread));
        }
        if self.plan_hash.is_some_and(|hash| hash != plan.plan) {
            let message = "is the plan now: what it would write has moved; nothing was written";
            return Err(Failure::new(Exit::Conflict, format!("{} {message}", plan.plan)));
        }
        if plan.choices.is_empty() {
            remark!("nothing is chosen, so nothing was written");
            return Ok(outcome(plan.rows.iter(), &plan.unread));
        }
        let PlanReconcile { list, options, .. } = ask;
        let apply = ApplyReconcile {
            run_id: self.run.to_string(),
            scope: Scope::default(),
            list,
            options,
            choices: plan.choices.clone(),
            reason: self.reason.unwrap_or_default(),
            user_id: self.author,
            epoch: None,
            handshake,
        };
        write(client, &plan, &apply, json).await?;
        Ok(outcome(plan.rows.iter().filter(|row| row.chosen.is_none()), &plan.unread))
    }
}

async fn write(
    client: &Client,
    plan: &ReconcilePlan,
    apply: &ApplyReconcile,
    json: bool,
) -> Result<(), Failure> {
    let path = format!("/reconciles/{}/apply", plan.plan);
    let said = match client.write(Method::POST, &path, Some(apply)).await? {
        Written::Stored(said) => said,
        // A plan is about what is stored now: it does not wait in a journal.
        Written::Waits(pending) => {
            return Err(format!("it waits in the server's journal: {}", pending.pending_id).into());
        }
    };
    let applied: AppliedReconcile = client.understood(&said)?;
    if json {
        print_answer(&said);
    } else {
        differences::print_applied(&applied);
    }
    Ok(())
}

/// How both sides stand in the rows that nothing was written of: what differs weighs more than what is unknown, as it is certain.
fn outcome<'a>(left: impl Iterator<Item = &'a PlannedRow>, unread: &[Unread]) -> Exit {
    let verdicts: Vec<Agreement> = left.map(|row| row.said.verdict).collect();
    if verdicts.iter().any(|verdict| !matches!(verdict, Agreement::Matched | Agreement::Unknown)) {
        Exit::Differs
    } else if verdicts.contains(&Agreement::Unknown) || !unread.is_empty() {
        Exit::NotCompared
    } else {
        Exit::Done
    }
}

/// When a file was written: no broker was asked later for what stands in it.
fn written_at(file: &Path) -> Result<Timestamp, Failure> {
    if file.as_os_str() == "-" {
        return Err(needs_as_of("of standard input nobody knows when the broker was asked"));
    }
    let modified = std::fs::metadata(file).and_then(|found| found.modified());
    let modified = modified.map_err(|error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
        Failure::new(exit, format!("{}: {error}", file.display()))
    })?;
    let since = modified.duration_since(std::time::UNIX_EPOCH).ok();
    let micros = since.and_then(|since| i64::try_from(since.as_micros()).ok());
    let at = micros.map(Timestamp::from_micros).ok_or_else(|| needs_as_of("the file's time is none"))?;
    remark!("stateloft: taken as asked at {at}, when the file was written; --as-of says when it really was");
    Ok(at)
}

fn needs_as_of(why: &str) -> Failure {
    Failure::new(Exit::Usage, format!("{why}: say it with --as-of"))
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.to_string())
}

/// One of the words of the API.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

fn symbol(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((theirs, ours)) if !theirs.is_empty() && !ours.is_empty() => {
            Ok((theirs.to_owned(), ours.to_owned()))
        }
        _ => Err("it must be THEIRS=OURS".to_owned()),
    }
}
