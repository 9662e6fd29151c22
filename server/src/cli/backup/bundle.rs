//! A backup as a bundle: what is in it, and what there is to be said of the store that it is of.

use std::path::Path;

use stateloft_core::api::{AlarmCode, StateRows, Status};
use stateloft_core::model::Seq;

use crate::cli::bundle::{Found, NewFile, Recipients, Written, receive};
use crate::cli::client::{Client, Query};
use crate::cli::failure::Failure;

/// A backup that was made and checked.
pub(super) struct Made {
    pub(super) found: Found,
    pub(super) written: Written,
    pub(super) encrypted: bool,
    /// Live positions of the store at the backup's last seq.
    pub(super) positions: u64,
    /// What the store had lost before, in words.
    pub(super) missing: Option<String>,
}

/// Makes it.
pub(super) async fn make(
    client: &Client,
    from: Option<u64>,
    to: Option<&Recipients>,
    out: &Path,
) -> Result<Made, Failure> {
    let file = NewFile::begin(out)?;
    let (found, file) = receive(client, &Query::default().and("from", from), file, to).await?;
    let encrypted = to.is_some();
    let written = file.finish()?;
    // Whatever cannot be said of the store now: the backup is there.
    let but = |failure: Failure| Failure {
        message: format!("{} is there and whole, but of its store: {}", out.display(), failure.message),
        ..failure
    };
    let positions = positions(client, found.header.to).await.map_err(but)?;
    let missing = missing(client).await.map_err(but)?;
    Ok(Made { found, written, encrypted, positions, missing })
}

async fn positions(client: &Client, at: Seq) -> Result<u64, Failure> {
    let query = Query::default()
        .with("state_type", "position")
        .with("at", format!("seq:{at}"))
        .with("pending", "exclude")
        .with("limit", 1);
    let list: StateRows = client.read("/states", &query).await?;
    Ok(list.total)
}

/// What is missing at the end of a log, no log says.
async fn missing(client: &Client) -> Result<Option<String>, Failure> {
    let status: Status = client.read("/status", &Query::default()).await?;
    let alarm = status.alarms.into_iter().find(|alarm| alarm.code == AlarmCode::VersionsMissing);
    Ok(alarm.map(|alarm| alarm.detail))
}
