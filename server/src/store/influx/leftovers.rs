//! What was written and never came to be: versions that no commit point covers, and commit points that came too late. Since an
//! epoch began from an earlier place on, nobody will ever read them, so the owner deletes them.

use super::client::Client;
use super::epoch::{End, Epoch};
use super::layout::{COMMITS, DATA, META, RECORDS, place, query_presence};
use crate::store::Result;

/// Deletes what each first epoch of a pair wrote beyond the place from which the second one counts. It may be done at any
/// time and by anybody, as no two epochs share a tag. What cannot be deleted now is looked for again at the next takeover.
pub(super) async fn tidy(client: Client, ended: Vec<(Epoch, Epoch)>) {
    for (epoch, following) in ended {
        match delete(&client, &epoch, following.from).await {
            Ok(true) => tracing::info!("what epoch {} left unfinished was deleted", epoch.name),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "what epoch {} left unfinished is still there", epoch.name),
        }
    }
}

/// `true` if there was something.
async fn delete(client: &Client, epoch: &Epoch, end: End) -> Result<bool> {
    let (seq, commit) = end.next();
    let mut found = false;
    // The commit points first: without them the rest is nothing to anybody.
    for (logs, from) in [([COMMITS, RECORDS], commit), ([DATA, META], seq)] {
        if client.read_text(&query_presence(&logs, &epoch.name, from)).await?.is_none() {
            continue;
        }
        found = true;
        for log in logs {
            client.delete(log, &epoch.name, place(from)).await?;
        }
    }
    Ok(found)
}
