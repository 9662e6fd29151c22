//! Looking and sending, side by side, until both are through.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::How;
use super::bell::Bell;
use super::deliver::Delivery;
use super::files::Files;
use super::found::Place;
use super::freqtrade::Trades;
use super::outbox::Outbox;
use crate::cli::client::Client;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::say::remark;
use crate::cli::signals::stop_on_signals;
use crate::cli::{Done, asking};

/// How soon something unfinished is looked at again.
const SOON: Duration = Duration::from_millis(200);

/// What is watched.
pub(super) enum Source {
    Files(Files),
    Trades(Trades),
}

/// What a look came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Looked {
    /// How many files or databases there are.
    pub(super) there: usize,
    /// Something is not whole yet, and soon may be.
    pub(super) unfinished: bool,
    /// Something of what is there is not sent, and that was said.
    pub(super) left: bool,
}

impl Source {
    fn places(&self) -> Vec<Place> {
        match self {
            Self::Files(files) => files.places(),
            Self::Trades(trades) => trades.places(),
        }
    }

    async fn look(&mut self, outbox: &Outbox) -> Looked {
        match self {
            Self::Files(files) => files.look(outbox).await,
            Self::Trades(trades) => trades.look(outbox).await,
        }
    }
}

/// Watches until a signal comes, or with `--once` until all that there is has been looked at.
pub(super) async fn run(client: Client, source: Source, how: How) -> Done {
    let stop = stop_on_signals()?;
    asking(client, async |client| both(client, source, &how, &stop).await).await
}

async fn both(
    client: &Client,
    mut source: Source,
    how: &How,
    stop: &CancellationToken,
) -> Result<Exit, Failure> {
    let outbox = Outbox::default();
    let mut delivery = Delivery::new(client, &outbox, how, stop);
    // Whoever cannot send any more ends the looking, too.
    let ended = stop.child_token();
    let looking = async {
        let looked = tokio::select! {
            looked = watch(&mut source, how, &outbox) => Some(looked),
            () = ended.cancelled() => None,
        };
        outbox.close();
        looked
    };
    let sending = async {
        let sent = delivery.all().await;
        ended.cancel();
        sent
    };
    let (looked, sent) = tokio::join!(looking, sending);
    sent?;
    delivery.sum_up();
    match looked {
        Some(Looked { there: 0, .. }) => {
            Err(Failure::new(Exit::NotFound, "there is nothing to watch: no such file"))
        }
        Some(Looked { left: true, .. }) => Ok(Exit::RowsLeft),
        _ if delivery.left_something() => Ok(Exit::RowsLeft),
        _ => Ok(Exit::Done),
    }
}

/// Looks again and again; with `--once` until nothing is unfinished.
async fn watch(source: &mut Source, how: &How, outbox: &Outbox) -> Looked {
    let (mut bell, mut before) = (Bell::new(), None);
    loop {
        bell.follow(&source.places());
        let looked = source.look(outbox).await;
        if how.once && !looked.unfinished {
            return looked;
        }
        say_what_is_there(before.replace(looked.there), looked.there);
        bell.wait(if looked.unfinished { SOON } else { how.every }).await;
    }
}

fn say_what_is_there(before: Option<usize>, there: usize) {
    match (before, there) {
        (Some(before), there) if before == there => {}
        (None, 0) => remark!("stateloft: there is nothing yet; it is watched for"),
        (_, there) => remark!("stateloft: watching {there} {}", if there == 1 { "file" } else { "files" }),
    }
}
