//! `stateloft clock`: what time it is to a running server, and the word that its machine's clock is right.

use clap::{Args, Subcommand};
use stateloft_core::api::{ClockStatus, ConfirmClock};

use super::client::Query;
use super::exit::Exit;
use super::figures::span;
use super::output::print_json;
use super::reach::Reach;
use super::say::answer;
use super::{Done, asking};

/// Ask a running server what it records as the time. Exit code 0: the machine's clock is believed; 7: the clock has jumped and
/// is not believed; 10: the server cannot be asked.
#[derive(Debug, Args)]
pub(super) struct Clock {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    what: Option<What>,
    /// Print the answer of the API.
    #[arg(long, global = true)]
    json: bool,
}

/// What is to be done about the clock.
#[derive(Debug, Subcommand)]
enum What {
    /// Say that the machine's clock is right though it has jumped: it is believed at once. A recorded time cannot be taken back.
    Confirm(Confirm),
}

/// The word that the clock is right.
#[derive(Debug, Args)]
struct Confirm {
    /// Why it is right; kept in the server's log.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who says so.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

impl Clock {
    pub(super) async fn run(self) -> Done {
        let Self { reach, what, json } = self;
        asking(reach.client()?, async |server| {
            let clock: ClockStatus = match what {
                None => server.read("/clock", &Query::default()).await?,
                Some(What::Confirm(Confirm { reason, user })) => {
                    server.ask("/clock/confirm", &ConfirmClock { reason, user_id: user }).await?
                }
            };
            if json {
                print_json(&clock)?;
            } else {
                print(&clock);
            }
            Ok(if clock.believed { Exit::Done } else { Exit::NotBelieved })
        })
        .await
    }
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
