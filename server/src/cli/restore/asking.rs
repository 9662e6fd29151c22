//! How live runs that hold what is written are asked.

use clap::Args;
use stateloft_core::api::{HandshakeTerms, HeldBy, WithoutWord};

use crate::cli::output::style::{WARNED, styled, theirs};

/// What is said of it on the command line.
#[derive(Debug, Args)]
pub(in crate::cli) struct Asking {
    /// Wait so long for the word of live runs that hold what is written; 10 s when left out.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=90))]
    wait: Option<u64>,
    /// Write all the same when that is over and one of them has said nothing: why. --author says who.
    #[arg(long, value_name = "REASON", requires = "author")]
    without_word: Option<String>,
}

/// What a restore may do.
pub(super) struct Allowed {
    /// Write states that break rules.
    pub(super) accept_violations: bool,
    /// How live runs are asked.
    pub(super) handshake: Option<HandshakeTerms>,
}

impl Asking {
    /// The same as the API has it.
    pub(in crate::cli) fn terms(self, author: Option<&str>) -> Option<HandshakeTerms> {
        let Self { wait, without_word } = self;
        let by = author.unwrap_or_default().to_owned();
        let without_word = without_word.map(|reason| WithoutWord { reason, by });
        let is_said = wait.is_some() || without_word.is_some();
        is_said.then_some(HandshakeTerms { wait_seconds: wait, without_word })
    }
}

/// Which live runs hold what would be written, a line each.
pub(super) fn held(held_by: &[HeldBy]) -> impl Iterator<Item = String> {
    held_by.iter().map(|run| {
        let place = run.host.as_ref().map(|host| format!(" on {}", theirs(host))).unwrap_or_default();
        let count = run.states.len() as u64 + run.more;
        let states = if count == 1 { "state" } else { "states" };
        let line =
            format!("Held by         {}{place}: {count} {states}; it is asked to pause", theirs(&run.run_id));
        styled(WARNED, &line).into_owned()
    })
}
