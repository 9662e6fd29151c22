//! Reading the present.

use async_trait::async_trait;
use stateloft_core::api::StateSummary;
use stateloft_core::commit::Tip;
use stateloft_core::model::{Seq, StateId, StateKey, StateType, Version};

use super::moment::at_one_moment;
use super::{Connection, SqlStore, Statement, list, proof, rows};
use crate::store::lanes::Lane;
use crate::store::{Heads, ListQuery, Page, Result, StoreError, TypeTotals};

/// Where the log ends: at its last version, or where it was noted to end, should its last versions be missing.
macro_rules! end {
    () => {
        "SELECT seq, chain_hash, recorded_at FROM ( \
            SELECT seq, chain_hash, recorded_at, 1 AS noted FROM meta WHERE id = 1 \
            UNION ALL SELECT * FROM ( \
                SELECT seq, chain_hash, recorded_at, 0 AS noted FROM versions ORDER BY seq DESC LIMIT 1) AS last \
        ) AS ends ORDER BY seq DESC, noted DESC LIMIT 1"
    };
}
#[cfg(feature = "network")]
pub(in crate::store) use end;

/// The end of the log.
pub(in crate::store) async fn tip(connection: &mut impl Connection) -> Result<Tip> {
    let row = connection.first(Statement::new(end!())).await?;
    let row = row.ok_or_else(no_meta)?;
    Ok(Tip {
        seq: Seq(rows::number(&row, 0)?),
        chain_hash: rows::chain_hash_of(&row, 1)?,
        recorded_at: rows::time(&row, 2)?,
    })
}

pub(super) fn no_meta() -> StoreError {
    StoreError::Damaged("the row that notes the log's end is missing".into())
}

/// Up to where the lists by change and the counters of activity are up to date.
pub(in crate::store) async fn kept_up(connection: &mut impl Connection) -> Result<Seq> {
    let noted = Statement::new("SELECT seq FROM meta WHERE id = 1");
    let row = connection.first(noted).await?.ok_or_else(no_meta)?;
    rows::number(&row, 0).map(Seq)
}

/// How many states there are by type.
pub(super) async fn totals(connection: &mut impl Connection) -> Result<Vec<TypeTotals>> {
    let totals = Statement::new("SELECT state_type, live, deleted, invalid FROM totals ORDER BY state_type");
    let found = connection.all(totals).await?;
    let totals = found.iter().map(|row| {
        Ok(TypeTotals {
            state_type: state_type(rows::text(row, 0)?)?,
            live: rows::number(row, 1)?,
            deleted: rows::number(row, 2)?,
            invalid: rows::number(row, 3)?,
        })
    });
    totals.collect()
}

/// A stored type name.
pub(super) fn state_type(name: &str) -> Result<StateType> {
    StateType::new(name).map_err(|_| StoreError::Damaged(format!("a type is named {name:?}")))
}

#[async_trait]
impl<S: SqlStore> Heads for S {
    async fn tip(&self) -> Result<Tip> {
        self.within(async { tip(&mut *self.reader(Lane::Short).await?).await }).await
    }

    async fn head(&self, key: &StateKey) -> Result<Option<Version>> {
        const SQL: &str = concat!(
            "SELECT ",
            rows::columns_with_data!(),
            " FROM states AS s JOIN versions AS v ON v.seq = ",
            rows::head!(),
            " WHERE s.state_type = $1 AND s.state_id = $2"
        );
        let head = Statement::new(SQL).bind_key(key);
        self.within(async { proof::one(&mut *self.reader(Lane::Short).await?, head, Some(key)).await }).await
    }

    async fn types_of(&self, id: &StateId) -> Result<Vec<StateType>> {
        let types = Statement::new("SELECT state_type FROM states WHERE state_id = $1 ORDER BY state_type");
        let types = types.bind(id.as_str());
        let found = self.within(async { self.reader(Lane::Short).await?.all(types).await }).await?;
        found.iter().map(|row| state_type(rows::text(row, 0)?)).collect()
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<StateSummary>> {
        // At one moment, so that rows, total and seq belong together.
        at_one_moment!(self, Lane::Long, connection => list::page(connection, query))
    }

    async fn totals(&self) -> Result<Vec<TypeTotals>> {
        self.within(async { totals(&mut *self.reader(Lane::Short).await?).await }).await
    }
}
