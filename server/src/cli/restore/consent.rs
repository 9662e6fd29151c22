//! Whether a plan is to be written: said on the command line, or asked for.

use std::io::{BufRead as _, Write as _};

use clap::Args;
use stateloft_core::api::PlanCounts;

use super::plan::counted;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::say::remark;

/// What was said of it on the command line; if nothing, it is asked for.
#[derive(Debug, Args)]
pub(super) struct Consent {
    /// Only show the plan.
    #[arg(long, conflicts_with_all = ["yes", "plan_hash"])]
    pub(super) dry_run: bool,
    /// Write without asking, whatever the plan is.
    #[arg(long, conflicts_with = "plan_hash")]
    yes: bool,
    /// Write without asking, if the plan is still the one of this hash, which --dry-run said.
    #[arg(long, value_name = "HASH")]
    plan_hash: Option<String>,
}

impl Consent {
    /// Whether the plan of this hash, which would write so much, may be written.
    ///
    /// # Errors
    /// It may not, and why.
    pub(super) fn given(
        &self,
        plan: &str,
        counts: &PlanCounts,
        accept_violations: bool,
    ) -> Result<(), Failure> {
        let invalid = counts.invalid;
        if invalid > 0 && !accept_violations {
            let message = "of what would be written breaks rules; nothing was written; --accept-violations writes it all the same";
            return Err(Failure::new(Exit::Refused, format!("{invalid} {message}")));
        }
        match &self.plan_hash {
            Some(hash) if hash != plan => {
                let message = "is the plan now: what it would write has moved; nothing was written";
                Err(Failure::new(Exit::Conflict, format!("{plan} {message}")))
            }
            Some(_) => Ok(()),
            None if self.yes || is_confirmed(counts)? => Ok(()),
            None => Err(Failure::new(Exit::NotConfirmed, "nothing was written")),
        }
    }
}

/// Asks whether that is to be written. Only a yes is one; where nobody answers, it is none.
fn is_confirmed(counts: &PlanCounts) -> Result<bool, Failure> {
    let mut question = std::io::stderr().lock();
    // Whoever does not see the question cannot have meant its answer.
    let asked = write!(question, "Write {}? [y/N] ", counted(counts)).and_then(|()| question.flush());
    asked.map_err(|error| error.to_string())?;
    drop(question);
    let mut said = String::new();
    let read = std::io::stdin().lock().read_line(&mut said);
    if read.map_err(|error| format!("standard input: {error}"))? == 0 {
        remark!("");
    }
    Ok(matches!(said.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
