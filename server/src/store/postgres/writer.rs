//! The connection that writes: a group a transaction, several servers in turn.
//!
//! The counter (the row of `meta`) tells whether anybody else has written: as long as it is where this writer left it,
//! every head that this writer knows is still the head. Such a group is decided from memory and written by one statement,
//! which checks the counter again under its lock. When it has moved, the counter is locked first and what is needed is
//! read under the lock.

use std::collections::HashMap;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use statehouse_core::commit::Tip;
use statehouse_core::model::{Seq, Snapshot, SnapshotId, StateKey, Timestamp, Version};

use super::counter::{COUNTER, Counter, LOCK_COUNTER, counter, no_counter, read_counter};
use super::failure::{Answers, Failure, Tried, Uncertain, ambiguous, failed};
use super::link::Link;
use super::migrate;
use super::write::{self, Placed};
use crate::store::decide::{BEFORE_RESTORE, Decided, Known, Needs, decide_group};
use crate::store::known_heads::KnownHeads;
use crate::store::listed;
use crate::store::sql::rows::{self, sql};
use crate::store::sql::{snapshot, snapshots_between};
use crate::store::text::after_prefix;
use crate::store::{Result, StoreError, WriteRequest};

/// The writing connection and what it knows.
#[derive(Debug)]
pub(super) struct Writer {
    connection: PgConnection,
    /// Where the counter was when this writer last looked; the heads are as of then.
    counter: Counter,
    heads: KnownHeads,
    /// Up to where the lists by change were up to date when this writer last looked.
    listed: Seq,
    /// Nobody else has written lately, so the counter need not be locked before a group is decided.
    alone: bool,
}

impl Writer {
    /// Makes a connection ready to write.
    pub(super) async fn prepare(mut connection: PgConnection) -> Tried<Self> {
        // What a standby must have done may be set higher than ours by whoever runs the server, but never lower.
        const DURABLE: &str = "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') \
                               WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)";
        sqlx::query(DURABLE).execute(&mut connection).await?;
        // What this connection runs goes by keys alone: planning it anew for each group finds nothing better.
        sqlx::query("SET plan_cache_mode = force_generic_plan").execute(&mut connection).await?;
        let counter = read_counter(&mut connection, COUNTER).await?;
        let listed = write::listed(&mut connection).await?;
        Ok(Self { connection, counter, heads: KnownHeads::default(), listed, alone: true })
    }

    /// Opens a connection to the server that accepts writes now.
    pub(super) async fn open(link: &Link) -> Tried<Self> {
        let connection =
            link.connect().await.map_err(|error| Failure { error, lost: true, unknown: false })?;
        Self::prepare(connection).await
    }

    /// Brings the tables up to date.
    pub(super) async fn migrate(connection: &mut PgConnection) -> Result<()> {
        let encoding: String =
            sqlx::query_scalar("SHOW server_encoding").fetch_one(&mut *connection).await.map_err(failed)?;
        if encoding != "UTF8" {
            let text = format!("the database's encoding is {encoding}; it must be UTF8");
            return Err(StoreError::Refused(text));
        }
        migrate::run(connection).await
    }

    /// The last seq that this writer knows of.
    pub(super) fn seq(&self) -> Seq {
        self.counter.tip.seq
    }

    /// Decides and writes a group. After a failure the writer must not be used again. What an earlier one may have
    /// written of the same group is in `uncertain`, and what this one may have after a failure.
    pub(super) async fn commit(
        &mut self,
        group: &[WriteRequest],
        now: Timestamp,
        uncertain: &mut Option<Uncertain>,
    ) -> Tried<Answers> {
        self.list_states().await?;
        let only_states = group.iter().all(|r| matches!(r, WriteRequest::Batch { restore: None, .. }));
        if only_states
            && self.alone
            && uncertain.is_none()
            && let Some(answers) = self.commit_alone(group, now, uncertain).await?
        {
            return Ok(answers);
        }
        self.commit_locked(group, now, uncertain).await
    }

    /// Puts states where they belong in the lists by change, when it is time. Nothing hangs on it being done now.
    async fn list_states(&mut self) -> Tried<()> {
        let tip = self.counter.tip.seq;
        if listed::due(tip, self.listed).is_some() {
            // Another server may have done it.
            self.listed = write::listed(&mut self.connection).await?;
            if let Some(until) = listed::due(tip, self.listed) {
                write::list_states(&mut self.connection, self.listed, until).await?;
                self.listed = until;
            }
        }
        Ok(())
    }

    /// Decides from what is known and writes in one statement. `None` if somebody else has written meanwhile.
    async fn commit_alone(
        &mut self,
        group: &[WriteRequest],
        now: Timestamp,
        uncertain: &mut Option<Uncertain>,
    ) -> Tried<Option<Answers>> {
        let needs = Needs::of(group);
        if !self.learn_heads(&needs).await? {
            return Ok(None);
        }
        let decided = decide_group(group, self.known(&needs, HashMap::new()), now);
        if decided.is_empty() {
            // Refusals and equal data are answers about the present, so the present must be what is known.
            let present = read_counter(&mut self.connection, COUNTER).await?;
            return Ok((present == self.counter).then_some(decided.answers));
        }
        let after = self.after(&decided);
        let (placed, after) = self.place(&decided.versions, after);
        let written =
            write::versions(&mut self.connection, &placed, &self.heads, &self.counter, &after).await;
        match written {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => {
                *uncertain = Uncertain::of(decided);
                return Err(ambiguous(error, uncertain.as_ref()));
            }
        }
        keep(&mut self.heads, placed);
        self.counter = after;
        Ok(Some(decided.answers))
    }

    /// Locks the counter, reads what is needed, decides and writes.
    async fn commit_locked(
        &mut self,
        group: &[WriteRequest],
        now: Timestamp,
        uncertain: &mut Option<Uncertain>,
    ) -> Tried<Answers> {
        let needs = Needs::of(group);
        sqlx::raw_sql("BEGIN").execute(&mut self.connection).await?;
        let counter = read_counter(&mut self.connection, LOCK_COUNTER).await?;
        self.alone = counter == self.counter;
        if !self.alone {
            self.heads = KnownHeads::default();
            self.counter = counter;
        }
        if let Some(earlier) = uncertain.as_ref()
            && self.was_written(earlier).await?
        {
            // It is on this server; a commit of our own behind it waits until it is on the standbys, too.
            self.finish("UPDATE meta SET layout = layout WHERE id = 1; COMMIT").await?;
            return Ok(uncertain.take().map(|earlier| earlier.answers).unwrap_or_default());
        }
        self.learn_heads(&needs).await?;
        let snapshots = self.read_snapshots(&needs).await?;
        let decided = decide_group(group, self.known(&needs, snapshots), now);
        if decided.is_empty() {
            self.finish("ROLLBACK").await?;
            return Ok(decided.answers);
        }
        let after = self.after(&decided);
        let (placed, after) = self.place(&decided.versions, after);
        if !placed.is_empty()
            && !write::versions(&mut self.connection, &placed, &self.heads, &self.counter, &after).await?
        {
            let text = "the counter moved though it was locked".to_owned();
            return Err(StoreError::Damaged(text).into());
        }
        write::snapshots(&mut self.connection, &decided.snapshots).await?;
        write::restores(&mut self.connection, &decided.restores).await?;
        if let Err(error) = sqlx::raw_sql("COMMIT").execute(&mut self.connection).await {
            *uncertain = Uncertain::of(decided);
            return Err(ambiguous(error, uncertain.as_ref()));
        }
        keep(&mut self.heads, placed);
        self.counter = after;
        Ok(decided.answers)
    }

    async fn finish(&mut self, command: &'static str) -> Tried<()> {
        sqlx::raw_sql(command).execute(&mut self.connection).await?;
        Ok(())
    }

    fn known(&self, needs: &Needs<'_>, snapshots: HashMap<SnapshotId, Snapshot>) -> Known {
        Known { tip: self.counter.tip, heads: self.heads.versions(needs.heads.iter().copied()), snapshots }
    }

    /// Where the counter is after a group.
    fn after(&self, decided: &Decided) -> Counter {
        let tip = decided.versions.last().map_or(self.counter.tip, |last| Tip {
            seq: last.seq,
            chain_hash: last.chain_hash,
            recorded_at: last.recorded_at,
        });
        Counter { tip, ..self.counter }
    }

    /// Gives each version the row of its state; new states get the next free ones.
    fn place<'v>(&self, versions: &'v [Version], mut after: Counter) -> (Vec<Placed<'v>>, Counter) {
        let mut new: HashMap<&StateKey, i64> = HashMap::new();
        let placed = versions.iter().map(|version| {
            let known = self.heads.get(&version.key).map(|head| head.state_pk);
            let state_pk = known.unwrap_or_else(|| {
                *new.entry(&version.key).or_insert_with(|| {
                    after.last_state += 1;
                    after.last_state
                })
            });
            Placed { state_pk, version }
        });
        let placed = placed.collect();
        (placed, after)
    }

    /// Reads the heads that are needed and not known. False if the counter has moved: then nothing is known any more.
    async fn learn_heads(&mut self, needs: &Needs<'_>) -> Tried<bool> {
        // Counter and heads in one statement, so that both are of the same moment.
        const SQL: &str = concat!(
            "SELECT ",
            rows::columns_with_data!(),
            ", s.state_pk, m.seq, m.chain_hash, m.recorded_at, m.last_state FROM meta AS m",
            " LEFT JOIN (unnest($1::text[], $2::text[]) AS wanted (state_type, state_id)",
            " JOIN states AS s ON s.state_type = wanted.state_type AND s.state_id = wanted.state_id",
            " JOIN versions AS v ON v.seq = ",
            rows::head!(),
            ") ON true WHERE m.id = 1"
        );
        let unknown: Vec<&StateKey> =
            needs.heads.iter().copied().filter(|key| self.heads.get(key).is_none()).collect();
        if unknown.is_empty() {
            return Ok(true);
        }
        let (types, ids) = keys(unknown.into_iter());
        let found = sqlx::query(SQL).bind(types).bind(ids).fetch_all(&mut self.connection).await?;
        let Some(first) = found.first() else { return Err(no_counter().into()) };
        if counter(first, STATE_PK + 1)? != self.counter {
            return Ok(false);
        }
        for row in &found {
            if let Some(state_pk) = rows::Row::integer(row, STATE_PK)? {
                self.heads.keep(state_pk, rows::version(row)?);
            }
        }
        Ok(true)
    }

    async fn read_snapshots(&mut self, needs: &Needs<'_>) -> Tried<HashMap<SnapshotId, Snapshot>> {
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
    async fn was_written(&mut self, group: &Uncertain) -> Tried<bool> {
        let found: Option<Vec<u8>> = sqlx::query_scalar("SELECT chain_hash FROM versions WHERE seq = $1")
            .bind(sql(group.last.0))
            .fetch_optional(&mut self.connection)
            .await?;
        Ok(found.is_some_and(|hash| hash == group.chain_hash.as_bytes()))
    }

    pub(super) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "the connection was not closed cleanly; nothing is lost");
        }
    }
}

/// Where [`Writer::learn_heads`] finds the state's row, and the counter behind it.
const STATE_PK: usize = 15;

fn keep(heads: &mut KnownHeads, placed: Vec<Placed<'_>>) {
    for place in placed {
        heads.keep(place.state_pk, place.version.clone());
    }
    heads.forget_some();
}

/// Keys as two arrays.
pub(super) fn keys<'a>(keys: impl Iterator<Item = &'a StateKey>) -> (Vec<&'a str>, Vec<&'a str>) {
    keys.map(|key| (key.state_type.as_str(), key.state_id.as_str())).unzip()
}
