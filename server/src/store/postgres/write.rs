//! The statement of a commit: everything of a group in one call, written only if the end of the log is where it was
//! when the group was decided.

use std::collections::{BTreeMap, HashMap};

use sqlx::postgres::{PgConnection, Postgres};
use sqlx::query::Query;
use statehouse_core::api::RestoreRecord;
use statehouse_core::hash::verdict_text;
use statehouse_core::json::Document;
use statehouse_core::model::{Seq, StateType, Verdict, Version};

use super::counter::Counter;
use crate::store::decide::SnapshotChange;
use crate::store::known_heads::KnownHeads;
use crate::store::sql::rows::sql;

const MINUTE: i64 = 60_000_000;

/// Versions, activity and the counter, and whatever else is given. Whoever else writes waits at the first line; if the
/// counter has moved meanwhile, that line finds no row, and nothing is written. Answers how many rows it found.
///
/// Every part sees the tables as they were before the statement; the order of the parts does not matter to them.
///
/// Arrays are unnested in the list of columns, where rows are made one by one; as a table they would all be copied first.
macro_rules! commit {
    ($more:literal) => {
        concat!(
            "WITH moved AS ( \
              UPDATE meta SET seq = $3, chain_hash = $4, recorded_at = $5, last_state = $6 \
              WHERE id = 1 AND seq = $1 AND chain_hash = $2 RETURNING id), \
            log AS ( \
              INSERT INTO versions (seq, state_pk, version, operation, content_hash, chain_hash, recorded_at, author, \
                description, batch_id, verdict, change, size, data) \
              SELECT unnest($7::bigint[]), unnest($8::bigint[]), unnest($9::bigint[]), unnest($10::text[]), \
                unnest($11::bytea[]), unnest($12::bytea[]), unnest($13::bigint[]), unnest($14::text[]), \
                unnest($15::text[]), unnest($16::text[]), unnest($17::text[]), unnest($18::text[]), \
                unnest($19::bigint[]), unnest($20::text[]) \
              WHERE EXISTS (SELECT FROM moved)), \
            minutes AS ( \
              INSERT INTO activity AS a (minute, state_type, author, versions, last_seq, last_at) \
              SELECT unnest($21::bigint[]), unnest($22::text[]), unnest($23::text[]), unnest($24::bigint[]), \
                unnest($25::bigint[]), unnest($26::bigint[]) \
              WHERE EXISTS (SELECT FROM moved) \
              ON CONFLICT (minute, state_type, author) DO UPDATE SET versions = a.versions + excluded.versions, \
                last_seq = excluded.last_seq, last_at = excluded.last_at)",
            $more,
            " SELECT count(*) FROM moved"
        )
    };
}

/// Where only data changes.
const COMMIT: &str = commit!("");
/// Where rows of states change, too, and what they add up to.
const COMMIT_WITH_STATES: &str = commit!(
    ", rows AS ( \
      INSERT INTO states (state_pk, state_type, state_id, listed_seq, deleted, validity, author) \
      SELECT unnest($27::bigint[]), unnest($28::text[]), unnest($29::text[]), unnest($30::bigint[]), \
        unnest($31::boolean[]), unnest($32::smallint[]), unnest($33::text[]) \
      WHERE EXISTS (SELECT FROM moved) \
      ON CONFLICT (state_pk) DO UPDATE SET deleted = excluded.deleted, validity = excluded.validity, \
        author = excluded.author), \
    sums AS ( \
      INSERT INTO totals AS t (state_type, live, deleted, invalid) \
      SELECT unnest($34::text[]), unnest($35::bigint[]), unnest($36::bigint[]), unnest($37::bigint[]) \
      WHERE EXISTS (SELECT FROM moved) \
      ON CONFLICT (state_type) DO UPDATE SET live = t.live + excluded.live, \
        deleted = t.deleted + excluded.deleted, invalid = t.invalid + excluded.invalid)"
);

/// A new version and the row of its state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) state_pk: i64,
    pub(super) version: &'a Version,
}

/// Writes versions and moves the counter from `before` to `after`. `known` holds the heads that are replaced. False if
/// the counter was not at `before`: then nothing was written.
pub(super) async fn versions(
    connection: &mut PgConnection,
    placed: &[Placed<'_>],
    known: &KnownHeads,
    before: &Counter,
    after: &Counter,
) -> sqlx::Result<bool> {
    let heads: BTreeMap<i64, &Version> = placed.iter().map(|place| (place.state_pk, place.version)).collect();
    let totals = totals(heads.values().copied(), known);
    let rows: Vec<_> = heads.into_iter().filter(|(_, version)| known.row_changes(version)).collect();
    let minutes = minutes(placed);
    let mut statement =
        sqlx::query_scalar::<_, i64>(if rows.is_empty() { COMMIT } else { COMMIT_WITH_STATES })
            .bind(sql(before.tip.seq.0))
            .bind(before.tip.chain_hash.as_bytes().as_slice())
            .bind(sql(after.tip.seq.0))
            .bind(after.tip.chain_hash.as_bytes().as_slice())
            .bind(after.tip.recorded_at.micros())
            .bind(after.last_state)
            .bind(list(placed, |p| sql(p.version.seq.0)))
            .bind(list(placed, |p| p.state_pk))
            .bind(list(placed, |p| sql(p.version.version.0)))
            .bind(list(placed, |p| p.version.operation.as_str()))
            .bind(list(placed, |p| p.version.content_hash.as_ref().map(|hash| hash.as_bytes().as_slice())))
            .bind(list(placed, |p| p.version.chain_hash.as_bytes().as_slice()))
            .bind(list(placed, |p| p.version.recorded_at.micros()))
            .bind(list(placed, |p| p.version.author.as_deref()))
            .bind(list(placed, |p| p.version.description.as_deref()))
            .bind(list(placed, |p| p.version.batch_id.as_deref()))
            .bind(list(placed, |p| verdict_text(&p.version.verdict)))
            .bind(placed.iter().map(|p| json(&p.version.change)).collect::<sqlx::Result<Vec<_>>>()?)
            .bind(list(placed, |p| sql(p.version.size() as u64)))
            .bind(list(placed, |p| p.version.data.as_ref().map(Document::text)))
            .bind(list(&minutes, |((minute, _, _), _)| *minute))
            .bind(list(&minutes, |((_, state_type, _), _)| *state_type))
            .bind(list(&minutes, |((_, _, author), _)| author.as_str()))
            .bind(list(&minutes, |(_, slot)| slot.versions))
            .bind(list(&minutes, |(_, slot)| slot.last_seq))
            .bind(list(&minutes, |(_, slot)| slot.last_at));
    if !rows.is_empty() {
        statement = statement
            .bind(list(&rows, |(state_pk, _)| *state_pk))
            .bind(list(&rows, |(_, v)| v.key.state_type.as_str()))
            .bind(list(&rows, |(_, v)| v.key.state_id.as_str()))
            .bind(list(&rows, |(_, v)| sql(v.seq.0)))
            .bind(list(&rows, |(_, v)| v.is_deleted()))
            .bind(list(&rows, |(_, v)| validity(&v.verdict)))
            .bind(list(&rows, |(_, v)| v.author.as_deref()))
            .bind(list(&totals, |(state_type, _)| state_type.as_str()))
            .bind(list(&totals, |(_, sums)| sums[0]))
            .bind(list(&totals, |(_, sums)| sums[1]))
            .bind(list(&totals, |(_, sums)| sums[2]));
    }
    let found = statement.fetch_one(connection).await?;
    Ok(found == 1)
}

fn list<I: IntoIterator, T>(rows: I, column: impl FnMut(I::Item) -> T) -> Vec<T> {
    rows.into_iter().map(column).collect()
}

fn validity(verdict: &Verdict) -> i16 {
    match verdict {
        Verdict::NotChecked => 0,
        Verdict::Valid => 1,
        Verdict::Invalid { .. } => 2,
    }
}

/// By how much each type's totals change.
fn totals<'v>(
    moved: impl Iterator<Item = &'v Version>,
    known: &KnownHeads,
) -> BTreeMap<&'v StateType, [i64; 3]> {
    let mut deltas: BTreeMap<&StateType, [i64; 3]> = BTreeMap::new();
    let delta = |head: &Version, by: i64| match (head.is_deleted(), head.verdict.is_invalid()) {
        (true, _) => [0, by, 0],
        (false, true) => [by, 0, by],
        (false, false) => [by, 0, 0],
    };
    for version in moved {
        let sums = deltas.entry(&version.key.state_type).or_default();
        let old = known.get(&version.key).map_or([0; 3], |head| delta(&head.version, -1));
        let new = delta(version, 1);
        sums.iter_mut().zip(old.into_iter().zip(new)).for_each(|(sum, (old, new))| *sum += old + new);
    }
    deltas.retain(|_, delta| *delta != [0; 3]);
    deltas
}

#[derive(Default)]
struct Slot {
    versions: i64,
    last_seq: i64,
    last_at: i64,
}

/// Versions by minute, type and author.
fn minutes<'v>(placed: &[Placed<'v>]) -> HashMap<(i64, &'v str, String), Slot> {
    let mut slots: HashMap<(i64, &str, String), Slot> = HashMap::new();
    for Placed { version, .. } in placed {
        let minute = version.recorded_at.micros().div_euclid(MINUTE);
        let author = version.author.as_deref().map(|author| format!("={author}")).unwrap_or_default();
        let slot = slots.entry((minute, version.key.state_type.as_str(), author)).or_default();
        *slot = Slot {
            versions: slot.versions + 1,
            last_seq: sql(version.seq.0),
            last_at: version.recorded_at.micros(),
        };
    }
    slots
}

fn json<T: serde::Serialize>(value: &T) -> sqlx::Result<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// Up to where the lists by change are up to date.
pub(super) async fn listed(connection: &mut PgConnection) -> sqlx::Result<Seq> {
    let listed: i64 =
        sqlx::query_scalar("SELECT listed FROM meta WHERE id = 1").fetch_one(connection).await?;
    Ok(Seq(listed.unsigned_abs()))
}

/// Puts the states whose last versions are behind one seq and up to another where they belong in the lists by change,
/// unless another server was faster. A state that another server moves meanwhile may end up at an earlier version: it is
/// then among those that moved later, and its place does not matter yet.
pub(super) async fn list_states(connection: &mut PgConnection, from: Seq, until: Seq) -> sqlx::Result<()> {
    // An array, so that the states are looked up by key, however large PostgreSQL thinks the part of the log is.
    const LIST: &str = "\
        WITH moved AS (UPDATE meta SET listed = $2 WHERE id = 1 AND listed = $1 RETURNING id) \
        UPDATE states SET listed_seq = last.seq FROM ( \
            SELECT s.state_pk, (SELECT max(v.seq) FROM versions AS v WHERE v.state_pk = s.state_pk) AS seq \
            FROM states AS s \
            WHERE s.state_pk = ANY (ARRAY(SELECT state_pk FROM versions WHERE seq > $1 AND seq <= $2)) OFFSET 0 \
        ) AS last \
        WHERE states.state_pk = last.state_pk AND states.listed_seq <> last.seq AND last.seq <= $2 \
        AND EXISTS (SELECT FROM moved)";
    run(sqlx::query(LIST).bind(sql(from.0)).bind(sql(until.0)), connection).await
}

/// Writes changes to the list of snapshots. The caller holds the counter's lock.
pub(super) async fn snapshots(connection: &mut PgConnection, changes: &[SnapshotChange]) -> sqlx::Result<()> {
    for change in changes {
        let statement = match change {
            SnapshotChange::Made(snapshot) => sqlx::query(
                "INSERT INTO snapshots (number, id, seq, description, author, created_at, kind) \
                 VALUES ((SELECT last_snapshot FROM meta WHERE id = 1), $1, $2, $3, $4, $5, $6)",
            )
            .bind(snapshot.id.as_str().to_owned())
            .bind(sql(snapshot.seq.0))
            .bind(snapshot.description.as_deref().map(str::to_owned))
            .bind(snapshot.author.as_deref().map(str::to_owned))
            .bind(snapshot.created_at.micros())
            .bind(snapshot.kind.as_str()),
            SnapshotChange::Forgotten(id) => {
                sqlx::query("DELETE FROM snapshots WHERE id = $1").bind(id.as_str().to_owned())
            }
        };
        if matches!(change, SnapshotChange::Made(_)) {
            let next = "UPDATE meta SET last_snapshot = last_snapshot + 1 WHERE id = 1";
            run(sqlx::query(next), connection).await?;
        }
        run(statement, connection).await?;
    }
    Ok(())
}

/// Writes records of restores.
pub(super) async fn restores(connection: &mut PgConnection, records: &[RestoreRecord]) -> sqlx::Result<()> {
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

async fn run(
    statement: Query<'_, Postgres, sqlx::postgres::PgArguments>,
    connection: &mut PgConnection,
) -> sqlx::Result<()> {
    statement.execute(connection).await.map(|_| ())
}
