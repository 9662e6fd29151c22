//! Reading the present.

use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use statehouse_core::api::StateSummary;
use statehouse_core::commit::Tip;
use statehouse_core::model::{Seq, StateId, StateKey, StateType, Timestamp, Version};

use super::{PostgresStore, at_one_moment, failed, list, rows};
use crate::store::{Heads, ListQuery, Page, Result, StoreError, TypeTotals};

/// The end of the log.
pub(super) async fn tip(connection: &mut PgConnection) -> Result<Tip> {
    let row = sqlx::query("SELECT seq, chain_hash, recorded_at FROM meta WHERE id = 1")
        .fetch_one(connection)
        .await
        .map_err(failed)?;
    Ok(Tip {
        seq: Seq(rows::number(&row, 0)?),
        chain_hash: rows::chain_hash(&row, 1)?,
        recorded_at: Timestamp::from_micros(rows::column(&row, 2)?),
    })
}

/// How many states there are by type.
pub(super) async fn totals(connection: &mut PgConnection) -> Result<Vec<TypeTotals>> {
    let found = sqlx::query("SELECT state_type, live, deleted, invalid FROM totals ORDER BY state_type")
        .fetch_all(connection)
        .await
        .map_err(failed)?;
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
impl Heads for PostgresStore {
    async fn tip(&self) -> Result<Tip> {
        self.link.within(async { tip(&mut *self.reader().await?).await }).await
    }

    async fn head(&self, key: &StateKey) -> Result<Option<Version>> {
        const SQL: &str = concat!(
            "SELECT ",
            rows::columns_with_data!(),
            " FROM states AS s JOIN versions AS v ON v.seq = s.head_seq",
            " WHERE s.state_type = $1 AND s.state_id = $2"
        );
        let query = sqlx::query(SQL).bind(key.state_type.as_str()).bind(key.state_id.as_str());
        let asked = async { query.fetch_optional(&mut *self.reader().await?).await.map_err(failed) };
        let row = self.link.within(asked).await?;
        row.as_ref().map(rows::version).transpose()
    }

    async fn types_of(&self, id: &StateId) -> Result<Vec<StateType>> {
        let query = sqlx::query("SELECT state_type FROM states WHERE state_id = $1 ORDER BY state_type");
        let query = query.bind(id.as_str());
        let asked = async { query.fetch_all(&mut *self.reader().await?).await.map_err(failed) };
        let found = self.link.within(asked).await?;
        found.iter().map(|row| state_type(rows::text(row, 0)?)).collect()
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<StateSummary>> {
        at_one_moment!(self, transaction => list::page(&mut transaction, query).await?)
    }

    async fn totals(&self) -> Result<Vec<TypeTotals>> {
        self.link.within(async { totals(&mut *self.reader().await?).await }).await
    }
}
