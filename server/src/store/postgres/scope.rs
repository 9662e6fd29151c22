//! The states that a restore is about.

use futures::TryStreamExt as _;
use sqlx::QueryBuilder;
use sqlx::postgres::{PgConnection, Postgres};
use statehouse_core::api::Scope;
use statehouse_core::model::{Seq, StateKey, Version};

use super::list::starts_with;
use super::rows::{self, sql};
use super::writer::keys;
use super::{failed, heads};
use crate::store::{MovedState, PAGE_BYTES, Result, TypeTotals};

type Builder = QueryBuilder<Postgres>;

/// Named states looked at in one statement.
const NAMED: usize = 500;
/// Up to here it is cheaper to sort what moved than to walk over all states in order.
const FEW: u64 = 20_000;

/// The next states of a scope that have a version after a seq.
pub(super) async fn moved(
    connection: &mut PgConnection,
    seq: Seq,
    scope: &Scope,
    after: Option<&StateKey>,
    limit: usize,
) -> Result<Vec<MovedState>> {
    let heads = if scope.states.is_empty() {
        let tip = heads::tip(connection).await?.seq;
        let mut builder = Builder::new(concat!("SELECT ", rows::columns_with_data!()));
        builder.push(" FROM states AS s JOIN versions AS v ON v.seq = s.head_seq WHERE ");
        // Plus zero keeps PostgreSQL from using the index of the heads, which would sort everything for every page.
        let few = tip.0.saturating_sub(seq.0) <= FEW;
        builder.push(if few { "s.head_seq > " } else { "s.head_seq + 0 > " }).push_bind(sql(seq.0));
        conditions(&mut builder, scope);
        if let Some(after) = after {
            builder.push(" AND (s.state_type, s.state_id) > (");
            builder.push_bind(after.state_type.as_str().to_owned()).push(", ");
            builder.push_bind(after.state_id.as_str().to_owned()).push(")");
        }
        builder.push(" ORDER BY s.state_type, s.state_id LIMIT ").push_bind(sql(limit as u64));
        fetch(connection, builder, usize::MAX).await?
    } else {
        named(connection, seq, scope, after, limit).await?
    };
    let mut moved = Vec::with_capacity(heads.len());
    for head in heads {
        let target = as_of(connection, &head.key, seq).await?;
        moved.push(MovedState { head, target });
    }
    Ok(moved)
}

/// The heads of a scope that names its states, in their order.
async fn named(
    connection: &mut PgConnection,
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
        let mut builder = Builder::new(concat!("SELECT ", rows::columns_with_data!()));
        wanted(&mut builder, chunk);
        builder.push(" JOIN versions AS v ON v.seq = s.head_seq WHERE s.head_seq > ");
        builder.push_bind(sql(seq.0));
        conditions(&mut builder, scope);
        builder.push(" ORDER BY wanted.place LIMIT ").push_bind(sql((limit - heads.len()) as u64));
        let found = fetch(connection, builder, PAGE_BYTES.saturating_sub(bytes)).await?;
        bytes += found.iter().map(Version::size).sum::<usize>();
        heads.extend(found);
        if heads.len() >= limit || bytes > PAGE_BYTES {
            break;
        }
    }
    Ok(heads)
}

/// The states of these keys, numbered in their order.
fn wanted(builder: &mut Builder, named: &[&StateKey]) {
    let (types, ids) = keys(named.iter().copied());
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
    builder.push(" FROM unnest(").push_bind(owned(types)).push("::text[], ").push_bind(owned(ids));
    builder.push(
        "::text[]) WITH ORDINALITY AS wanted (state_type, state_id, place) \
         JOIN states AS s ON s.state_type = wanted.state_type AND s.state_id = wanted.state_id",
    );
}

fn conditions(builder: &mut Builder, scope: &Scope) {
    if !scope.types.is_empty() {
        builder.push(" AND s.state_type IN (");
        let mut list = builder.separated(", ");
        for state_type in &scope.types {
            list.push_bind(state_type.as_str().to_owned());
        }
        builder.push(")");
    }
    if let Some(prefix) = scope.prefix.as_deref().filter(|prefix| !prefix.is_empty()) {
        starts_with(builder, prefix);
    }
}

async fn fetch(
    connection: &mut PgConnection,
    mut builder: Builder,
    max_bytes: usize,
) -> Result<Vec<Version>> {
    let mut found = builder.build().fetch(connection);
    let (mut versions, mut bytes) = (Vec::new(), 0);
    while let Some(row) = found.try_next().await.map_err(failed)? {
        let version = rows::version(&row)?;
        bytes += version.size();
        versions.push(version);
        if bytes > max_bytes.min(PAGE_BYTES) {
            break;
        }
    }
    Ok(versions)
}

async fn as_of(connection: &mut PgConnection, key: &StateKey, seq: Seq) -> Result<Option<Version>> {
    const SQL: &str = concat!(
        "SELECT ",
        rows::columns_with_data!(),
        " FROM states AS s JOIN versions AS v ON v.seq = ",
        "(SELECT max(w.seq) FROM versions AS w WHERE w.state_pk = s.state_pk AND w.seq <= $3)",
        " WHERE s.state_type = $1 AND s.state_id = $2"
    );
    let query = sqlx::query(SQL)
        .bind(key.state_type.as_str().to_owned())
        .bind(key.state_id.as_str().to_owned())
        .bind(sql(seq.0));
    let row = query.fetch_optional(connection).await.map_err(failed)?;
    row.as_ref().map(rows::version).transpose()
}

/// How many states of a scope have a version at all.
pub(super) async fn count(connection: &mut PgConnection, scope: &Scope) -> Result<u64> {
    if scope.states.is_empty() && scope.prefix.is_none() {
        let totals = heads::totals(connection).await?;
        let wanted = |t: &&TypeTotals| scope.types.is_empty() || scope.types.contains(&t.state_type);
        return Ok(totals.iter().filter(wanted).map(|t| t.live + t.deleted).sum());
    }
    let mut builder = Builder::new("SELECT count(*)");
    if scope.states.is_empty() {
        builder.push(" FROM states AS s WHERE true");
    } else {
        let mut keys: Vec<_> = scope.states.iter().collect();
        keys.sort();
        keys.dedup();
        wanted(&mut builder, &keys);
        builder.push(" WHERE true");
    }
    conditions(&mut builder, scope);
    let found: i64 = builder.build_query_scalar().fetch_one(connection).await.map_err(failed)?;
    Ok(u64::try_from(found).unwrap_or_default())
}
