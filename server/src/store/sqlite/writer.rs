//! The one connection that writes: a group a transaction.

use std::collections::HashMap;
use std::path::Path;

use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use stateloft_core::commit::Tip;
use stateloft_core::model::{Seq, Snapshot, SnapshotId, StateKey, Timestamp, Version};

use super::write::{self, Placed};
use super::{failed, leases, not_committed, open};
use crate::store::decide::{BEFORE_RESTORE, Known, Needs, decide_group};
use crate::store::known_heads::KnownHeads;
use crate::store::leases::{KeptLease, OwnLeases};
use crate::store::receipt::Receipts;
use crate::store::sql::proof::settled;
use crate::store::sql::{
    kept_up, keys_json, passed, receipts, rows, snapshot, snapshots_between, tip, to_close,
};
use crate::store::text::after_prefix;
use crate::store::upkeep::Upkeep;
use crate::store::{Result, StoreError, WriteRefusal, WriteRequest, Written};

/// Bytes of a document from which on it is not worth keeping the pages of the file that it went through.
const LARGE: usize = 256 << 10;
/// Bytes of such documents that push everything else out of what SQLite keeps of the file.
const ENOUGH: usize = 8 << 20;

/// The writing connection and what it knows. Nobody else writes, so what it wrote need not be read again.
#[derive(Debug)]
pub(super) struct Writer {
    connection: SqliteConnection,
    tip: Tip,
    last_state: i64,
    upkeep: Upkeep,
    heads: KnownHeads,
    /// Bytes of large documents written since what SQLite keeps was given back.
    large: usize,
}

impl Writer {
    pub(super) async fn open(path: &Path) -> Result<Self> {
        let mut connection = open::writer(path).await?;
        let tip = tip(&mut connection).await?;
        let last_state = sqlx::query_scalar("SELECT coalesce(max(state_pk), 0) FROM states")
            .fetch_one(&mut connection)
            .await
            .map_err(failed)?;
        let upkeep = Upkeep::new(kept_up(&mut connection).await?);
        Ok(Self { connection, tip, last_state, upkeep, heads: KnownHeads::default(), large: 0 })
    }

    /// The end of the log: everything up to it is durable.
    pub(super) fn tip(&self) -> Tip {
        self.tip
    }

    /// The leases that an earlier server has written down.
    pub(super) async fn leases(&mut self) -> Result<OwnLeases> {
        leases::read(&mut self.connection).await
    }

    /// Writes down leases. After an error the writer must not be used again.
    pub(super) async fn keep_leases(&mut self, kept: &[KeptLease], gone: &[String]) -> Result<()> {
        leases::write(&mut self.connection, kept, gone).await
    }

    /// Decides and writes a group. After an error the writer must not be used again.
    pub(super) async fn commit(
        &mut self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let needs = Needs::of(group);
        let known = self.known(&needs).await.map_err(StoreError::before_commit)?;
        let decided = decide_group(group, known, now);
        if decided.is_empty() {
            return Ok(decided.answers);
        }
        let (placed, last_state) = self.place(&decided.versions);
        let begin = self.connection.begin_with("BEGIN IMMEDIATE").await;
        let mut transaction = begin.map_err(failed).map_err(StoreError::before_commit)?;
        write::everything(&mut transaction, &placed, &self.heads, &decided)
            .await
            .map_err(StoreError::before_commit)?;
        let due = self.upkeep.due(self.tip.seq, now);
        if let Some(until) = due {
            let work = write::keep_up(&mut transaction, self.upkeep.done, until);
            work.await.map_err(StoreError::before_commit)?;
        }
        // From here on a failure does not say whether the group is in the file.
        transaction.commit().await.map_err(not_committed)?;
        for place in placed {
            self.heads.keep(place.state_pk, place.version.clone());
        }
        self.heads.forget_some();
        self.large += decided.versions.iter().map(Version::size).filter(|size| *size >= LARGE).sum::<usize>();
        if self.large > ENOUGH {
            self.large = 0;
            self.let_go().await;
        }
        if let Some(until) = due {
            self.upkeep.note(until, now);
        }
        self.last_state = last_state;
        if let Some(last) = decided.versions.last() {
            self.tip = Tip { seq: last.seq, chain_hash: last.chain_hash, recorded_at: last.recorded_at };
        }
        Ok(decided.answers)
    }

    /// Gives back what SQLite keeps of the file: most of it is now of documents that are not read again soon.
    async fn let_go(&mut self) {
        if let Err(error) = sqlx::raw_sql("PRAGMA shrink_memory").execute(&mut self.connection).await {
            tracing::debug!(%error, "the memory of the connection that writes was not given back");
        }
    }

    /// Catches up with the upkeep, when it is time, and says whether there is more.
    pub(super) async fn keep_up(&mut self, now: Timestamp) -> Result<bool> {
        if let Some(until) = self.upkeep.due(self.tip.seq, now) {
            self.keep_up_to(until).await?;
            self.upkeep.note(until, now);
        }
        Ok(self.upkeep.due(self.tip.seq, now).is_some())
    }

    async fn keep_up_to(&mut self, until: Seq) -> Result<()> {
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        write::keep_up(&mut transaction, self.upkeep.done, until).await?;
        transaction.commit().await.map_err(failed)
    }

    async fn known(&mut self, needs: &Needs<'_>) -> Result<Known> {
        let closing = to_close(&mut self.connection, &needs.closings).await?;
        let heads = || needs.heads.iter().copied().chain(&closing.heads);
        self.learn_heads(heads()).await?;
        Ok(Known {
            tip: self.tip,
            heads: self.heads.versions(heads()),
            crowded: closing.crowded,
            snapshots: self.read_snapshots(needs).await?,
            receipts: Receipts::of(receipts(&mut self.connection, needs.receipts.iter().copied()).await?),
            passed: passed(&mut self.connection, needs.passed_since()).await?,
        })
    }

    /// Gives each version the row of its state; new states get the next free ones.
    fn place<'v>(&self, versions: &'v [Version]) -> (Vec<Placed<'v>>, i64) {
        let mut last_state = self.last_state;
        let mut new: HashMap<&StateKey, i64> = HashMap::new();
        let placed = versions.iter().map(|version| {
            let known = self.heads.get(&version.key).map(|head| head.state_pk);
            let state_pk = known.unwrap_or_else(|| {
                *new.entry(&version.key).or_insert_with(|| {
                    last_state += 1;
                    last_state
                })
            });
            Placed { state_pk, version }
        });
        let placed = placed.collect();
        (placed, last_state)
    }

    /// Reads the heads that are needed and not known.
    async fn learn_heads<'k>(&mut self, needed: impl Iterator<Item = &'k StateKey>) -> Result<()> {
        const SQL: &str = concat!(
            "SELECT ",
            rows::columns_with_data!(),
            ", s.state_pk FROM json_each($1) AS wanted",
            " CROSS JOIN states AS s ON s.state_type = wanted.value ->> 0 AND s.state_id = wanted.value ->> 1",
            " CROSS JOIN versions AS v ON v.seq = ",
            rows::head!()
        );
        let unknown: Vec<&StateKey> = needed.filter(|key| self.heads.is_unknown(key)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let query = sqlx::query(SQL).bind(keys_json(unknown.iter().copied()));
        for row in &query.fetch_all(&mut self.connection).await.map_err(failed)? {
            let state_pk = rows::integer(row, rows::OWN)?;
            // A damaged head can be written over: then it is not the head any more.
            self.heads.keep(state_pk, settled(&mut self.connection, rows::found(row)?).await?);
        }
        self.heads.looked_for(unknown.into_iter());
        Ok(())
    }

    async fn read_snapshots(&mut self, needs: &Needs<'_>) -> Result<HashMap<SnapshotId, Snapshot>> {
        let mut known = HashMap::new();
        for id in &needs.snapshots {
            if let Some(snapshot) = snapshot(&mut self.connection, id).await? {
                known.insert(snapshot.id.clone(), snapshot);
            }
        }
        if needs.before_restore {
            let end = after_prefix(BEFORE_RESTORE).unwrap_or_default();
            for snapshot in snapshots_between(&mut self.connection, BEFORE_RESTORE, &end).await? {
                known.insert(snapshot.id.clone(), snapshot);
            }
        }
        Ok(known)
    }

    /// Leaves nothing for later, and closes the connection.
    pub(super) async fn close(mut self) {
        if let Some(until) = self.upkeep.rest(self.tip.seq)
            && let Err(error) = self.keep_up_to(until).await
        {
            tracing::debug!(%error, "lists and counters are brought up to date when the store is opened again");
        }
        open::close(self.connection).await;
    }
}
