//! The statements of a commit. One text for any number of rows up to [`ROWS`], so that prepared statements are reused.

use std::collections::{BTreeMap, HashMap};

use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection};
use statehouse_core::api::RestoreRecord;
use statehouse_core::hash::verdict_text;
use statehouse_core::model::{StateKey, StateType, Verdict, Version};

use super::failed;
use super::rows::sql;
use crate::store::decide::SnapshotChange;
use crate::store::{Result, StoreError};

/// Rows of one statement at most.
const ROWS: usize = 64;
const MINUTE: i64 = 60_000_000;

/// What lists and totals know of a state before the commit.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeadBefore {
    state_pk: i64,
    live: bool,
    invalid: bool,
}

impl HeadBefore {
    pub(super) fn of(state_pk: i64, head: &Version) -> Self {
        Self { state_pk, live: !head.is_deleted(), invalid: head.verdict.is_invalid() }
    }
}

type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Writes versions, moves heads, totals, activity and the tip. Returns the last row id given to a state.
pub(super) async fn versions(
    connection: &mut SqliteConnection,
    versions: &[Version],
    before: &HashMap<StateKey, HeadBefore>,
    mut last_state: i64,
) -> Result<i64> {
    let Some(last) = versions.last() else { return Ok(last_state) };
    let mut heads: HashMap<&StateKey, (i64, &Version)> = HashMap::with_capacity(versions.len());
    let mut places = Vec::with_capacity(versions.len());
    for version in versions {
        let known = heads.get(&version.key).map(|(state_pk, _)| *state_pk);
        let known = known.or_else(|| before.get(&version.key).map(|head| head.state_pk));
        let state_pk = known.unwrap_or_else(|| {
            last_state += 1;
            last_state
        });
        heads.insert(&version.key, (state_pk, version));
        places.push((state_pk, version));
    }
    let mut moved: Vec<_> = heads.values().copied().collect();
    moved.sort_by_key(|(state_pk, _)| *state_pk);
    for chunk in moved.chunks(ROWS) {
        let statement = bulk(UPSERT_STATES, 7, UPSERT_STATES_END, chunk.len());
        run(chunk.iter().fold(sqlx::query(statement), bind_state), connection).await?;
    }
    for chunk in places.chunks(ROWS) {
        let statement = bulk(INSERT_VERSIONS, 14, "", chunk.len());
        run(chunk.iter().fold(sqlx::query(statement), bind_version), connection).await?;
    }
    let totals = totals_json(&moved, before)?;
    let counters = sqlx::query(COUNTERS)
        .bind(totals)
        .bind(activity_json(versions)?)
        .bind(sql(last.seq.0))
        .bind(last.chain_hash.as_bytes().as_slice())
        .bind(last.recorded_at.micros());
    run(counters, connection).await?;
    Ok(last_state)
}

const UPSERT_STATES: &str =
    "INSERT INTO states (state_pk, state_type, state_id, head_seq, deleted, validity, author) VALUES ";
const UPSERT_STATES_END: &str = " ON CONFLICT (state_pk) DO UPDATE SET head_seq = excluded.head_seq, \
     deleted = excluded.deleted, validity = excluded.validity, author = excluded.author";
const INSERT_VERSIONS: &str = "INSERT INTO versions (seq, state_pk, version, operation, content_hash, \
     chain_hash, recorded_at, author, description, batch_id, verdict, change, size, data) VALUES ";

/// Totals by type, activity by minute, and the tip: three statements in one call. The `WHERE true` tells SQLite that
/// `ON` does not belong to a join.
const COUNTERS: &str = "\
INSERT INTO totals (state_type, live, deleted, invalid) \
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($1) WHERE true \
ON CONFLICT (state_type) DO UPDATE SET live = live + excluded.live, \
deleted = deleted + excluded.deleted, invalid = invalid + excluded.invalid; \
INSERT INTO activity (minute, state_type, author, versions, last_seq, last_at) \
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each($2) WHERE true \
ON CONFLICT (minute, state_type, author) DO UPDATE SET versions = versions + excluded.versions, \
last_seq = excluded.last_seq, last_at = excluded.last_at; \
UPDATE meta SET seq = $3, chain_hash = $4, recorded_at = $5 WHERE id = 1";

/// A statement for `rows` rows of `columns` columns each.
fn bulk(start: &str, columns: usize, end: &str, rows: usize) -> sqlx::AssertSqlSafe<String> {
    let row = format!("({}?)", "?, ".repeat(columns - 1));
    let mut text = String::with_capacity(start.len() + end.len() + rows * (row.len() + 2));
    text.push_str(start);
    for index in 0..rows {
        text.push_str(if index == 0 { "" } else { ", " });
        text.push_str(&row);
    }
    text.push_str(end);
    sqlx::AssertSqlSafe(text)
}

fn bind_state<'q>(statement: Statement<'q>, (state_pk, head): &(i64, &Version)) -> Statement<'q> {
    let validity = match head.verdict {
        Verdict::NotChecked => 0,
        Verdict::Valid => 1,
        Verdict::Invalid { .. } => 2,
    };
    statement
        .bind(*state_pk)
        .bind(head.key.state_type.as_str().to_owned())
        .bind(head.key.state_id.as_str().to_owned())
        .bind(sql(head.seq.0))
        .bind(head.is_deleted())
        .bind(validity)
        .bind(head.author.clone())
}

fn bind_version<'q>(statement: Statement<'q>, (state_pk, version): &(i64, &Version)) -> Statement<'q> {
    // A summary is made of numbers and texts: writing it cannot fail.
    let change = serde_json::to_string(&version.change).unwrap_or_default();
    statement
        .bind(sql(version.seq.0))
        .bind(*state_pk)
        .bind(sql(version.version.0))
        .bind(version.operation.as_str())
        .bind(version.content_hash.as_ref().map(|hash| hash.as_bytes().to_vec()))
        .bind(version.chain_hash.as_bytes().to_vec())
        .bind(version.recorded_at.micros())
        .bind(version.author.clone())
        .bind(version.description.clone())
        .bind(version.batch_id.clone())
        .bind(verdict_text(&version.verdict))
        .bind(change)
        .bind(sql(version.size() as u64))
        .bind(version.data.as_ref().map(|data| data.text().to_owned()))
}

/// By how much each type's totals change: `[["position",1,0,0],...]`.
fn totals_json(moved: &[(i64, &Version)], before: &HashMap<StateKey, HeadBefore>) -> Result<String> {
    let mut deltas: BTreeMap<&StateType, [i64; 3]> = BTreeMap::new();
    let mut add = |state_type, live: bool, invalid: bool, by: i64| {
        let [sum_live, sum_deleted, sum_invalid] = deltas.entry(state_type).or_default();
        *(if live { sum_live } else { sum_deleted }) += by;
        *sum_invalid += if live && invalid { by } else { 0 };
    };
    for (_, head) in moved {
        let state_type = &head.key.state_type;
        if let Some(old) = before.get(&head.key) {
            add(state_type, old.live, old.invalid, -1);
        }
        add(state_type, !head.is_deleted(), head.verdict.is_invalid(), 1);
    }
    deltas.retain(|_, delta| *delta != [0; 3]);
    let rows: Vec<_> = deltas.iter().map(|(name, [a, b, c])| (name.as_str(), a, b, c)).collect();
    json(&rows)
}

/// Versions by minute, type and author.
fn activity_json(versions: &[Version]) -> Result<String> {
    let mut slots: BTreeMap<(i64, &str, String), (u64, u64, i64)> = BTreeMap::new();
    for version in versions {
        let minute = version.recorded_at.micros().div_euclid(MINUTE);
        let author = version.author.as_deref().map(|author| format!("={author}")).unwrap_or_default();
        let slot = slots.entry((minute, version.key.state_type.as_str(), author)).or_default();
        *slot = (slot.0 + 1, version.seq.0, version.recorded_at.micros());
    }
    let rows: Vec<_> = slots.iter().map(|((a, b, c), (d, e, f))| (a, b, c, d, e, f)).collect();
    json(&rows)
}

fn json<T: serde::Serialize>(rows: &T) -> Result<String> {
    serde_json::to_string(rows).map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Writes changes to the list of snapshots.
pub(super) async fn snapshots(connection: &mut SqliteConnection, changes: &[SnapshotChange]) -> Result<()> {
    for change in changes {
        let statement = match change {
            SnapshotChange::Made(snapshot) => sqlx::query(
                "INSERT INTO snapshots (id, seq, description, author, created_at, kind) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(snapshot.id.as_str().to_owned())
            .bind(sql(snapshot.seq.0))
            .bind(snapshot.description.clone())
            .bind(snapshot.author.clone())
            .bind(snapshot.created_at.micros())
            .bind(snapshot.kind.as_str()),
            SnapshotChange::Forgotten(id) => {
                sqlx::query("DELETE FROM snapshots WHERE id = $1").bind(id.as_str().to_owned())
            }
        };
        run(statement, connection).await?;
    }
    Ok(())
}

/// Writes records of restores.
pub(super) async fn restores(connection: &mut SqliteConnection, records: &[RestoreRecord]) -> Result<()> {
    for record in records {
        let statement = sqlx::query(
            "INSERT INTO restores (last_seq, restore_id, first_seq, record) VALUES ($1, $2, $3, $4)",
        )
        .bind(sql(record.last_seq.0))
        .bind(record.restore_id.clone())
        .bind(sql(record.first_seq.0))
        .bind(json(record)?);
        run(statement, connection).await?;
    }
    Ok(())
}

async fn run(statement: Statement<'_>, connection: &mut SqliteConnection) -> Result<()> {
    statement.execute(connection).await.map(|_| ()).map_err(failed)
}
