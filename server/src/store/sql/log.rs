//! Reading the past.

use std::collections::HashMap;

use async_trait::async_trait;
use stateloft_core::api::{StateSummary, VersionView};
use stateloft_core::model::{Seq, StateKey, Timestamp, Version, VersionNumber};

use super::heads::tip;
use super::moment::at_one_moment;
use super::rows::{self, sql};
use super::times::{seq_at, seq_then};
use super::{Connection, SqlStore, Statement, activity, proof, scope, times};
use crate::store::cursor::{Mark, Place, next};
use crate::store::lanes::Lane;
use crate::store::{
    Activity, Heads as _, HistoryQuery, Imports, LOOKED_BACK, Log, OriginFilter, Overwrote, Page, Result,
    StoreError, Wrote,
};

macro_rules! from_versions {
    ($columns:ident, $rest:literal) => {
        concat!(
            "SELECT ",
            rows::$columns!(),
            " FROM versions AS v JOIN states AS s ON s.state_pk = v.state_pk ",
            $rest
        )
    };
}

const AFTER: &str = from_versions!(columns_in_order, "WHERE v.seq > $1 ORDER BY v.seq LIMIT $2");

async fn one<S: SqlStore>(store: &S, statement: Statement, of: Option<&StateKey>) -> Result<Option<Version>> {
    store.within(async { proof::one(&mut *store.reader(Lane::Short).await?, statement, of).await }).await
}

/// What the versions of a statement are, without their data, until one is not there or not even its name can be read.
async fn views<S: SqlStore>(
    store: &S,
    statement: Statement,
    from: Seq,
    step: impl Fn(Seq) -> Seq + Send + Sync,
) -> Result<Vec<VersionView>> {
    let rows = store.within(async { store.reader(Lane::Long).await?.all(statement).await }).await?;
    let mut views: Vec<VersionView> = Vec::with_capacity(rows.len());
    let mut next = step(from);
    for row in &rows {
        match rows::view(row) {
            Ok(view) if view.seq == next => views.push(view),
            Ok(_) if views.is_empty() => return Err(StoreError::no_version(next, "it is missing")),
            Err(error) if views.is_empty() => return Err(error),
            Ok(_) | Err(_) => break,
        }
        next = step(next);
    }
    Ok(views)
}

/// Versions from a seq on, upwards or downwards, until the statement or the bytes of a page end, or one is not there.
///
/// Where the engine itself cannot read a page of its file, it does not say which version is on it: then one is read at a
/// time, and the first that cannot be read is the damaged one.
async fn stretch<S: SqlStore>(
    store: &S,
    lane: Lane,
    text: &'static str,
    from: Seq,
    limit: usize,
    step: impl Fn(Seq) -> Seq + Send + Sync,
) -> Result<Vec<Version>> {
    let read = |limit: usize| {
        let statement = Statement::new(text).bind(sql(from.0)).bind(sql(limit as u64));
        store.within(async move {
            Ok(proof::many(&mut *store.reader(lane).await?, statement, usize::MAX).await?.0)
        })
    };
    let mut next = step(from);
    let mut versions = match read(limit).await {
        Err(StoreError::Damaged(_)) if limit > 1 => match read(1).await {
            Err(StoreError::Damaged(what)) => return Err(StoreError::no_version(next, what)),
            other => other?,
        },
        Err(StoreError::Damaged(what)) => return Err(StoreError::no_version(next, what)),
        other => other?,
    };
    let mut gap = None;
    versions.retain(|version| {
        if version.seq != next {
            gap.get_or_insert(next);
        }
        next = step(next);
        gap.is_none()
    });
    match gap {
        Some(missing) if versions.is_empty() => Err(StoreError::no_version(missing, "it is missing")),
        _ => Ok(versions),
    }
}

#[async_trait]
impl<S: SqlStore> Log for S {
    async fn after(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        stretch(self, Lane::Long, AFTER, seq, limit, Seq::next).await
    }

    async fn written_by(
        &self,
        run_id: &str,
        since: Seq,
        behind: Option<&StateKey>,
        limit: usize,
    ) -> Result<Vec<Wrote>> {
        let read = async {
            let mut reader = self.reader(Lane::Long).await?;
            written_by(&mut *reader, run_id, since, behind, limit).await
        };
        self.within(read).await
    }

    async fn overwrote(&self, stretches: &[(Seq, Seq)]) -> Result<Vec<Overwrote>> {
        if stretches.is_empty() {
            return Ok(Vec::new());
        }
        self.within(async { overwrote(&mut *self.reader(Lane::Long).await?, stretches).await }).await
    }

    async fn tail(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        stretch(self, Lane::Short, AFTER, seq, limit, Seq::next).await
    }

    async fn before(&self, seq: Seq, limit: usize) -> Result<Vec<Version>> {
        const SQL: &str = from_versions!(columns_with_data, "WHERE v.seq < $1 ORDER BY v.seq DESC LIMIT $2");
        // From the end of the log on, whatever lies beyond it.
        let from = seq.min(self.tip().await?.seq.next());
        stretch(self, Lane::Long, SQL, from, limit, |seq| Seq(seq.0.saturating_sub(1))).await
    }

    async fn views_after(&self, seq: Seq, limit: usize) -> Result<Vec<VersionView>> {
        const SQL: &str = from_versions!(columns, "WHERE v.seq > $1 ORDER BY v.seq LIMIT $2");
        let statement = Statement::new(SQL).bind(sql(seq.0)).bind(sql(limit as u64));
        views(self, statement, seq, Seq::next).await
    }

    async fn views_before(&self, seq: Seq, limit: usize) -> Result<Vec<VersionView>> {
        const SQL: &str = from_versions!(columns, "WHERE v.seq < $1 ORDER BY v.seq DESC LIMIT $2");
        // From the end of the log on, whatever lies beyond it.
        let from = seq.min(self.tip().await?.seq.next());
        let statement = Statement::new(SQL).bind(sql(from.0)).bind(sql(limit as u64));
        views(self, statement, from, |seq| Seq(seq.0.saturating_sub(1))).await
    }

    async fn version(&self, key: &StateKey, version: VersionNumber) -> Result<Option<Version>> {
        one(self, by_number::<S::Connection>(key, version), Some(key)).await
    }

    async fn by_seq(&self, seq: Seq) -> Result<Option<Version>> {
        const SQL: &str = from_versions!(columns_with_data, "WHERE v.seq = $1");
        one(self, Statement::new(SQL).bind(sql(seq.0)), None).await
    }

    async fn as_of(&self, key: &StateKey, seq: Seq) -> Result<Option<Version>> {
        self.within(async { as_of(&mut *self.reader(Lane::Short).await?, key, seq).await }).await
    }

    async fn standing(
        &self,
        keys: &[StateKey],
        seq: Seq,
    ) -> Result<HashMap<StateKey, (VersionNumber, bool)>> {
        self.within(async { scope::standing(&mut *self.reader(Lane::Long).await?, keys, seq).await }).await
    }

    async fn seq_at(&self, time: Timestamp) -> Result<Seq> {
        self.within(async { seq_at(&mut *self.reader(Lane::Short).await?, time).await }).await
    }

    async fn then(&self, key: &StateKey, time: Timestamp) -> Result<Option<Version>> {
        self.within(async {
            let mut reader = self.reader(Lane::Short).await?;
            let seq = seq_then(&mut *reader, key, time).await?;
            as_of(&mut *reader, key, seq).await
        })
        .await
    }

    async fn imports(&self, after: Seq, time: Timestamp) -> Result<Imports> {
        self.within(async { times::imports(&mut *self.reader(Lane::Short).await?, after, time).await }).await
    }

    async fn history(&self, query: &HistoryQuery) -> Result<Page<StateSummary>> {
        at_one_moment!(self, Lane::Long, connection => history(connection, query))
    }

    async fn activity(&self, since: Timestamp, bucket_micros: i64) -> Result<Activity> {
        at_one_moment!(self, Lane::Long, connection => activity::read(connection, since, bucket_micros))
    }
}

/// A version by its number. Numbers grow with seq, so it is found by halving: an index of its own would cost every save
/// more than this costs who asks.
fn by_number<C: Connection>(key: &StateKey, version: VersionNumber) -> Statement {
    // How many versions the state has up to the middle.
    const UP_TO_MIDDLE: &str = "coalesce((SELECT w.version FROM versions AS w \
        WHERE w.state_pk = (SELECT state_pk FROM states WHERE state_type = $1 AND state_id = $2) \
        AND w.seq <= (low + high) / 2 ORDER BY w.seq DESC LIMIT 1), 0)";
    let text = format!(
        "WITH RECURSIVE halving (low, high) AS ( \
            SELECT CAST(0 AS bigint), coalesce(max(seq), 0) FROM versions \
            UNION ALL \
            SELECT CASE WHEN {UP_TO_MIDDLE} >= $3 THEN low ELSE (low + high) / 2 END, \
                   CASE WHEN {UP_TO_MIDDLE} >= $3 THEN (low + high) / 2 ELSE high END \
            FROM halving WHERE high - low > 1) \
         SELECT {columns} FROM versions AS v {join} states AS s ON s.state_pk = v.state_pk \
         WHERE v.seq = (SELECT high FROM halving WHERE high - low = 1) \
         AND v.version = $3 AND s.state_type = $1 AND s.state_id = $2",
        columns = rows::columns_with_data!(),
        join = C::DIALECT.join,
    );
    Statement::new(text).bind_key(key).bind(sql(version.0))
}

/// The last version of a state at or before a seq.
pub(super) async fn as_of<C: Connection>(
    connection: &mut C,
    key: &StateKey,
    seq: Seq,
) -> Result<Option<Version>> {
    let text = format!(
        "SELECT {columns} FROM states AS s {join} versions AS v ON v.seq = \
         (SELECT max(w.seq) FROM versions AS w WHERE w.state_pk = s.state_pk AND w.seq <= $3) \
         WHERE s.state_type = $1 AND s.state_id = $2",
        columns = rows::columns_with_data!(),
        join = C::DIALECT.join,
    );
    proof::one(connection, Statement::new(text).bind_key(key).bind(sql(seq.0)), Some(key)).await
}

async fn history(connection: &mut impl Connection, query: &HistoryQuery) -> Result<Page<StateSummary>> {
    let tip = tip(connection).await?.seq;
    let low = match query.from {
        Some(from) => {
            let before = Timestamp::from_micros(from.micros().saturating_sub(1));
            seq_then(connection, &query.key, before).await?
        }
        None => Seq::ZERO,
    };
    let high = match query.to {
        Some(to) => seq_then(connection, &query.key, to).await?,
        None => tip,
    };
    let (total, start) = match &query.cursor {
        Some(cursor) => match Mark::read(cursor)? {
            Mark { place: Place::History(seq), total } => (total, Seq(seq.0.saturating_sub(1)).min(high)),
            Mark { .. } => return Err(StoreError::BadCursor),
        },
        None if query.origin.is_any() => (count_from(connection, query, low, high).await?, high),
        None => (count(connection, &query.key, low, high).await?, high),
    };
    let columns =
        if query.with_data { from_versions!(columns_with_data, "") } else { from_versions!(columns, "") };
    let mut statement = Statement::new(columns);
    of_state(&mut statement, query, low, start);
    statement.push(" ORDER BY v.seq DESC LIMIT ").push_bind(sql(query.limit as u64 + 1));
    let (rows, more) = summaries(connection, statement, query.limit, query.with_data).await?;
    let next = next(&rows, more, total, |row| Place::History(row.version.seq));
    Ok(Page { rows, total, next, seq: tip })
}

/// What a run wrote, by type and id.
async fn written_by(
    connection: &mut impl Connection,
    run_id: &str,
    since: Seq,
    behind: Option<&StateKey>,
    limit: usize,
) -> Result<Vec<Wrote>> {
    let mut statement = Statement::new(
        "SELECT s.state_type, s.state_id, count(*), max(v.version), max(v.seq) FROM origins AS o \
         JOIN versions AS v ON v.seq = o.seq JOIN states AS s ON s.state_pk = v.state_pk WHERE o.run_id = ",
    );
    statement.push_bind(run_id).push(" AND o.seq > ").push_bind(sql(since.0));
    if let Some(behind) = behind {
        statement.push(" AND (s.state_type, s.state_id) > (").push_bind(behind.state_type.as_str());
        statement.push(", ").push_bind(behind.state_id.as_str()).push(")");
    }
    statement.push(" GROUP BY s.state_type, s.state_id ORDER BY s.state_type, s.state_id LIMIT ");
    statement.push_bind(sql(limit as u64));
    let wrote = |row: &_| {
        let (state_type, state_id) = (rows::text(row, 0)?, rows::text(row, 1)?);
        let key = StateKey::new(state_type, state_id)
            .map_err(|error| StoreError::Damaged(format!("a state's name: {error}")))?;
        let (version, seq) = (VersionNumber(rows::number(row, 3)?), Seq(rows::number(row, 4)?));
        Ok(Wrote { key, versions: rows::number(row, 2)?, version, seq })
    };
    connection.all(statement).await?.iter().map(wrote).collect()
}

/// Which runs had written before what these stretches of the log wrote.
async fn overwrote(connection: &mut impl Connection, stretches: &[(Seq, Seq)]) -> Result<Vec<Overwrote>> {
    let mut statement = Statement::new("SELECT v.seq, s.state_type, s.state_id, ");
    statement.push(format_args!(
        "(SELECT o.run_id FROM (SELECT w.seq FROM versions AS w WHERE w.state_pk = v.state_pk AND w.seq < v.seq \
         ORDER BY w.seq DESC LIMIT {LOOKED_BACK}) AS near JOIN origins AS o ON o.seq = near.seq \
         WHERE o.run_id IS NOT NULL ORDER BY near.seq DESC LIMIT 1) \
         FROM versions AS v JOIN states AS s ON s.state_pk = v.state_pk WHERE "
    ));
    for (at, (first, last)) in stretches.iter().enumerate() {
        statement.push(if at == 0 { "(v.seq >= " } else { " OR (v.seq >= " }).push_bind(sql(first.0));
        statement.push(" AND v.seq <= ").push_bind(sql(last.0)).push(")");
    }
    statement.push(" ORDER BY v.seq");
    let overwrote = |row: &_| {
        let (state_type, state_id) = (rows::text(row, 1)?, rows::text(row, 2)?);
        let key = StateKey::new(state_type, state_id)
            .map_err(|error| StoreError::Damaged(format!("a state's name: {error}")))?;
        Ok(Overwrote { seq: Seq(rows::number(row, 0)?), key, run_id: rows::optional_text(row, 3)? })
    };
    connection.all(statement).await?.iter().map(overwrote).collect()
}

/// The condition that a version is one of a history, after `low`, up to `high`. The state's row is looked up first: joined,
/// PostgreSQL would sort the whole history for every page.
fn of_state(statement: &mut Statement, query: &HistoryQuery, low: Seq, high: Seq) {
    statement.push(" WHERE v.state_pk = (SELECT state_pk FROM states WHERE state_type = ");
    statement.push_bind(query.key.state_type.as_str()).push(" AND state_id = ");
    statement.push_bind(query.key.state_id.as_str()).push(") AND v.seq > ").push_bind(sql(low.0));
    statement.push(" AND v.seq <= ").push_bind(sql(high.0));
    let OriginFilter { run_id, correlation_id } = &query.origin;
    for (column, text) in [("run_id", run_id), ("correlation_id", correlation_id)] {
        let Some(text) = text else { continue };
        statement.push(format_args!(" AND v.seq IN (SELECT o.seq FROM origins AS o WHERE o.{column} = "));
        statement.push_bind(text.as_str()).push(")");
    }
}

/// How many versions a history has after `low`, up to `high`, by looking at each.
async fn count_from(
    connection: &mut impl Connection,
    query: &HistoryQuery,
    low: Seq,
    high: Seq,
) -> Result<u64> {
    let mut statement = Statement::new("SELECT count(*) FROM versions AS v");
    of_state(&mut statement, query, low, high);
    let found = connection.first(statement).await?;
    found.map_or(Ok(0), |row| rows::number(&row, 0))
}

/// How many versions a state has after `low`, up to `high`: its version numbers have no gaps, so two look-ups say it.
async fn count(connection: &mut impl Connection, key: &StateKey, low: Seq, high: Seq) -> Result<u64> {
    const SQL: &str = "\
        SELECT coalesce((SELECT version FROM versions AS v WHERE v.state_pk = s.state_pk AND v.seq <= $4 \
                         ORDER BY v.seq DESC LIMIT 1), 0) \
             - coalesce((SELECT version FROM versions AS v WHERE v.state_pk = s.state_pk AND v.seq <= $3 \
                         ORDER BY v.seq DESC LIMIT 1), 0) \
        FROM states AS s WHERE s.state_type = $1 AND s.state_id = $2";
    let statement = Statement::new(SQL).bind_key(key).bind(sql(low.0)).bind(sql(high.0));
    match connection.first(statement).await? {
        Some(row) => Ok(rows::integer(&row, 0)?.try_into().unwrap_or_default()),
        None => Ok(0),
    }
}

/// Rows of a list until `limit` or the bytes of a page, and whether there are more. The statement must select one row
/// more than the limit.
pub(super) async fn summaries(
    connection: &mut impl Connection,
    statement: Statement,
    limit: usize,
    with_data: bool,
) -> Result<(Vec<StateSummary>, bool)> {
    if with_data {
        let (versions, more) = proof::many(connection, statement, limit).await?;
        let row = |version: Version| StateSummary { version: VersionView::of(&version), data: version.data };
        return Ok((versions.into_iter().map(row).collect(), more));
    }
    let read = |row: &_| Ok((StateSummary { version: rows::view(row)?, data: None }, 0));
    connection.page(statement, limit, read).await
}
