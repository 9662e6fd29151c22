//! The connection that writes: a group a transaction, several servers in turn.
//!
//! The end of the log tells whether anybody else has written: as long as it is where this writer left it, every head that
//! this writer knows is still the head. Such a group is decided from memory and written by one statement, which writes
//! nothing if there is a version that this writer does not know. Then it waits for its turn first, and reads what is
//! needed while nobody else can write.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use stateloft_core::commit::Tip;
use stateloft_core::model::{Seq, StateKey, Timestamp, Version};

use super::counter::{self, Counter, read_counter};
use super::failure::{Answers, Doubt, Failure, Tried, failed};
use super::link::{IDLE, Link};
use super::migrate;
use super::write::{self, Placed};
use crate::store::decide::{Decided, Known, Needs, decide_group};
use crate::store::known_heads::KnownHeads;
use crate::store::receipt::Receipts;
use crate::store::refusing::Refusal;
use crate::store::sql::{passed, receipts, to_close};
use crate::store::upkeep::Upkeep;
use crate::store::{Result, StoreError, WriteRequest};

/// Who has written so many groups undisturbed decides the next one without waiting for its turn. A few more than one, as
/// each time that somebody else comes in between after all is an error in the database's log.
const ALONE: u32 = 8;

/// The writing connection and what it knows.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) connection: PgConnection,
    /// Where the log ended when this writer last looked; the heads are as of then.
    pub(super) counter: Counter,
    pub(super) heads: KnownHeads,
    /// How far the upkeep was when this writer last looked.
    upkeep: Upkeep,
    /// So many groups in a row were written without anybody else writing in between.
    undisturbed: u32,
    /// When the server last answered.
    answered: Instant,
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
        let counter = read_counter(&mut connection).await?;
        let upkeep = Upkeep::new(write::kept_up(&mut connection).await?);
        Ok(Self {
            connection,
            counter,
            heads: KnownHeads::default(),
            upkeep,
            undisturbed: ALONE,
            answered: Instant::now(),
        })
    }

    /// Opens a connection to the server that accepts writes now.
    pub(super) async fn open(link: &Link) -> Tried<Self> {
        let connection = link.find_again().await.map_err(|none| Failure {
            refusal: none.accepts_no_writes.then_some(Refusal::Refused),
            lost: true,
            ..Failure::from(none.error)
        })?;
        Self::prepare(connection).await
    }

    /// Makes sure that a connection on which nothing was said for a while is still there: what is sent on one that is gone
    /// would be in doubt.
    pub(super) async fn look(&mut self) -> Tried<()> {
        if self.answered.elapsed() >= IDLE {
            let lost = |error| Failure { lost: true, ..Failure::from(error) };
            self.connection.ping().await.map_err(lost)?;
        }
        Ok(())
    }

    /// The server answers.
    pub(super) fn has_answered(&mut self) {
        self.answered = Instant::now();
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
    /// written of the same group is in `doubt`, and what this one may have after a failure.
    pub(super) async fn commit(
        &mut self,
        group: &[WriteRequest],
        now: Timestamp,
        doubt: &mut Doubt<'_>,
    ) -> Tried<Answers> {
        self.keep_up(now).await?;
        let states = |r: &WriteRequest| {
            matches!(r, WriteRequest::Batch { restore: None, .. } | WriteRequest::Import { .. })
        };
        let only_states = group.iter().all(states);
        if only_states
            && self.undisturbed >= ALONE
            && doubt.earlier.is_none()
            && let Some(answers) = self.commit_alone(group, now, doubt).await?
        {
            return Ok(answers);
        }
        self.commit_locked(group, now, doubt).await
    }

    /// Catches up with the upkeep, when it is time, and says whether there is more. Nothing hangs on it being done now.
    pub(super) async fn keep_up(&mut self, now: Timestamp) -> Tried<bool> {
        let tip = self.counter.tip.seq;
        if self.upkeep.due(tip, now).is_some() {
            // Another server may have done it.
            self.upkeep.done = write::kept_up(&mut self.connection).await?;
            let until = self.upkeep.due(tip, now);
            if let Some(until) = until {
                write::keep_up(&mut self.connection, self.upkeep.done, until).await?;
            }
            self.upkeep.note(until.unwrap_or(self.upkeep.done), now);
        }
        Ok(self.upkeep.due(tip, now).is_some())
    }

    /// Decides from what is known and writes in one statement. `None` if somebody else has written meanwhile.
    async fn commit_alone(
        &mut self,
        group: &[WriteRequest],
        now: Timestamp,
        doubt: &mut Doubt<'_>,
    ) -> Tried<Option<Answers>> {
        let needs = Needs::of(group);
        if !self.learn_heads(needs.heads.iter().copied()).await? {
            return Ok(None);
        }
        let decided = decide_group(group, self.known(needs.heads.iter().copied()), now);
        if decided.is_empty() {
            // Refusals and equal data are answers about the present, so the present must be what is known.
            let present = read_counter(&mut self.connection).await?;
            return Ok((present == self.counter).then_some(decided.answers));
        }
        let after = self.after(&decided);
        let (placed, after) = self.place(&decided.versions, after);
        doubt.sending();
        match write::versions(&mut self.connection, &placed, &self.heads, self.counter.tip.seq).await {
            Ok(true) => {}
            Ok(false) => {
                doubt.refused();
                return Ok(None);
            }
            // Another server's version came in between: the database took one of the two.
            Err(error) if is_taken(&error) => {
                doubt.refused();
                return Ok(None);
            }
            Err(error) => return Err(doubt.failed(error, decided)),
        }
        keep(&mut self.heads, placed);
        self.counter = after;
        Ok(Some(decided.answers))
    }

    /// Waits for its turn, reads what is needed, decides and writes.
    async fn commit_locked(
        &mut self,
        group: &[WriteRequest],
        now: Timestamp,
        doubt: &mut Doubt<'_>,
    ) -> Tried<Answers> {
        let needs = Needs::of(group);
        counter::begin(&mut self.connection).await?;
        let counter = read_counter(&mut self.connection).await?;
        if counter == self.counter {
            self.undisturbed = self.undisturbed.saturating_add(1);
        } else {
            self.undisturbed = 0;
            self.heads = KnownHeads::default();
            self.counter = counter;
        }
        if let Some(earlier) = doubt.earlier.as_ref()
            && self.was_written(earlier).await?
        {
            // It is on this server; a commit of our own behind it waits until it is on the standbys, too.
            self.finish("UPDATE meta SET layout = layout WHERE id = 1; COMMIT").await?;
            return Ok(doubt.earlier.take().map(|earlier| earlier.answers).unwrap_or_default());
        }
        // Nobody else can write now, so what lives stays as it is.
        let closing = to_close(&mut self.connection, &needs.closings).await?;
        let heads = || needs.heads.iter().copied().chain(&closing.heads);
        self.learn_heads(heads()).await?;
        let snapshots = self.read_snapshots(&needs).await?;
        let receipts = receipts(&mut self.connection, needs.receipts.iter().copied()).await?;
        let receipts = Receipts::of(receipts);
        let passed = passed(&mut self.connection, needs.passed_since()).await?;
        let known = Known { snapshots, receipts, passed, crowded: closing.crowded, ..self.known(heads()) };
        let decided = decide_group(group, known, now);
        if decided.is_empty() {
            self.finish("ROLLBACK").await?;
            return Ok(decided.answers);
        }
        let after = self.after(&decided);
        let (placed, after) = self.place(&decided.versions, after);
        if !placed.is_empty()
            && !write::versions(&mut self.connection, &placed, &self.heads, self.counter.tip.seq).await?
        {
            let text = "somebody wrote though it was not their turn".to_owned();
            return Err(StoreError::Damaged(text).into());
        }
        write::snapshots(&mut self.connection, &decided.snapshots).await?;
        write::restores(&mut self.connection, &decided.restores).await?;
        write::receipts(&mut self.connection, &decided.receipts).await?;
        doubt.sending();
        if let Err(error) = sqlx::raw_sql("COMMIT").execute(&mut self.connection).await {
            return Err(doubt.failed(error, decided));
        }
        keep(&mut self.heads, placed);
        self.counter = after;
        Ok(decided.answers)
    }

    async fn finish(&mut self, command: &'static str) -> Tried<()> {
        sqlx::raw_sql(command).execute(&mut self.connection).await?;
        Ok(())
    }

    /// What is known without another question: no snapshot, no receipt, and nothing that was written since.
    fn known<'k>(&self, heads: impl Iterator<Item = &'k StateKey>) -> Known {
        Known {
            tip: self.counter.tip,
            heads: self.heads.versions(heads),
            crowded: HashSet::new(),
            snapshots: HashMap::new(),
            receipts: Receipts::default(),
            passed: Some(Vec::new()),
        }
    }

    /// Where the log ends after a group.
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

    /// Leaves nothing for later, and closes the connection.
    pub(super) async fn close(mut self) {
        if let Ok(done) = write::kept_up(&mut self.connection).await
            && let Some(until) = Upkeep::new(done).rest(self.counter.tip.seq)
            && let Err(error) = write::keep_up(&mut self.connection, done, until).await
        {
            tracing::debug!(%error, "lists and counters are brought up to date when the store is opened again");
        }
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "the connection was not closed cleanly; nothing is lost");
        }
    }
}

/// Whether a version's number, or a new state's, was given out by somebody else.
fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

fn keep(heads: &mut KnownHeads, placed: Vec<Placed<'_>>) {
    for place in placed {
        heads.keep(place.state_pk, place.version.clone());
    }
    heads.forget_some();
}
