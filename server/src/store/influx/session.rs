//! Writing: taking the bucket over, and a group at a time.

use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use stateloft_core::api::RestoreRecord;
use stateloft_core::model::{Seq, Snapshot, SnapshotKind, StateId, Timestamp};

use super::client::Client;
use super::epoch::{End, Epoch, Epochs, commit_lines};
use super::fetch::{Fetch, row};
use super::growth::Growth;
use super::index::{Brought, Index};
use super::layout::{DATA, Lines, META, RECORDS, Records, query};
use super::row::Row;
use crate::store::deadline::Sending;
use crate::store::decide::{Decided, SnapshotChange};
use crate::store::{Receipt, Result, StoreError};

/// Versions read at once while the index grows.
const PAGE: u64 = 20_000;

/// What a commit brought besides versions.
#[derive(Debug, Serialize, Deserialize)]
struct Beside {
    snapshots: Vec<Change>,
    restores: Vec<RestoreRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    receipts: Vec<Receipt>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Change {
    Made {
        id: String,
        seq: u64,
        description: Option<String>,
        author: Option<String>,
        created_at: i64,
        kind: SnapshotKind,
    },
    Forgotten(String),
}

impl Change {
    fn of(change: &SnapshotChange) -> Self {
        match change {
            SnapshotChange::Made(snapshot) => Self::Made {
                id: snapshot.id.to_string(),
                seq: snapshot.seq.0,
                description: snapshot.description.as_deref().map(str::to_owned),
                author: snapshot.author.as_deref().map(str::to_owned),
                created_at: snapshot.created_at.micros(),
                kind: snapshot.kind,
            },
            SnapshotChange::Forgotten(id) => Self::Forgotten(id.to_string()),
        }
    }

    fn read(self) -> Result<SnapshotChange> {
        let name = |id: &str| {
            StateId::new(id).map_err(|_| StoreError::Damaged(format!("a snapshot is named {id:?}")))
        };
        Ok(match self {
            Self::Forgotten(id) => SnapshotChange::Forgotten(name(&id)?),
            Self::Made { id, seq, description, author, created_at, kind } => SnapshotChange::Made(Snapshot {
                id: name(&id)?,
                seq: Seq(seq),
                description: description.map(Into::into),
                author: author.map(Into::into),
                created_at: Timestamp::from_micros(created_at),
                kind,
            }),
        })
    }
}

/// Reads into the index what was committed since it was last read.
pub(super) async fn catch_up(client: &Client, index: &RwLock<Index>) -> Result<()> {
    let (epochs, end) = Epochs::read(client).await?;
    let (seq, commit) = {
        let index = index.read().unwrap_or_else(PoisonError::into_inner);
        (index.tip.seq, index.commit)
    };
    let tip = end.tip();
    if tip.seq < seq || end.commit < commit {
        return Err(StoreError::Damaged(format!("the log ends at seq {}, but {seq} was committed", tip.seq)));
    }
    let growth = grow(client, &epochs, seq, tip.seq).await?;
    if growth.chain_hash.is_some_and(|hash| hash != tip.chain_hash) {
        return Err(StoreError::Damaged(format!("seq {}: it is not what was committed", tip.seq)));
    }
    let beside = beside(client, &epochs, commit, end.commit).await?;
    let mut data = Fetch { client, index }.documents(&growth.heads(), &epochs).await?;

    let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
    growth.add_to(&mut index, &mut data)?;
    for brought in beside {
        index.keep_records(brought);
    }
    index.tip = tip;
    index.commit = end.commit;
    index.epochs = Arc::new(epochs.after(&index.epochs));
    Ok(())
}

/// The versions after a seq, up to another.
async fn grow(client: &Client, epochs: &Epochs, after: Seq, to: Seq) -> Result<Growth> {
    let mut growth = Growth::default();
    let mut next = after.0 + 1;
    while next <= to.0 {
        let end = to.0.min(next + PAGE - 1) + 1;
        let records = Records::of(client.read(&query(&[META], std::slice::from_ref(&(next..end)))).await?)?;
        for seq in (next..end).map(Seq) {
            growth.push(seq, row(&records, epochs, seq)?)?;
        }
        next = end;
    }
    Ok(growth)
}

/// What the commits after one brought besides versions, up to another, in order.
async fn beside(client: &Client, epochs: &Epochs, after: u64, to: u64) -> Result<Vec<Brought>> {
    let stretch = after + 1..to + 1;
    if stretch.is_empty() {
        return Ok(Vec::new());
    }
    let records = Records::of(client.read(&query(&[RECORDS], std::slice::from_ref(&stretch))).await?)?;
    let mut all = Vec::new();
    for (number, epoch) in records.numbers(RECORDS) {
        if epoch != epochs.of_commit(number) {
            continue;
        }
        let bytes = records.get(RECORDS, number, &epoch)?.unwrap_or_default();
        let Beside { snapshots, restores, receipts } = serde_json::from_slice(&bytes)
            .map_err(|error| StoreError::Damaged(format!("commit {number} cannot be read: {error}")))?;
        let snapshots = snapshots.into_iter().map(Change::read).collect::<Result<_>>()?;
        all.push(Brought { snapshots, restores, receipts });
    }
    Ok(all)
}

/// Writes what was decided, the commit point last, and returns where the log then ends. What fails before that was sent has
/// written nothing, as what no commit point covers does not exist.
pub(super) async fn write(
    client: &Client,
    epoch: &Epoch,
    commit: u64,
    before: End,
    decided: &Decided,
    sending: &Sending,
) -> Result<End> {
    versions(client, epoch, commit, decided).await.map_err(StoreError::before_commit)?;
    let tip = decided.versions.last().map_or_else(
        || before.tip(),
        |last| stateloft_core::commit::Tip {
            seq: last.seq,
            chain_hash: last.chain_hash,
            recorded_at: last.recorded_at,
        },
    );
    let end = End::of(commit, tip);
    let lines = commit_lines(epoch, end).map_err(StoreError::before_commit)?;
    sending.begin();
    match client.write(lines).await {
        // It said so.
        Err(StoreError::Refused(why)) => Err(StoreError::NotWritten(why)),
        other => other.map(|()| end),
    }
}

/// Writes everything but the commit point.
async fn versions(client: &Client, epoch: &Epoch, commit: u64, decided: &Decided) -> Result<()> {
    let mut lines = Lines::default();
    for version in &decided.versions {
        lines.push(META, &epoch.name, version.seq.0, &Row::of(version).bytes()?)?;
        if let Some(data) = &version.data {
            lines.push(DATA, &epoch.name, version.seq.0, data.text().as_bytes())?;
        }
        if lines.is_full() {
            client.write(std::mem::take(&mut lines).into_text()).await?;
        }
    }
    if !decided.snapshots.is_empty() || !decided.restores.is_empty() || !decided.receipts.is_empty() {
        let beside = Beside {
            snapshots: decided.snapshots.iter().map(Change::of).collect(),
            restores: decided.restores.clone(),
            receipts: decided.receipts.clone(),
        };
        let bytes = serde_json::to_vec(&beside);
        let bytes = bytes.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        lines.push(RECORDS, &epoch.name, commit, &bytes)?;
    }
    if lines.is_empty() { Ok(()) } else { client.write(lines.into_text()).await }
}
