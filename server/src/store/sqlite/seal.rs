//! A small file beside the database that says where the log ended: `<db>.seal`. The log itself cannot tell what is missing
//! at its end. The seal is written about once a second while there are commits, and always after them, so that it never says
//! more than was durable; a log that ends before it, or is another one there, has lost what was acknowledged.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteConnection;
use stateloft_core::commit::Tip;
use stateloft_core::hash::ChainHash;
use stateloft_core::model::{Seq, Timestamp};

use super::{beside, failed, hex, open};
use crate::store::sql::rows::sql;
use crate::store::{Result, StoreError};

/// Where a log ended. Durable long before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seal {
    /// The last version.
    pub(super) seq: Seq,
    /// Its chain hash.
    pub(super) chain_hash: ChainHash,
    /// When it was recorded.
    pub(super) recorded_at: Timestamp,
}

impl From<Tip> for Seal {
    fn from(tip: Tip) -> Self {
        Self { seq: tip.seq, chain_hash: tip.chain_hash, recorded_at: tip.recorded_at }
    }
}

/// What a seal's file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// There is none: an older store, or a copy of the database alone.
    Nothing,
    /// It is whole.
    Seal(Seal),
    /// It is not what was written.
    Damaged,
}

/// Where the seal of a database is.
pub(super) fn path(database: &Path) -> PathBuf {
    beside(database, ".seal")
}

/// Reads the seal of a database.
pub(super) fn read(database: &Path) -> Result<Found> {
    let path = path(database);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(Found::Damaged),
        Err(error) => {
            return Err(StoreError::Unavailable(format!("{} cannot be read: {error}", path.display())));
        }
    };
    let mut lines = text.lines();
    let (Some(seal), Some(sum), None) = (lines.next(), lines.next(), lines.next()) else {
        return Ok(Found::Damaged);
    };
    if sum != sum_of(seal) {
        return Ok(Found::Damaged);
    }
    Ok(serde_json::from_str(seal).map_or(Found::Damaged, Found::Seal))
}

/// Writes the seal of a database: whole and durable, or not at all. Waits for the disk.
pub(super) fn write(database: &Path, seal: Seal) -> io::Result<()> {
    let (path, new) = (path(database), beside(database, ".seal.new"));
    let line = serde_json::to_string(&seal)?;
    let mut file = File::create(&new)?;
    file.write_all(format!("{line}\n{}\n", sum_of(&line)).as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, &path)?;
    open::sync_folder(&path).map_err(io::Error::other)
}

/// What is missing of what a seal says was there, in words.
pub(super) async fn missing(
    connection: &mut SqliteConnection,
    seal: Seal,
    tip: Tip,
) -> Result<Option<String>> {
    let Seal { seq, recorded_at, .. } = seal;
    if seq > tip.seq {
        let lost = seq.0 - tip.seq.0;
        return Ok(Some(format!(
            "the log ends at seq {}, but went to seq {seq} at {recorded_at}: {lost} acknowledged versions or more are missing",
            tip.seq
        )));
    }
    if seq == Seq::ZERO {
        return Ok(None);
    }
    let there: Option<Vec<u8>> = sqlx::query_scalar("SELECT chain_hash FROM versions WHERE seq = $1")
        .bind(sql(seq.0))
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    let same = there.is_some_and(|hash| hash == seal.chain_hash.as_bytes());
    Ok((!same).then(|| {
        format!(
            "the version with seq {seq} is not the one that was acknowledged at {recorded_at}: this is another log, \
             or a log that went on from an older copy"
        )
    }))
}

/// So that one bit that has changed is noticed.
fn sum_of(line: &str) -> String {
    hex(&Sha256::digest(line.as_bytes()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_seal_is_read_as_it_was_written_and_one_that_has_changed_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        assert_eq!(read(&database).unwrap(), Found::Nothing);
        let seal = Seal { seq: Seq(7), ..Seal::from(Tip::START) };
        write(&database, seal).unwrap();
        assert_eq!(read(&database).unwrap(), Found::Seal(seal));
        let whole = std::fs::read(path(&database)).unwrap();
        for byte in 0..whole.len() {
            let mut broken = whole.clone();
            broken[byte] ^= 4;
            std::fs::write(path(&database), broken).unwrap();
            assert_eq!(read(&database).unwrap(), Found::Damaged, "byte {byte}");
        }
    }
}
