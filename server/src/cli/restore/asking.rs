//! How live runs that hold what is written are asked.

use clap::Args;
use stateloft_core::api::{HandshakeTerms, HandshakeView, HeldBy, WithoutWord};

use crate::cli::output::style::{WARNED, styled, theirs};
use crate::cli::say::remark;

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
    /// Whether anything is said of it.
    pub(in crate::cli) fn is_said(&self) -> bool {
        self.wait.is_some() || self.without_word.is_some()
    }

    /// The same as the API has it.
    pub(in crate::cli) fn terms(self, author: Option<&str>) -> Option<HandshakeTerms> {
        let is_said = self.is_said();
        let Self { wait, without_word } = self;
        let by = author.unwrap_or_default().to_owned();
        let without_word = without_word.map(|reason| WithoutWord { reason, by });
        is_said.then_some(HandshakeTerms { wait_seconds: wait, without_word })
    }
}

/// Which live runs hold what would be written, a line each.
pub(in crate::cli) fn held(held_by: &[HeldBy]) -> impl Iterator<Item = String> {
    held_by.iter().map(|run| {
        let place = run.host.as_ref().map(|host| format!(" on {}", theirs(host))).unwrap_or_default();
        let count = run.states.len() as u64 + run.more;
        let states = if count == 1 { "state" } else { "states" };
        let line =
            format!("Held by         {}{place}: {count} {states}; it is asked to pause", theirs(&run.run_id));
        styled(WARNED, &line).into_owned()
    })
}

/// Says who has still to read what was written.
pub(in crate::cli) fn unread(handshake: Option<&HandshakeView>) {
    for run in handshake.iter().flat_map(|handshake| &handshake.waits_for) {
        remark!(
            "stateloft: {} has not said yet that it has read what was written; it writes nothing before",
            theirs(run)
        );
    }
}
