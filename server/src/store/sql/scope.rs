//! Many states at once: those that a restore is about, or that are named.

use std::collections::HashMap;

use stateloft_core::api::Scope;
use stateloft_core::model::{Operation, Seq, StateKey, StateType, Version, VersionNumber};

use super::list::starts_with;
use super::proof;
use super::rows::{self, sql};
use super::source::FEW;
use super::{Connection, Dialect, Statement, heads, keys_json, list};
use crate::store::{MovedState, PAGE_BYTES, Result, TypeTotals};

/// Named states looked at in one statement.
const NAMED: usize = 500;

/// The next states of a scope that have a version after a seq.
pub(super) async fn moved<C: Connection>(
    connection: &mut C,
    seq: Seq,
    scope: &Scope,
    after: Option<&StateKey>,
    limit: usize,
) -> Result<Vec<MovedState>> {
    let heads = if scope.states.is_empty() {
        let tip = heads::tip(connection).await?.seq;
        let mut builder =
            Statement::new(concat!("SELECT ", rows::columns_with_data!(), " FROM states AS s "));
        builder.push(C::DIALECT.join).push(" versions AS v ON v.seq = ").push(rows::head!());
        if tip.0.saturating_sub(seq.0) <= FEW {
            builder.push(" WHERE s.state_pk IN (SELECT m.state_pk FROM versions AS m WHERE m.seq > ");
            builder.push_bind(sql(seq.0)).push(")");
        } else {
            builder.push(" WHERE v.seq > ").push_bind(sql(seq.0));
        }
        conditions(&mut builder, scope);
        if let Some(after) = after {
            builder.push(" AND (s.state_type, s.state_id) > (");
            builder.push_bind(after.state_type.as_str()).push(", ");
            builder.push_bind(after.state_id.as_str()).push(")");
        }
        builder.push(" ORDER BY s.state_type, s.state_id LIMIT ").push_bind(sql(limit as u64));
        proof::many(connection, builder, limit).await?.0
    } else {
        named(connection, seq, scope, after, limit).await?
    };
    let mut targets =
        if seq == Seq::ZERO { HashMap::new() } else { targets(connection, &heads, seq).await? };
    let moved = |head: Version| MovedState { target: targets.remove(&head.key), head };
    Ok(heads.into_iter().map(moved).collect())
}

/// What these states were at a seq, in as few statements as their data lets it be.
async fn targets<C: Connection>(
    connection: &mut C,
    heads: &[Version],
    seq: Seq,
) -> Result<HashMap<StateKey, Version>> {
    let keys: Vec<&StateKey> = heads.iter().map(|head| &head.key).collect();
    let mut found = HashMap::with_capacity(keys.len());
    let mut left = keys.as_slice();
    while !left.is_empty() {
        let (chunk, _) = left.split_at(left.len().min(NAMED));
        let mut builder = Statement::new(concat!("SELECT ", rows::columns_with_data!()));
        wanted(&mut builder, &C::DIALECT, chunk);
        builder.push(format_args!(" {} versions AS v ON v.seq = ", C::DIALECT.join));
        builder.push("(SELECT max(w.seq) FROM versions AS w WHERE w.state_pk = s.state_pk AND w.seq <= ");
        builder.push_bind(sql(seq.0)).push(") ORDER BY wanted.key");
        let (versions, more) = proof::many(connection, builder, chunk.len()).await?;
        // A page that is full of data ends before its states do.
        let last =
            versions.last().filter(|_| more).and_then(|last| chunk.iter().position(|key| **key == last.key));
        left = &left[last.map_or(chunk.len(), |last| last + 1)..];
        found.extend(versions.into_iter().map(|version| (version.key.clone(), version)));
    }
    Ok(found)
}

/// The heads of a scope that names its states, in their order.
async fn named<C: Connection>(
    connection: &mut C,
    seq: Seq,
    scope: &Scope,
    after: Option<&StateKey>,
    limit: usize,
) -> Result<Vec<Version>> {
    let mut keys: Vec<&StateKey> =
        scope.states.iter().filter(|key| after.is_none_or(|after| *key > after)).collect();
    keys.sort();
    keys.dedup();
    let (mut heads, mut bytes) = (Vec::new(), 0);
    for chunk in keys.chunks(NAMED) {
        let mut builder = Statement::new(concat!("SELECT ", rows::columns_with_data!()));
        wanted(&mut builder, &C::DIALECT, chunk);
        builder.push(format_args!(" {} versions AS v ON v.seq = {}", C::DIALECT.join, rows::head!()));
        builder.push(" WHERE v.seq > ").push_bind(sql(seq.0));
        conditions(&mut builder, scope);
        builder.push(" ORDER BY wanted.key LIMIT ").push_bind(sql((limit - heads.len()) as u64));
        let (found, more) = proof::many(connection, builder, limit).await?;
        bytes += found.iter().map(Version::size).sum::<usize>();
        heads.extend(found);
        if more || heads.len() >= limit || bytes > PAGE_BYTES {
            break;
        }
    }
    Ok(heads)
}

/// Of each of these states that has a version at or before a seq: its number, and whether it is live.
pub(super) async fn standing<C: Connection>(
    connection: &mut C,
    keys: &[StateKey],
    seq: Seq,
) -> Result<HashMap<StateKey, (VersionNumber, bool)>> {
    let mut standing = HashMap::with_capacity(keys.len());
    let keys: Vec<&StateKey> = keys.iter().collect();
    for chunk in keys.chunks(NAMED) {
        let mut builder = Statement::new(concat!("SELECT ", rows::columns!()));
        wanted(&mut builder, &C::DIALECT, chunk);
        builder.push(format_args!(" {} versions AS v ON v.seq = ", C::DIALECT.join));
        builder.push("(SELECT max(w.seq) FROM versions AS w WHERE w.state_pk = s.state_pk AND w.seq <= ");
        builder.push_bind(sql(seq.0)).push(")");
        for row in &connection.all(builder).await? {
            let view = rows::view(row)?;
            let key = StateKey { state_type: view.state_type, state_id: view.state_id };
            standing.insert(key, (view.version, view.operation != Operation::Delete));
        }
    }
    Ok(standing)
}

/// The states of these keys, numbered in their order.
fn wanted(builder: &mut Statement, dialect: &Dialect, named: &[&StateKey]) {
    let [before, behind] = dialect.json_table;
    builder.push(" FROM ").push(before).push_bind(keys_json(named.iter().copied())).push(behind);
    builder.push(format_args!(
        " {} states AS s ON s.state_type = wanted.value ->> 0 AND s.state_id = wanted.value ->> 1",
        dialect.join
    ));
}

fn conditions(builder: &mut Statement, scope: &Scope) {
    builder.push_one_of("s.state_type", scope.types.iter().map(StateType::as_str));
    if let Some(prefix) = scope.prefix.as_deref().filter(|prefix| !prefix.is_empty()) {
        starts_with(builder, prefix);
    }
}

/// How many states of a scope have a version at all.
pub(super) async fn count<C: Connection>(connection: &mut C, scope: &Scope) -> Result<u64> {
    if scope.states.is_empty() && scope.prefix.is_none() {
        let totals = heads::totals(connection).await?;
        let wanted = |t: &&TypeTotals| scope.types.is_empty() || scope.types.contains(&t.state_type);
        return Ok(totals.iter().filter(wanted).map(|t| t.live + t.deleted).sum());
    }
    let mut builder = Statement::new("SELECT count(*)");
    if scope.states.is_empty() {
        builder.push(" FROM states AS s");
    } else {
        let mut keys: Vec<_> = scope.states.iter().collect();
        keys.sort();
        keys.dedup();
        wanted(&mut builder, &C::DIALECT, &keys);
    }
    builder.push(" WHERE true");
    conditions(&mut builder, scope);
    list::count(connection, builder).await
}
