//! `stateloft restore`: planned, looked at, then written.

mod asked;
mod asking;
mod consent;
mod file;
mod given;
mod plan;

use std::path::PathBuf;

use clap::Args;
use hyper::Method;
use stateloft_core::api::{AppliedRestore, ApplyRequest, Moment, Plan, PlanRequest};
use stateloft_core::model::Seq;

use super::bundle::Identities;
use super::client::{Answer, Client, Written};
use super::exit::Exit;
use super::failure::Failure;
use super::named::{Authored, moment};
use super::output::{print_answer, print_json};
use super::reach::{Intent, ReachOrStore};
use super::say::{answer, remark};
use super::{Done, asking};
use asked::{Asked, Parts};
use asking::Allowed;
pub(super) use asking::{Asking, held, unread};
use consent::Consent;

/// Go back to a moment, or to what a file says: plans what would be written, shows it, asks, and writes it in one commit, after a
/// snapshot that undoes it. Nothing is taken out of the history.
#[derive(Debug, Args)]
pub(super) struct Restore {
    #[command(flatten)]
    reach: ReachOrStore,
    /// Where to: a time with zone, `seq:N` or `snapshot:NAME`.
    #[arg(value_name = "MOMENT", value_parser = moment, required_unless_present = "file", conflicts_with = "file")]
    target: Option<Moment>,
    /// Back to the states of this file: a bundle, or a backup, or any other file, of an older program. What is not in it stays.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The file with the key that a bundle is encrypted for (age, X25519). It can be said several times.
    #[arg(long, value_name = "KEY", requires = "file")]
    identity: Vec<PathBuf>,
    /// Delete the states that are not in the file; with --type, --prefix or --state only of those.
    #[arg(long, requires = "file")]
    delete_others: bool,
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    consent: Consent,
    /// Write states that break rules all the same.
    #[arg(long)]
    accept_violations: bool,
    #[command(flatten)]
    ask: Asking,
    #[command(flatten)]
    by: Authored,
    /// Print the restore that was applied, or with --dry-run the plan, as the API has it.
    #[arg(long)]
    json: bool,
}

impl Restore {
    pub(super) async fn run(self) -> Done {
        let Self {
            reach,
            target,
            file,
            identity,
            delete_others,
            asked,
            consent,
            accept_violations,
            ask,
            mut by,
            json,
        } = self;
        let Parts { scope, selection, exact } = asked.parts()?;
        let dry_run = consent.dry_run;
        by.reason = by.reason.filter(|reason| !reason.trim().is_empty());
        if by.reason.is_none() && !dry_run {
            let message =
                "say why with --reason TEXT: it is kept with every version; or look first, with --dry-run";
            return Err(Failure::usage(message));
        }
        let allowed = Allowed { accept_violations, handshake: ask.terms(by.author.as_deref()) };
        if let Some(file) = &file {
            let identities = Identities::of(&identity)?;
            let request =
                given::request(file, &identities, Parts { scope, selection, exact }, delete_others)?;
            return file::restore(reach, request, &consent, allowed, by, json).await;
        }
        let target = target.ok_or_else(|| Failure::usage("say where to: a moment, or --file FILE"))?;
        let asked = PlanRequest { target, scope, selection, exact };
        let intent = if dry_run { Intent::Read } else { Intent::Write };
        asking(reach.client(intent).await?, async |client| {
            let plan: Plan = client.ask("/restores", &asked).await?;
            if dry_run && json {
                print_json(&plan)?;
            } else {
                // Where JSON is wanted the answer is what is written; the plan is for whoever is asked.
                plan::print(client, &plan, dry_run || !json).await;
            }
            if dry_run || plan.counts.written() == 0 {
                return Ok(Exit::Done);
            }
            consent.given(&plan.plan, &plan.counts, accept_violations)?;
            let request = applying(asked, plan.seq, by, allowed);
            let path = format!("/restores/{}/apply", plan.plan);
            print_applied(client, client.write(Method::POST, &path, Some(&request)).await?, json)?;
            Ok(Exit::Done)
        })
        .await
    }
}

/// The request that applies a plan.
fn applying(asked: PlanRequest, seq: Seq, by: Authored, allowed: Allowed) -> ApplyRequest {
    let Allowed { accept_violations, handshake } = allowed;
    ApplyRequest {
        target: asked.target,
        scope: asked.scope,
        selection: asked.selection,
        exact: asked.exact,
        seq: Some(seq),
        reason: by.reason.unwrap_or_default(),
        user_id: by.author,
        run_id: by.origin.run_id,
        correlation_id: by.origin.correlation_id,
        causation_id: by.origin.causation_id,
        accept_violations,
        handshake,
    }
}

/// Says what a restore, or an undo, wrote.
pub(super) fn print_applied(client: &Client, written: Written, json: bool) -> Result<(), Failure> {
    let said: Answer = match written {
        Written::Stored(said) => said,
        Written::Waits(pending) => {
            return Err(format!("it waits in the server's journal: {}", pending.pending_id).into());
        }
    };
    let AppliedRestore { record, handshake, .. } = client.understood(&said)?;
    if json {
        print_answer(&said);
    } else {
        let counts = plan::counted(&record.counts);
        answer!(
            "restore {}: wrote {counts}, seq {} to {}",
            record.restore_id,
            record.first_seq,
            record.last_seq
        );
    }
    unread(handshake.as_deref());
    remark!(
        "stateloft: `stateloft undo {}` takes it back; before it is snapshot:{}",
        record.restore_id,
        record.snapshot_before
    );
    Ok(())
}
