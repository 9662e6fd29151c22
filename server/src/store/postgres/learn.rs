//! What a writer must read before it can decide a group.

use std::collections::HashMap;

use stateloft_core::model::{Snapshot, SnapshotId, StateKey};

use super::counter::{self, counter, no_counter};
use super::failure::{Tried, Uncertain};
use super::writer::Writer;
use crate::store::decide::{BEFORE_RESTORE, Needs};
use crate::store::sql::proof::settled;
use crate::store::sql::rows::{self, sql};
use crate::store::sql::{snapshot, snapshots_between};
use crate::store::text::after_prefix;

/// Where [`Writer::learn_heads`] finds the row of the state, and the end of the log behind it.
const STATE_PK: usize = rows::OWN;

impl Writer {
    /// Reads the heads that are needed and not known. False if somebody else has written: then nothing is known any more.
    pub(super) async fn learn_heads<'k>(
        &mut self,
        needed: impl Iterator<Item = &'k StateKey>,
    ) -> Tried<bool> {
        // The log's end and heads in one statement, so that both are of the same moment.
        const SQL: &str = concat!(
            "SELECT ",
            rows::columns_with_data!(),
            ", s.state_pk, c.seq, c.chain_hash, c.recorded_at, c.last_state FROM ",
            counter::numbers!(),
            " AS c",
            " LEFT JOIN (unnest($1::text[], $2::text[]) AS wanted (state_type, state_id)",
            " JOIN states AS s ON s.state_type = wanted.state_type AND s.state_id = wanted.state_id",
            " JOIN versions AS v ON v.seq = ",
            rows::head!(),
            ") ON true"
        );
        let unknown: Vec<&StateKey> = needed.filter(|key| self.heads.is_unknown(key)).collect();
        if unknown.is_empty() {
            return Ok(true);
        }
        let (types, ids) = keys(unknown.iter().copied());
        let found = sqlx::query(SQL).bind(types).bind(ids).fetch_all(&mut self.connection).await?;
        let Some(first) = found.first() else { return Err(no_counter().into()) };
        if counter(first, STATE_PK + 1)? != self.counter {
            return Ok(false);
        }
        for row in &found {
            if let Some(state_pk) = rows::Row::integer(row, STATE_PK)? {
                // A damaged head can be written over: then it is not the head any more.
                self.heads.keep(state_pk, settled(&mut self.connection, rows::found(row)?).await?);
            }
        }
        self.heads.looked_for(unknown.into_iter());
        Ok(true)
    }

    pub(super) async fn read_snapshots(&mut self, needs: &Needs<'_>) -> Tried<HashMap<SnapshotId, Snapshot>> {
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

    /// Whether a group of which nobody knew was written after all. The chain's hash is of everything in it.
    pub(super) async fn was_written(&mut self, group: &Uncertain) -> Tried<bool> {
        let found: Option<Vec<u8>> = sqlx::query_scalar("SELECT chain_hash FROM versions WHERE seq = $1")
            .bind(sql(group.last.0))
            .fetch_optional(&mut self.connection)
            .await?;
        Ok(found.is_some_and(|hash| hash == group.chain_hash.as_bytes()))
    }
}

/// Keys as two arrays.
pub(super) fn keys<'a>(keys: impl Iterator<Item = &'a StateKey>) -> (Vec<&'a str>, Vec<&'a str>) {
    keys.map(|key| (key.state_type.as_str(), key.state_id.as_str())).unzip()
}
