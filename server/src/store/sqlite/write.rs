//! The statements of a commit: as few calls as possible, with texts that come again, so that they are prepared once.

use std::collections::{BTreeMap, HashMap};

use sqlx::Arguments as _;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection};
use stateloft_core::api::RestoreRecord;
use stateloft_core::hash::verdict_text;
use stateloft_core::json::Document;
use stateloft_core::model::{Origin, Seq, StateType, Verdict, Version};

use super::failed;
use crate::store::decide::{Decided, SnapshotChange};
use crate::store::known_heads::KnownHeads;
use crate::store::receipt::oldest;
use crate::store::sql::rows::sql;
use crate::store::{Receipt, Result, StoreError};

/// Rows of one call at most.
const ROWS: usize = 64;

/// A new version and the row of its state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) state_pk: i64,
    pub(super) version: &'a Version,
}

/// Writes everything that a group has decided.
pub(super) async fn everything(
    connection: &mut SqliteConnection,
    placed: &[Placed<'_>],
    before: &KnownHeads,
    decided: &Decided,
) -> Result<()> {
    versions(connection, placed, before).await?;
    snapshots(connection, &decided.snapshots).await?;
    restores(connection, &decided.restores).await?;
    receipts(connection, &decided.receipts).await
}

/// Writes versions, rows of states that change, and totals. `before` knows the heads that are replaced.
async fn versions(
    connection: &mut SqliteConnection,
    placed: &[Placed<'_>],
    before: &KnownHeads,
) -> Result<()> {
    let heads: HashMap<i64, Placed<'_>> = placed.iter().map(|place| (place.state_pk, *place)).collect();
    let mut moved: Vec<_> = heads.into_values().collect();
    moved.sort_by_key(|place| place.state_pk);
    let mut script = Script::default();
    let changed: Vec<_> = moved.iter().copied().filter(|place| before.row_changes(place.version)).collect();
    for chunk in changed.chunks(ROWS) {
        script.make_room(chunk.len(), connection).await?;
        script.states(chunk)?;
    }
    for chunk in placed.chunks(ROWS) {
        script.make_room(chunk.len(), connection).await?;
        script.versions(chunk)?;
    }
    let from: Vec<_> =
        placed.iter().filter_map(|p| Some((p.version.seq, p.version.origin.as_deref()?))).collect();
    for chunk in from.chunks(ROWS) {
        script.make_room(chunk.len(), connection).await?;
        script.origins(chunk)?;
    }
    if !changed.is_empty() {
        script.totals(&moved, before)?;
    }
    if script.rows > 0 { script.run(connection).await } else { Ok(()) }
}

const UPSERT_STATES: &str =
    "INSERT INTO states (state_pk, state_type, state_id, listed_seq, deleted, validity, author) VALUES ";
const UPSERT_STATES_END: &str = " ON CONFLICT (state_pk) DO UPDATE SET \
     deleted = excluded.deleted, validity = excluded.validity, author = excluded.author; ";
const INSERT_VERSIONS: &str = "INSERT INTO versions (seq, state_pk, version, operation, content_hash, \
     chain_hash, recorded_at, author, description, batch_id, verdict, change, size, data) VALUES ";

const INSERT_ORIGINS: &str = "INSERT INTO origins (seq, run_id, correlation_id, causation_id) VALUES ";

/// `WHERE true` tells SQLite that `ON` does not belong to a join.
const TOTALS: &str = "\
INSERT INTO totals (state_type, live, deleted, invalid) \
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true \
ON CONFLICT (state_type) DO UPDATE SET live = live + excluded.live, \
deleted = deleted + excluded.deleted, invalid = invalid + excluded.invalid";

/// Several statements that go to the engine in one call.
#[derive(Default)]
struct Script {
    text: String,
    arguments: SqliteArguments,
    rows: usize,
}

impl Script {
    /// Runs what has gathered if so many rows more would be too many for one call.
    async fn make_room(&mut self, rows: usize, connection: &mut SqliteConnection) -> Result<()> {
        if self.rows + rows > 2 * ROWS {
            std::mem::take(self).run(connection).await?;
        }
        self.rows += rows;
        Ok(())
    }

    async fn run(self, connection: &mut SqliteConnection) -> Result<()> {
        run(sqlx::query_with(sqlx::AssertSqlSafe(self.text), self.arguments), connection).await
    }

    fn bind<'q, T>(&mut self, value: T) -> Result<()>
    where
        T: sqlx::Encode<'q, Sqlite> + sqlx::Type<Sqlite>,
    {
        self.arguments.add(value).map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// A statement for so many rows of so many columns.
    fn bulk(&mut self, start: &str, columns: usize, end: &str, rows: usize) {
        self.text.push_str(start);
        for row in 0..rows {
            self.text.push_str(if row == 0 { "(" } else { ", (" });
            for column in 0..columns {
                self.text.push_str(if column == 0 { "?" } else { ", ?" });
            }
            self.text.push(')');
        }
        self.text.push_str(end);
    }

    fn states(&mut self, heads: &[Placed<'_>]) -> Result<()> {
        self.bulk(UPSERT_STATES, 7, UPSERT_STATES_END, heads.len());
        for Placed { state_pk, version } in heads {
            self.bind(*state_pk)?;
            self.bind(version.key.state_type.as_str())?;
            self.bind(version.key.state_id.as_str())?;
            self.bind(sql(version.seq.0))?;
            self.bind(version.is_deleted())?;
            self.bind(match version.verdict {
                Verdict::NotChecked => 0,
                Verdict::Valid => 1,
                Verdict::Invalid { .. } => 2,
            })?;
            self.bind(version.author.clone())?;
        }
        Ok(())
    }

    fn versions(&mut self, placed: &[Placed<'_>]) -> Result<()> {
        self.bulk(INSERT_VERSIONS, 14, "; ", placed.len());
        for Placed { state_pk, version } in placed {
            self.bind(sql(version.seq.0))?;
            self.bind(*state_pk)?;
            self.bind(sql(version.version.0))?;
            self.bind(version.operation.as_str())?;
            self.bind(version.content_hash.as_ref().map(|hash| hash.as_bytes().as_slice()))?;
            self.bind(version.chain_hash.as_bytes().as_slice())?;
            self.bind(version.recorded_at.micros())?;
            self.bind(version.author.clone())?;
            self.bind(version.description.clone())?;
            self.bind(version.batch_id.clone())?;
            self.bind(verdict_text(&version.verdict))?;
            self.bind(json(&version.change)?)?;
            self.bind(sql(version.size() as u64))?;
            self.bind(version.data.as_ref().map(Document::text))?;
        }
        Ok(())
    }

    fn origins(&mut self, origins: &[(Seq, &Origin)]) -> Result<()> {
        self.bulk(INSERT_ORIGINS, 4, "; ", origins.len());
        for (seq, origin) in origins {
            self.bind(sql(seq.0))?;
            for text in origin.texts() {
                self.bind(text.map(str::to_owned))?;
            }
        }
        Ok(())
    }

    fn totals(&mut self, moved: &[Placed<'_>], before: &KnownHeads) -> Result<()> {
        self.text.push_str(TOTALS);
        self.bind(totals_json(moved, before)?)
    }
}

/// Does the upkeep of the versions behind one seq and up to another.
pub(super) async fn keep_up(connection: &mut SqliteConnection, from: Seq, until: Seq) -> Result<()> {
    const NOTE: &str = "\
        UPDATE meta SET seq = v.seq, chain_hash = v.chain_hash, recorded_at = v.recorded_at \
        FROM versions AS v WHERE meta.id = 1 AND meta.seq = $1 AND v.seq = $2";
    const COUNT: &str = "\
        INSERT INTO activity (minute, state_type, author, versions, last_seq, last_at) \
        SELECT v.recorded_at / 60000000, s.state_type, \
            CASE WHEN v.author IS NULL THEN '' ELSE '=' || v.author END, \
            count(*), max(v.seq), max(v.recorded_at) \
        FROM versions AS v JOIN states AS s ON s.state_pk = v.state_pk \
        WHERE v.seq > $1 AND v.seq <= $2 GROUP BY 1, 2, 3 \
        ON CONFLICT (minute, state_type, author) DO UPDATE SET versions = versions + excluded.versions, \
            last_seq = excluded.last_seq, last_at = excluded.last_at";
    const LIST: &str = "\
        UPDATE states SET listed_seq = last.seq FROM ( \
            SELECT DISTINCT v.state_pk, \
                (SELECT max(w.seq) FROM versions AS w WHERE w.state_pk = v.state_pk) AS seq \
            FROM versions AS v WHERE v.seq > $1 AND v.seq <= $2 \
        ) AS last \
        WHERE states.state_pk = last.state_pk AND states.listed_seq <> last.seq AND last.seq <= $2";
    let (from, until) = (sql(from.0), sql(until.0));
    let noted = sqlx::query(NOTE).bind(from).bind(until).execute(&mut *connection).await.map_err(failed)?;
    if noted.rows_affected() == 0 {
        // The version is missing: the log is damaged, and what cannot be counted is not.
        return Ok(());
    }
    run(sqlx::query(COUNT).bind(from).bind(until), connection).await?;
    run(sqlx::query(LIST).bind(from).bind(until), connection).await
}

/// By how much each type's totals change: `[["position",1,0,0],...]`.
fn totals_json(moved: &[Placed<'_>], before: &KnownHeads) -> Result<String> {
    let mut deltas: BTreeMap<&StateType, [i64; 3]> = BTreeMap::new();
    let delta = |head: &Version, by: i64| match (head.is_deleted(), head.verdict.is_invalid()) {
        (true, _) => [0, by, 0],
        (false, true) => [by, 0, by],
        (false, false) => [by, 0, 0],
    };
    for Placed { version, .. } in moved {
        let sums = deltas.entry(&version.key.state_type).or_default();
        let old = before.get(&version.key).map_or([0; 3], |head| delta(&head.version, -1));
        let new = delta(version, 1);
        sums.iter_mut().zip(old.into_iter().zip(new)).for_each(|(sum, (old, new))| *sum += old + new);
    }
    deltas.retain(|_, delta| *delta != [0; 3]);
    let rows: Vec<_> = deltas.iter().map(|(name, [a, b, c])| (name.as_str(), a, b, c)).collect();
    json(&rows)
}

fn json<T: serde::Serialize>(rows: &T) -> Result<String> {
    serde_json::to_string(rows).map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Writes changes to the list of snapshots.
async fn snapshots(connection: &mut SqliteConnection, changes: &[SnapshotChange]) -> Result<()> {
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
async fn restores(connection: &mut SqliteConnection, records: &[RestoreRecord]) -> Result<()> {
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

/// Writes receipts, and drops those that do not count any more.
async fn receipts(connection: &mut SqliteConnection, receipts: &[Receipt]) -> Result<()> {
    let Some(last) = receipts.last() else { return Ok(()) };
    let old = sqlx::query("DELETE FROM receipts WHERE at <= $1").bind(oldest(last.at).micros());
    run(old, connection).await?;
    for receipt in receipts {
        let statement = sqlx::query(
            "INSERT INTO receipts (key, at, receipt) VALUES ($1, $2, $3) \
             ON CONFLICT (key) DO UPDATE SET at = excluded.at, receipt = excluded.receipt",
        )
        .bind(receipt.key.key.to_string())
        .bind(receipt.at.micros())
        .bind(json(receipt)?);
        run(statement, connection).await?;
    }
    Ok(())
}

async fn run(statement: Query<'_, Sqlite, SqliteArguments>, connection: &mut SqliteConnection) -> Result<()> {
    statement.execute(connection).await.map(|_| ()).map_err(failed)
}
