//! `stateloft clock`: what time it is to a running server, and the word that its machine's clock is right.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use stateloft_core::api::{ClockStatus, ConfirmClock};

use super::check::span;
use super::running::Running;
use super::say::answer;
use super::{Done, NOT_BELIEVED};
use crate::config::Loaded;

/// What is to be done about the clock.
#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Say that the machine's clock is right though it has jumped: it is believed at once. A recorded time cannot be taken back.
    Confirm(Confirm),
}

/// The word that the clock is right.
#[derive(Debug, Args)]
pub(super) struct Confirm {
    /// Why it is right; kept in the server's log.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who says so.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

pub(super) async fn clock(Loaded { config, .. }: Loaded, running: &Running, what: Option<What>) -> Done {
    let server = running.found(&config)?;
    let clock: ClockStatus = match what {
        None => server.read("/clock").await?,
        Some(What::Confirm(Confirm { reason, user })) => {
            server.post("/clock/confirm", &ConfirmClock { reason, user_id: user }).await?
        }
    };
    print(&clock);
    Ok(if clock.believed { ExitCode::SUCCESS } else { ExitCode::from(NOT_BELIEVED) })
}

fn print(clock: &ClockStatus) {
    answer!("Recorded now    {}", clock.now);
    answer!(
        "Machine's clock {}, {}",
        clock.machine,
        if clock.believed { "believed" } else { "NOT BELIEVED" }
    );
    if !clock.believed {
        let stood = clock.stood_seconds.map(|seconds| format!("for {}, ", span(seconds))).unwrap_or_default();
        let until = clock.believed_in_seconds.map_or_else(
            || "until somebody confirms it: stateloft clock confirm --reason TEXT".to_owned(),
            |seconds| format!("and for another {}, or until somebody confirms it", span(seconds)),
        );
        answer!("                {stood}{until}");
    }
    if let Some(until) = clock.times_ahead_until {
        answer!("Times ahead     up to {until}: moments between now and then do not say what was then");
    }
}
