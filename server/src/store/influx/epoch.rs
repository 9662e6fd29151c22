//! Epochs: whoever begins to write says from where on, once, before the first version. What somebody else, or the same
//! server before a failure, wrote beyond that point never came to be, whenever it arrives.

use serde::{Deserialize, Serialize};
use stateloft_core::commit::Tip;
use stateloft_core::hash::ChainHash;
use stateloft_core::model::{Seq, Timestamp};

use super::client::Client;
use super::layout::{COMMITS, EPOCHS, Lines, Records, query_all, query_last};
use crate::store::{Result, StoreError};

/// The layout of the bucket that this program writes and reads.
pub(super) const LAYOUT: i64 = 1;

/// How many ended epochs are tidied up after: what is written late comes soon, if it comes.
const LOOKED_AT: usize = 3;

/// Where the log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    #[serde(rename = "n")]
    pub(super) commit: u64,
    seq: u64,
    #[serde(rename = "x")]
    chain_hash: ChainHash,
    #[serde(rename = "r")]
    recorded_at: i64,
}

impl End {
    pub(super) const START: Self = Self::of(0, Tip::START);

    pub(super) const fn of(commit: u64, tip: Tip) -> Self {
        Self { commit, seq: tip.seq.0, chain_hash: tip.chain_hash, recorded_at: tip.recorded_at.micros() }
    }

    /// The first version and the first commit after it.
    pub(super) const fn next(&self) -> (u64, u64) {
        (self.seq + 1, self.commit + 1)
    }

    pub(super) fn tip(&self) -> Tip {
        Tip {
            seq: Seq(self.seq),
            chain_hash: self.chain_hash,
            recorded_at: Timestamp::from_micros(self.recorded_at),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Opening {
    layout: i64,
    from: End,
}

/// A stretch of the log and who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Epoch {
    /// Its number, as its points are tagged.
    pub(super) name: String,
    number: u64,
    /// It wrote what comes after this.
    pub(super) from: End,
}

/// Everything that was ever begun, the earliest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Epochs {
    list: Vec<Epoch>,
    /// The last number given out here, even if nobody knows whether it was stored.
    used: u64,
}

impl Epochs {
    /// Reads the epochs, and where the log ends.
    pub(super) async fn read(client: &Client) -> Result<(Self, End)> {
        let records = Records::of(client.read(&query_all(EPOCHS)).await?)?;
        let mut epochs = Vec::new();
        for (number, name) in records.numbers(EPOCHS) {
            let Some(bytes) = records.get(EPOCHS, number, &name)? else { continue };
            let opening: Opening = read(&bytes, "an epoch")?;
            if opening.layout > LAYOUT {
                return Err(StoreError::TooNew { found: opening.layout, known: LAYOUT });
            }
            epochs.push(Epoch { name, number, from: opening.from });
        }
        let epochs = Self { used: epochs.last().map_or(0, |last| last.number), list: epochs };
        let Some(last) = epochs.list.last() else { return Ok((epochs, End::START)) };
        let mut end = last.from;
        let commits = Records::of(client.read(&query_last(COMMITS)).await?)?;
        for (number, name) in commits.numbers(COMMITS) {
            if name == last.name && number > end.commit {
                let bytes = commits.get(COMMITS, number, &name)?.unwrap_or_default();
                end = read(&bytes, "a commit")?;
            }
        }
        Ok((epochs, end))
    }

    /// Begins to write from here on. `now` only makes the number differ from one that somebody else is giving out.
    pub(super) async fn open(&mut self, client: &Client, from: End, now: Timestamp) -> Result<Epoch> {
        // Seconds: a number in the log of epochs must leave room for its place in time.
        let clock = u64::try_from(now.micros() / 1_000_000).unwrap_or(0);
        let number = (self.used + 1).max(clock);
        self.used = number;
        let epoch = Epoch { name: number.to_string(), number, from };
        let opening = serde_json::to_vec(&Opening { layout: LAYOUT, from });
        let opening = opening.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let mut lines = Lines::default();
        lines.push(EPOCHS, &epoch.name, number, &opening)?;
        client.write(lines.into_text()).await?;
        self.list.push(epoch.clone());
        Ok(epoch)
    }

    /// The last few that others have followed, with that which followed.
    pub(super) fn ended(&self) -> Vec<(Epoch, Epoch)> {
        let pairs = self.list.windows(2).rev().take(LOOKED_AT);
        pairs.filter_map(|pair| Some((pair.first()?.clone(), pair.last()?.clone()))).collect()
    }

    /// What was read anew, with the numbers that were used up before.
    pub(super) fn after(self, before: &Self) -> Self {
        Self { used: self.used.max(before.used), list: self.list }
    }

    /// Who wrote the version with this seq.
    pub(super) fn of_seq(&self, seq: Seq) -> &str {
        self.last_before(|epoch| epoch.from.seq < seq.0)
    }

    /// Who wrote the commit with this number.
    pub(super) fn of_commit(&self, commit: u64) -> &str {
        self.last_before(|epoch| epoch.from.commit < commit)
    }

    fn last_before(&self, is_before: impl Fn(&Epoch) -> bool) -> &str {
        self.list.iter().rev().find(|epoch| is_before(epoch)).map_or("", |epoch| epoch.name.as_str())
    }
}

/// A commit's point.
pub(super) fn commit_lines(epoch: &Epoch, end: End) -> Result<String> {
    let bytes = serde_json::to_vec(&end).map_err(|error| StoreError::Unavailable(error.to_string()))?;
    let mut lines = Lines::default();
    lines.push(COMMITS, &epoch.name, end.commit, &bytes)?;
    Ok(lines.into_text())
}

fn read<T: serde::de::DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|error| StoreError::Damaged(format!("{what} cannot be read: {error}")))
}
