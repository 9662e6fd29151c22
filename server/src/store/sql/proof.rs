//! Versions that have been held against the chain.

use stateloft_core::model::{Seq, StateKey, Version};

use super::rows::{self, Found, sql};
use super::{Connection, Statement};
use crate::store::proof::mark;
use crate::store::{Result, StoreError};

/// The version that a statement finds, which must be one of `of` where that is named.
pub(super) async fn one(
    connection: &mut impl Connection,
    statement: Statement,
    of: Option<&StateKey>,
) -> Result<Option<Version>> {
    let Some(row) = connection.first(statement).await? else { return Ok(None) };
    let found = rows::found(&row)?;
    drop(row);
    let mut version = settled(connection, found).await?;
    if of.is_some_and(|of| version.key != *of) {
        mark(&mut version, "it is stored under the name of another state");
    }
    Ok(Some(version))
}

/// The versions that a statement finds until it or the bytes of a page end, and whether it has more. One that cannot even
/// be named ends the page, too.
pub(super) async fn many(
    connection: &mut impl Connection,
    statement: Statement,
    limit: usize,
) -> Result<(Vec<Version>, bool)> {
    let read = |row: &_| {
        let found = rows::found(row);
        let bytes = found.as_ref().map_or(0, Found::size);
        Ok((found, bytes))
    };
    let (mut page, more) = connection.page(statement, limit, read).await?;
    for at in 1..page.len() {
        let (before, rest) = page.split_at_mut(at);
        if let (Some(Ok(last)), Some(Ok(found))) = (before.last(), rest.first_mut()) {
            found.follow(last);
        }
    }
    let mut versions = Vec::with_capacity(page.len());
    for found in page {
        match found {
            Ok(found) => versions.push(settled(connection, found).await?),
            Err(error) if versions.is_empty() => return Err(error),
            Err(_) => return Ok((versions, true)),
        }
    }
    Ok((versions, more))
}

/// A version, after a look at the one before it where that is needed.
pub(in crate::store) async fn settled(connection: &mut impl Connection, found: Found) -> Result<Version> {
    const BEFORE: &str = concat!(
        "SELECT ",
        rows::columns_with_data!(),
        " FROM versions AS v JOIN states AS s ON s.state_pk = v.state_pk WHERE v.seq = $1"
    );
    if !found.is_doubtful() {
        return Ok(found.settled(None));
    }
    let Seq(seq) = found.seq();
    let statement = Statement::new(BEFORE).bind(sql(seq.saturating_sub(1)));
    let before = match connection.first(statement).await {
        Ok(row) => row.as_ref().map(rows::found).and_then(Result::ok),
        // It cannot be read at all.
        Err(StoreError::Damaged(_)) => None,
        Err(error) => return Err(error),
    };
    Ok(found.settled(before.as_ref()))
}
