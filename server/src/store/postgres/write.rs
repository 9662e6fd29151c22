//! The statement of a commit: everything of a group in one call, written only if the log ends where it did when the group
//! was decided.

use std::collections::BTreeMap;

use sqlx::postgres::{PgArguments, PgConnection, Postgres};
use sqlx::query::Query;
use stateloft_core::api::RestoreRecord;
use stateloft_core::hash::verdict_text;
use stateloft_core::json::Document;
use stateloft_core::model::{Origin, Seq, StateType, Verdict, Version};

use super::counter::turn;
use crate::store::Receipt;
use crate::store::decide::SnapshotChange;
use crate::store::known_heads::KnownHeads;
use crate::store::receipt::oldest;
use crate::store::sql::rows::sql;

macro_rules! insert_versions {
    () => {
        "INSERT INTO versions (seq, state_pk, version, operation, content_hash, chain_hash, recorded_at, author, \
          description, batch_id, verdict, change, size, data)"
    };
}

/// Rows from arrays. They are unnested in the list of columns, where rows are made one by one; as a table they would all
/// be copied first.
macro_rules! rows {
    () => {
        " SELECT unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::bigint[]), unnest($5::text[]), \
          unnest($6::bytea[]), unnest($7::bytea[]), unnest($8::bigint[]), unnest($9::text[]), unnest($10::text[]), \
          unnest($11::text[]), unnest($12::text[]), unnest($13::text[]), unnest($14::bigint[]), unnest($15::text[])"
    };
}

/// Nobody has written since. This is of the moment when the statement began; should somebody write after it, the key of
/// the log refuses the second version of the same seq, and with it everything else here. Asked for in order, so that the
/// key is used whatever PostgreSQL thinks of the table when it plans this.
macro_rules! nobody_else {
    () => {
        "coalesce((SELECT seq FROM versions ORDER BY seq DESC LIMIT 1), 0) <= $1"
    };
}

macro_rules! if_it_is_our_turn {
    () => {
        concat!(" WHERE ", nobody_else!(), " AND ", turn!(), " IS NOT NULL")
    };
}

/// A version alone, where only data changes: most saves of a server with little to do, and the cheapest for it.
const COMMIT_ONE: &str = concat!(
    insert_versions!(),
    " SELECT $2::bigint, $3::bigint, $4::bigint, $5::text, $6::bytea, $7::bytea, $8::bigint, $9::text, $10::text, \
      $11::text, $12::text, $13::text, $14::bigint, $15::text",
    if_it_is_our_turn!()
);
/// Several, where only data changes.
const COMMIT: &str = concat!(insert_versions!(), rows!(), if_it_is_our_turn!());

/// Where versions come from, as one part of a statement.
macro_rules! insert_origins {
    ($seqs:literal, $runs:literal, $correlations:literal, $causes:literal) => {
        concat!(
            "origins AS (INSERT INTO origins (seq, run_id, correlation_id, causation_id) SELECT unnest(",
            $seqs,
            "::bigint[]), unnest(",
            $runs,
            "::text[]), unnest(",
            $correlations,
            "::text[]), unnest(",
            $causes,
            "::text[]) WHERE ",
            nobody_else!(),
            ") "
        )
    };
}

/// As [`COMMIT`], of versions some of which say where they come from.
const COMMIT_WITH_ORIGINS: &str = concat!(
    "WITH ",
    insert_origins!("$16", "$17", "$18", "$19"),
    insert_versions!(),
    rows!(),
    if_it_is_our_turn!()
);
/// Where rows of states change, too, and what they add up to. Every part sees the tables as they were before the
/// statement; the order of the parts does not matter to them.
macro_rules! rows_of_states {
    () => {
        concat!(
            "WITH rows AS ( \
      INSERT INTO states (state_pk, state_type, state_id, listed_seq, deleted, validity, author) \
      SELECT unnest($16::bigint[]), unnest($17::text[]), unnest($18::text[]), unnest($19::bigint[]), \
        unnest($20::boolean[]), unnest($21::smallint[]), unnest($22::text[]) \
      WHERE ",
            nobody_else!(),
            " ON CONFLICT (state_pk) DO UPDATE SET deleted = excluded.deleted, validity = excluded.validity, \
        author = excluded.author), \
    sums AS ( \
      INSERT INTO totals AS t (state_type, live, deleted, invalid) \
      SELECT unnest($23::text[]), unnest($24::bigint[]), unnest($25::bigint[]), unnest($26::bigint[]) \
      WHERE ",
            nobody_else!(),
            " ON CONFLICT (state_type) DO UPDATE SET live = t.live + excluded.live, \
        deleted = t.deleted + excluded.deleted, invalid = t.invalid + excluded.invalid) "
        )
    };
}

const COMMIT_WITH_STATES: &str =
    concat!(rows_of_states!(), insert_versions!(), rows!(), if_it_is_our_turn!());
/// As [`COMMIT_WITH_STATES`], of versions some of which say where they come from.
const COMMIT_WITH_STATES_AND_ORIGINS: &str = concat!(
    rows_of_states!(),
    ", ",
    insert_origins!("$27", "$28", "$29", "$30"),
    insert_versions!(),
    rows!(),
    if_it_is_our_turn!()
);

/// A new version and the row of its state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) state_pk: i64,
    pub(super) version: &'a Version,
}

/// Writes versions behind the seq `before`. `known` holds the heads that are replaced. False if the log did not end there:
/// then nothing was written.
pub(super) async fn versions(
    connection: &mut PgConnection,
    placed: &[Placed<'_>],
    known: &KnownHeads,
    before: Seq,
) -> sqlx::Result<bool> {
    let heads: BTreeMap<i64, &Version> = placed.iter().map(|place| (place.state_pk, place.version)).collect();
    let changed = |version: &Version| known.row_changes(version);
    let origins: Vec<_> =
        placed.iter().filter_map(|p| Some((p.version.seq, p.version.origin.as_deref()?))).collect();
    let statement = match placed {
        _ if heads.values().any(|version| changed(version)) => {
            let totals = totals(heads.values().copied(), known);
            let rows: Vec<_> = heads.into_iter().filter(|(_, version)| changed(version)).collect();
            let text = if origins.is_empty() { COMMIT_WITH_STATES } else { COMMIT_WITH_STATES_AND_ORIGINS };
            bind_origins(bind_states(bind_many(text, placed, before)?, &rows, &totals), &origins)
        }
        _ if !origins.is_empty() => bind_origins(bind_many(COMMIT_WITH_ORIGINS, placed, before)?, &origins),
        [place] => bind_one(place, before)?,
        _ => bind_many(COMMIT, placed, before)?,
    };
    let written = statement.execute(connection).await?.rows_affected();
    Ok(written == placed.len() as u64)
}

type Statement<'q> = Query<'q, Postgres, PgArguments>;

fn bind_one<'q>(Placed { state_pk, version }: &'q Placed<'_>, before: Seq) -> sqlx::Result<Statement<'q>> {
    Ok(sqlx::query(COMMIT_ONE)
        .bind(sql(before.0))
        .bind(sql(version.seq.0))
        .bind(state_pk)
        .bind(sql(version.version.0))
        .bind(version.operation.as_str())
        .bind(version.content_hash.as_ref().map(|hash| hash.as_bytes().as_slice()))
        .bind(version.chain_hash.as_bytes().as_slice())
        .bind(version.recorded_at.micros())
        .bind(version.author.as_deref())
        .bind(version.description.as_deref())
        .bind(version.batch_id.as_deref())
        .bind(verdict_text(&version.verdict))
        .bind(json(&version.change)?)
        .bind(sql(version.size() as u64))
        .bind(version.data.as_ref().map(Document::text)))
}

fn bind_many<'q>(text: &'static str, placed: &'q [Placed<'_>], before: Seq) -> sqlx::Result<Statement<'q>> {
    Ok(sqlx::query(text)
        .bind(sql(before.0))
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
        .bind(list(placed, |p| p.version.data.as_ref().map(Document::text))))
}

fn bind_states<'q>(
    statement: Statement<'q>,
    rows: &[(i64, &'q Version)],
    totals: &BTreeMap<&'q StateType, [i64; 3]>,
) -> Statement<'q> {
    statement
        .bind(list(rows, |(state_pk, _)| *state_pk))
        .bind(list(rows, |(_, v)| v.key.state_type.as_str()))
        .bind(list(rows, |(_, v)| v.key.state_id.as_str()))
        .bind(list(rows, |(_, v)| sql(v.seq.0)))
        .bind(list(rows, |(_, v)| v.is_deleted()))
        .bind(list(rows, |(_, v)| validity(&v.verdict)))
        .bind(list(rows, |(_, v)| v.author.as_deref()))
        .bind(list(totals, |(state_type, _)| state_type.as_str()))
        .bind(list(totals, |(_, sums)| sums[0]))
        .bind(list(totals, |(_, sums)| sums[1]))
        .bind(list(totals, |(_, sums)| sums[2]))
}

/// Nothing where the statement has no such part.
fn bind_origins<'q>(statement: Statement<'q>, origins: &[(Seq, &'q Origin)]) -> Statement<'q> {
    if origins.is_empty() {
        return statement;
    }
    statement
        .bind(list(origins, |(seq, _)| sql(seq.0)))
        .bind(list(origins, |(_, origin)| origin.run_id.as_deref()))
        .bind(list(origins, |(_, origin)| origin.correlation_id.as_deref()))
        .bind(list(origins, |(_, origin)| origin.causation_id.as_deref()))
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

fn json<T: serde::Serialize>(value: &T) -> sqlx::Result<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// How far the upkeep is.
pub(super) async fn kept_up(connection: &mut PgConnection) -> sqlx::Result<Seq> {
    let done: i64 = sqlx::query_scalar("SELECT seq FROM meta WHERE id = 1").fetch_one(connection).await?;
    Ok(Seq(done.unsigned_abs()))
}

/// Does the upkeep of the versions behind one seq and up to another, unless another server was faster. A state that moves
/// meanwhile may end up at an earlier version: it is then among those that moved later, and its place does not matter yet.
pub(super) async fn keep_up(connection: &mut PgConnection, from: Seq, until: Seq) -> sqlx::Result<()> {
    // An array, so that the states are looked up by key, however large PostgreSQL thinks the part of the log is.
    const KEEP_UP: &str = "\
        WITH noted AS ( \
            UPDATE meta SET seq = v.seq, chain_hash = v.chain_hash, recorded_at = v.recorded_at FROM versions AS v \
            WHERE meta.id = 1 AND meta.seq = $1 AND v.seq = $2 RETURNING meta.id), \
        counted AS ( \
            INSERT INTO activity AS a (minute, state_type, author, versions, last_seq, last_at) \
            SELECT v.recorded_at / 60000000, s.state_type, \
                CASE WHEN v.author IS NULL THEN '' ELSE '=' || v.author END, \
                count(*), max(v.seq), max(v.recorded_at) \
            FROM versions AS v JOIN states AS s ON s.state_pk = v.state_pk \
            WHERE v.seq > $1 AND v.seq <= $2 AND EXISTS (SELECT FROM noted) GROUP BY 1, 2, 3 \
            ON CONFLICT (minute, state_type, author) DO UPDATE SET versions = a.versions + excluded.versions, \
                last_seq = excluded.last_seq, last_at = excluded.last_at) \
        UPDATE states SET listed_seq = last.seq FROM ( \
            SELECT s.state_pk, (SELECT max(v.seq) FROM versions AS v WHERE v.state_pk = s.state_pk) AS seq \
            FROM states AS s \
            WHERE s.state_pk = ANY (ARRAY(SELECT state_pk FROM versions WHERE seq > $1 AND seq <= $2)) OFFSET 0 \
        ) AS last \
        WHERE states.state_pk = last.state_pk AND states.listed_seq <> last.seq AND last.seq <= $2 \
        AND EXISTS (SELECT FROM noted)";
    run(sqlx::query(KEEP_UP).bind(sql(from.0)).bind(sql(until.0)), connection).await
}

/// Writes changes to the list of snapshots. It is the caller's turn.
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

/// Writes receipts, and drops those that do not count any more. It is the caller's turn.
pub(super) async fn receipts(connection: &mut PgConnection, receipts: &[Receipt]) -> sqlx::Result<()> {
    const INSERT: &str = "INSERT INTO receipts (key, at, receipt) \
                          SELECT unnest($1::text[]), unnest($2::bigint[]), unnest($3::text[]) \
                          ON CONFLICT (key) DO UPDATE SET at = excluded.at, receipt = excluded.receipt";
    let Some(last) = receipts.last() else { return Ok(()) };
    let old = sqlx::query("DELETE FROM receipts WHERE at <= $1").bind(oldest(last.at).micros());
    run(old, connection).await?;
    let statement = sqlx::query(INSERT)
        .bind(list(receipts, |receipt| receipt.key.key.to_string()))
        .bind(list(receipts, |receipt| receipt.at.micros()))
        .bind(receipts.iter().map(json).collect::<sqlx::Result<Vec<_>>>()?);
    run(statement, connection).await
}

async fn run(statement: Statement<'_>, connection: &mut PgConnection) -> sqlx::Result<()> {
    statement.execute(connection).await.map(|_| ())
}
