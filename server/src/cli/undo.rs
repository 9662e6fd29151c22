//! `stateloft undo`: takes back what a restore wrote.

use clap::Args;
use hyper::Method;
use stateloft_core::api::UndoRequest;

use super::client::encoded;
use super::exit::Exit;
use super::named::Authored;
use super::reach::{Intent, ReachOrStore};
use super::restore::{Asking, print_applied};
use super::{Done, asking};

/// Take back what a restore wrote, where it is still what the restore wrote.
#[derive(Debug, Args)]
pub(super) struct Undo {
    #[command(flatten)]
    reach: ReachOrStore,
    /// The restore's id, which it printed.
    #[arg(value_name = "RESTORE")]
    restore: String,
    #[command(flatten)]
    ask: Asking,
    #[command(flatten)]
    by: Authored,
    /// Print the answer of the API.
    #[arg(long)]
    json: bool,
}

impl Undo {
    pub(super) async fn run(self) -> Done {
        let Self { reach, restore, ask, by, json } = self;
        let request = UndoRequest {
            handshake: ask.terms(by.author.as_deref()),
            reason: by.reason,
            user_id: by.author,
            run_id: by.origin.run_id,
            correlation_id: by.origin.correlation_id,
            causation_id: by.origin.causation_id,
        };
        asking(reach.client(Intent::Write).await?, async |client| {
            let path = format!("/restores/{}/undo", encoded(&restore));
            let written = client.write(Method::POST, &path, Some(&request)).await?;
            print_applied(client, written, json)?;
            Ok(Exit::Done)
        })
        .await
    }
}
