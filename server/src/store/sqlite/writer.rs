//! The one connection that writes: a group a transaction.

use std::collections::HashMap;
use std::path::Path;

use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use statehouse_core::commit::Tip;
use statehouse_core::model::{Snapshot, SnapshotId, StateKey, Timestamp, Version};

use super::write::{self, HeadBefore};
use super::{failed, heads, open, points, rows};
use crate::store::decide::{BEFORE_RESTORE, Known, Needs, decide_group};
use crate::store::text::after_prefix;
use crate::store::{Result, WriteRefusal, WriteRequest, Written};

/// The writing connection and where the log ends. Nobody else writes, so that need not be read again.
#[derive(Debug)]
pub(super) struct Writer {
    connection: SqliteConnection,
    tip: Tip,
    last_state: i64,
}

impl Writer {
    pub(super) async fn open(path: &Path) -> Result<Self> {
        let mut connection = open::writer(path).await?;
        let tip = heads::tip(&mut connection).await?;
        let last_state = sqlx::query_scalar("SELECT coalesce(max(state_pk), 0) FROM states")
            .fetch_one(&mut connection)
            .await
            .map_err(failed)?;
        Ok(Self { connection, tip, last_state })
    }

    /// Decides and writes a group. After an error the writer must not be used again.
    pub(super) async fn commit(
        &mut self,
        group: &[WriteRequest],
        now: Timestamp,
    ) -> Result<Vec<std::result::Result<Written, WriteRefusal>>> {
        let needs = Needs::of(group);
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let (heads, before) = read_heads(&mut transaction, &needs).await?;
        let snapshots = read_snapshots(&mut transaction, &needs).await?;
        let decided = decide_group(group, Known { tip: self.tip, heads, snapshots }, now);
        if decided.is_empty() {
            transaction.rollback().await.map_err(failed)?;
            return Ok(decided.answers);
        }
        let last_state =
            write::versions(&mut transaction, &decided.versions, &before, self.last_state).await?;
        write::snapshots(&mut transaction, &decided.snapshots).await?;
        write::restores(&mut transaction, &decided.restores).await?;
        transaction.commit().await.map_err(failed)?;
        self.last_state = last_state;
        if let Some(last) = decided.versions.last() {
            self.tip = Tip { seq: last.seq, chain_hash: last.chain_hash, recorded_at: last.recorded_at };
        }
        Ok(decided.answers)
    }

    pub(super) async fn close(self) {
        open::close(self.connection).await;
    }
}

type Heads = (HashMap<StateKey, Version>, HashMap<StateKey, HeadBefore>);

async fn read_heads(connection: &mut SqliteConnection, needs: &Needs<'_>) -> Result<Heads> {
    const SQL: &str = concat!(
        "SELECT ",
        rows::columns_with_data!(),
        ", s.state_pk FROM json_each($1) AS wanted",
        " CROSS JOIN states AS s ON s.state_type = wanted.value ->> 0 AND s.state_id = wanted.value ->> 1",
        " CROSS JOIN versions AS v ON v.seq = s.head_seq"
    );
    let mut heads = HashMap::with_capacity(needs.heads.len());
    let mut before = HashMap::with_capacity(needs.heads.len());
    if needs.heads.is_empty() {
        return Ok((heads, before));
    }
    let found = sqlx::query(SQL)
        .bind(keys_json(needs.heads.iter().copied()))
        .fetch_all(connection)
        .await
        .map_err(failed)?;
    for row in &found {
        let head = rows::version(row)?;
        before.insert(head.key.clone(), HeadBefore::of(rows::column(row, 15)?, &head));
        heads.insert(head.key.clone(), head);
    }
    Ok((heads, before))
}

/// Keys as one parameter, whatever their number: `[["type","id"],...]`.
pub(super) fn keys_json<'a>(keys: impl Iterator<Item = &'a StateKey>) -> String {
    let pairs: Vec<_> = keys.map(|key| [key.state_type.as_str(), key.state_id.as_str()]).collect();
    // Texts in arrays: writing them cannot fail.
    serde_json::to_string(&pairs).unwrap_or_default()
}

async fn read_snapshots(
    connection: &mut SqliteConnection,
    needs: &Needs<'_>,
) -> Result<HashMap<SnapshotId, Snapshot>> {
    let mut known = HashMap::new();
    for id in &needs.snapshots {
        if let Some(snapshot) = points::snapshot(connection, id).await? {
            known.insert(snapshot.id.clone(), snapshot);
        }
    }
    if needs.before_restore {
        let end = after_prefix(BEFORE_RESTORE).unwrap_or_default();
        for snapshot in points::snapshots_between(connection, BEFORE_RESTORE, &end).await? {
            known.insert(snapshot.id.clone(), snapshot);
        }
    }
    Ok(known)
}
